import type Database from "better-sqlite3";
import { checkLineBytes, firstLink } from "../core/chain.js";
import type { Entry } from "../audit/entry.js";
import { type KeyPeriod, keyHistory } from "../audit/key-history.js";
import { type LogTimes, logTimes, type StatedTime } from "../audit/log-times.js";

/**
 * The signing keys of a vault by its log, in the order in which they were in force. Lines that are no entries are
 * passed over: an audit names them.
 */
export function keyHistoryOf(database: Database.Database): readonly KeyPeriod[] {
  const lines = database
    .prepare<[], Buffer>(
      `SELECT CAST(line AS BLOB) FROM entry WHERE seq = 1 OR json_extract(line, '$.event') = 'key-rotated' ORDER BY seq`,
    )
    .pluck()
    .all();
  return keyHistory(lines.flatMap(readEntry));
}

/** What the log says of times, for the lines of its keys. Lines that are no entries are passed over. */
export function logTimesOf(database: Database.Database): LogTimes {
  const rows = database
    .prepare<[], TimeRow>(
      `SELECT seq, json_extract(line, '$.at') AS at, json_extract(line, '$.body.gen_time') AS gen_time,
         json_extract(line, '$.body.checkpoint') AS checkpoint FROM entry WHERE json_valid(line)`,
    )
    .iterate();
  return logTimes(statedTimes(rows));
}

/** Anything can stand in a line. */
interface TimeRow {
  readonly seq: number;
  readonly at: unknown;
  readonly gen_time: unknown;
  readonly checkpoint: unknown;
}

function* statedTimes(rows: Iterable<TimeRow>): Iterable<StatedTime> {
  for (const { seq, at, gen_time: genTime, checkpoint } of rows) {
    if (!isTime(at)) continue;
    const isStamp = isTime(genTime) && typeof checkpoint === "number" && Number.isSafeInteger(checkpoint);
    yield { seq, at, stamp: isStamp ? { checkpoint, genTime } : null };
  }
}

/** Only a form that all times of a log have can be compared as a text. */
function isTime(value: unknown): value is string {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** The vault's id by entry 1, which the log is chained to; null where that entry does not state one. */
export function loggedVaultId(database: Database.Database): string | null {
  const line = database
    .prepare<[], Buffer>("SELECT CAST(line AS BLOB) FROM entry WHERE seq = 1")
    .pluck()
    .get();
  const id = line === undefined ? undefined : readEntry(line)[0]?.body.vault_id;
  return typeof id === "string" && /^[0-9a-f]{32}$/.test(id) ? id : null;
}

function readEntry(line: Uint8Array): readonly Entry[] {
  const { entry } = checkLineBytes(line, firstLink);
  return entry ? [entry] : [];
}
