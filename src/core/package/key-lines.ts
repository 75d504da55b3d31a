import { checkpointNamespace } from "../../audit/checkpoint.js";
import { type KeyPeriod, theftOf } from "../../audit/key-history.js";
import type { LogTimes } from "./log-times.js";

/**
 * How far a key's time reaches beyond the entries that begin and end it. An outside time-stamp follows the key's last
 * checkpoint, not always at once, and the clock that wrote an entry can be ahead of the authority's.
 */
const graceMs = 24 * 60 * 60 * 1000;

/** OpenSSH accepts no time before this one, and its times end with the year 9999. */
const firstSecond = 1;
const lastSecond = Date.parse("9999-12-31T23:59:59.000Z") / 1000;

/**
 * The file for whoever checks: one line per key, in the order in which the keys were in force, with the times that
 * FORMAT.md §13 gives each. `times` are those of the log that `history` comes from.
 */
export function encodeAllowedSigners(origin: string, history: readonly KeyPeriod[], times: LogTimes): string {
  return history
    .map((period) => {
      const theft = theftLimit(history, period, times);
      const end = theft === null ? "" : " stolen";
      return `${origin} ${encodeOptions(period, period === history[0], theft, times)} ${period.key.line}${end}\n`;
    })
    .join("");
}

/**
 * The first key is given no beginning: nothing in the log is older, and the clock that began it can have been days
 * ahead.
 */
function encodeOptions(period: KeyPeriod, isFirst: boolean, theft: number | null, times: LogTimes): string {
  const after = isFirst ? null : firstTime(period, times);
  const regular = lastTime(period, times);
  const ends = [regular, theft].filter((second) => second !== null);
  const before = ends.length === 0 ? null : Math.max(firstSecond, Math.min(...ends));
  const options = [`namespaces="${checkpointNamespace}"`];
  // OpenSSH refuses a line whose end is not after its beginning.
  if (after !== null && after >= firstSecond && (before === null || before > after)) {
    options.push(`valid-after="${openSshTime(after)}"`);
  }
  if (before !== null) options.push(`valid-before="${openSshTime(before)}"`);
  return options.join(",");
}

function firstTime({ introducedBy, from }: KeyPeriod, times: LogTimes): number {
  const earliest = times.earliestFrom(introducedBy) ?? from;
  return Math.floor((Date.parse(earliest) - graceMs) / 1000);
}

/** Null for a key that was not replaced. */
function lastTime({ introducedBy, until }: KeyPeriod, times: LogTimes): number | null {
  if (until === null) return null;
  const latest = times.latestBetween(introducedBy, until.seq) ?? until.at;
  return Math.min(lastSecond, Math.ceil((Date.parse(latest) + graceMs) / 1000));
}

/** The last whole second before a key was stolen; null for a key that was not stolen. */
function theftLimit(history: readonly KeyPeriod[], { key }: KeyPeriod, times: LogTimes): number | null {
  const theft = theftOf(history, key);
  if (theft === null) return null;
  const known = times.earliestFrom(theft.seq);
  const time = known !== null && known < theft.at ? known : theft.at;
  return Math.floor(Date.parse(time) / 1000) - 1;
}

/** `YYYYMMDDHHMMSS` in UTC of a number of seconds since 1970: no version before OpenSSH 9.1 reads a `Z` behind it (FORMAT.md §13). */
function openSshTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:T]/g, "");
}
