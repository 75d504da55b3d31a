/** A ratio of two integers as media files state it, for instance a time base 1/90000. `den` is never 0. */
export interface Ratio {
  readonly num: number;
  readonly den: number;
}

/**
 * A time stamp in units of `timeBase` as decimal seconds with six digits after the point, rounded half away from
 * zero. Exact integer arithmetic: the text goes into hashed records.
 */
export function decimalSeconds(pts: number, timeBase: Ratio): string {
  return fromMicroseconds(microseconds(pts, timeBase));
}

/** The same time stamp in whole microseconds, rounded half away from zero; safe for any time below 285 years. */
export function microseconds(pts: number, timeBase: Ratio): number {
  const scaled = BigInt(pts) * BigInt(timeBase.num) * 1_000_000n;
  const den = BigInt(timeBase.den);
  const magnitude = scaled < 0n ? -scaled : scaled;
  const rounded = (2n * magnitude + den) / (2n * den);
  return Number(scaled < 0n ? -rounded : rounded);
}

/** Whole microseconds as decimal seconds with six digits after the point. */
export function fromMicroseconds(value: number): string {
  const magnitude = Math.abs(value);
  const seconds = Math.floor(magnitude / 1_000_000);
  const fraction = String(magnitude % 1_000_000).padStart(6, "0");
  return `${value < 0 ? "-" : ""}${seconds}.${fraction}`;
}

/** Reads decimal seconds as ffprobe prints them, in whole microseconds; null for anything else. */
export function parseSeconds(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !/^-?\d{1,9}(\.\d{1,9})?$/.test(text)) return null;
  return Math.round(Number(text) * 1_000_000);
}

/** Reads `num/den` or `num:den`; null if it is absent, zero, negative or not a ratio. */
export function parseRatio(text: string | null | undefined): Ratio | null {
  const parts = /^(\d{1,9})[/:](\d{1,9})$/.exec(text ?? "");
  if (!parts) return null;
  const ratio = { num: Number(parts[1]), den: Number(parts[2]) };
  return ratio.num > 0 && ratio.den > 0 ? ratio : null;
}
