import type { ClockDoubt } from "./record.js";

/** No clock that shows an earlier time is right: this version was made after it. Raised with each version. */
export const programMadeAfter = "2026-11-01T00:00:00.000Z";

/** Differences up to this come from time zones of nobody and clocks of everybody. */
const toleranceMs = 30 * 60_000;

/** A cache on the way answers with the date at which it got its copy. */
const cachedMs = 24 * 3_600_000;

/** No version is used for longer; a clock that says so has lost its year. */
const longestUseMs = 10 * 365.25 * 86_400_000;

/** Times that a clock is held against without asking anybody. */
export interface KnownTimes {
  /** The latest time that the newest entries of the log state, their time-stamps among it; null for a new log. */
  readonly log: string | null;
  /** When the downloader was released, by its version; null if unknown. */
  readonly downloader: string | null;
}

/** What a clock that says `now` cannot agree with. */
export function clockDoubts(now: Date, { log, downloader }: KnownTimes): readonly ClockDoubt[] {
  const made = downloader !== null && downloader > programMadeAfter ? downloader : programMadeAfter;
  const isOdd = isBefore(now, made) || now.getTime() - Date.parse(made) > longestUseMs;
  return [
    ...(log !== null && isBefore(now, log) ? [{ by: "log", time: log } as const] : []),
    ...(isOdd ? [{ by: "program", time: made } as const] : []),
  ];
}

/**
 * What the answers of a site say against the clock that was there from `start` to `end`: the latest `Date` of theirs, if it
 * lies behind the end, or a day before the start.
 */
export function siteDoubts(dates: readonly (string | null)[], start: Date, end: Date): readonly ClockDoubt[] {
  const latest = Math.max(
    ...dates.map((date) => (date === null ? Number.NaN : Date.parse(date))).filter(isKnown),
  );
  if (!isKnown(latest)) return [];
  const agrees = latest <= end.getTime() + toleranceMs && latest >= start.getTime() - cachedMs;
  return agrees ? [] : [{ by: "site", time: new Date(latest).toISOString() }];
}

function isKnown(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15;
}

function isBefore(now: Date, time: string): boolean {
  return now.getTime() + toleranceMs < Date.parse(time);
}

const named: Readonly<Record<ClockDoubt["by"], string>> = {
  log: "the newest entries of this log are of",
  program: "holdfast or its yt-dlp was made after",
  site: "the site answered on",
};

/** What does not agree, in one line. */
export function doubtSentence({ by, time }: ClockDoubt, now: Date): string {
  return `this clock says ${minuteOf(now.toISOString())}, but ${named[by]} ${minuteOf(time)}`;
}

function minuteOf(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}

/** What to do about it. */
export const setClock =
  "one of the two is wrong: set the clock, since every time in record and log comes from it";
