/** The last day that a spreadsheet knows, 9999-12-31, as its number. */
const lastSerial = 2_958_465;
const dayMs = 86_400_000;
/** From 1 March 1900 on; before that, spreadsheets count a 29 February that never was. */
const firstSerial = 61;
const daysTo1904 = 1462;

/**
 * The day that a spreadsheet counts as `serial`, as `2026-01-05`, with the time of the day to the second unless it is
 * midnight. Null for a number that is no day of either calendar.
 */
export function serialDate(serial: number, from1904 = false): string | null {
  const days = from1904 ? serial + daysTo1904 : serial;
  if (!(days >= firstSerial && days < lastSerial + 1)) return null;
  const ms = Math.round(days * 86_400) * 1000;
  const text = new Date(Date.UTC(1899, 11, 30) + ms).toISOString();
  return ms % dayMs === 0 ? text.slice(0, 10) : `${text.slice(0, 10)} ${withoutSeconds(text.slice(11, 19))}`;
}

/** `14:30` for `14:30:00`. */
export function withoutSeconds(clock: string): string {
  return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
}
