/** A period: ISO 8601 in UTC with milliseconds, from `from` up to but not including `until`. */
export interface DateSpan {
  readonly from: string;
  readonly until: string;
}

const form =
  /^(?<year>\d{4})(?:-(?<month>\d{2})(?:-(?<day>\d{2})(?:T(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?(?<zone>Z|[+-]\d{2}:\d{2}))?)?)?$/;

/**
 * The period that an ISO 8601 text states: a year, a month or a day (all in UTC), or a minute, a second or a fraction
 * of a second with `Z` or an offset. Null for any other text, and for a day or time that does not exist.
 */
export function dateSpan(text: string): DateSpan | null {
  const found = form.exec(text)?.groups;
  if (found === undefined) return null;
  const { year = "", month, day, hour, minute, second, fraction, zone } = found;
  if (month === undefined) return spanOf(startOf(year, "01", "01"), addMonths(12));
  if (day === undefined) return spanOf(startOf(year, month, "01"), addMonths(1));
  if (hour === undefined || minute === undefined)
    return spanOf(startOf(year, month, day), addMilliseconds(86_400_000));
  const clock = `${hour}:${minute}:${second ?? "00"}.${(fraction ?? "").slice(0, 3).padEnd(3, "0")}`;
  const offset = offsetOf(zone ?? "Z");
  const local = startOf(year, month, day, clock);
  if (local === null || offset === null) return null;
  const length = second === undefined ? 60_000 : fraction === undefined ? 1000 : 1;
  return spanOf(new Date(local.getTime() - offset), addMilliseconds(length));
}

/** Null for a day or time that does not exist: `Date` would take 30 February for 2 March. */
function startOf(year: string, month: string, day: string, clock = "00:00:00.000"): Date | null {
  const text = `${year}-${month}-${day}T${clock}Z`;
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text ? at : null;
}

/** Milliseconds east of UTC; null for more than 18 hours, which no zone has. */
function offsetOf(zone: string): number | null {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 18 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function spanOf(from: Date | null, end: (from: Date) => Date): DateSpan | null {
  if (from === null) return null;
  const until = end(from);
  // The form of ISO 8601 used here ends with the year 9999 and begins with the year 0.
  const isPlain = ({ from: a, until: b }: DateSpan) => /^\d/.test(a) && /^\d/.test(b);
  const span = { from: from.toISOString(), until: until.toISOString() };
  return isPlain(span) ? span : null;
}

function addMonths(count: number): (from: Date) => Date {
  return (from) => {
    const end = new Date(from.getTime());
    end.setUTCMonth(end.getUTCMonth() + count);
    return end;
  };
}

function addMilliseconds(count: number): (from: Date) => Date {
  return (from) => new Date(from.getTime() + count);
}
