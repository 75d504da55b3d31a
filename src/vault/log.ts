import type Database from "better-sqlite3";
import { exactText } from "../audit/bytes.js";
import {
  checkLineBytes,
  type Entry,
  firstLink,
  genesisPrev,
  lineHash,
  lineHashOfBytes,
  parseEntry,
} from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { type KeyPeriod, keyHistory } from "../audit/key-history.js";
import type { StoredLine } from "../audit/log.js";
import { buildEntry, encodeEntry } from "../core/capture/new-entry.js";
import { type LogTimes, logTimes, type StatedTime } from "../core/package/log-times.js";
import { HoldfastError } from "../core/words/error.js";
import { lineBytesFrom } from "./database.js";
import type { LogGlance } from "./entry-memory.js";
import { addLeaf } from "./index/merkle-nodes.js";
import { prepared } from "./index/statements.js";

/** What an entry says, before it has a place in the log. */
export type EntryFacts = Pick<Entry, "at" | "event" | "actor" | "tool" | "body">;

/**
 * Appends one entry behind the last one. Must be called inside an immediate transaction that also changes the index;
 * the triggers of `schemas/vault.sql` refuse anything but the next linked entry.
 */
export function appendEntry(database: Database.Database, facts: EntryFacts): Entry {
  const last = lastRow(database);
  const entry = buildEntry({ ...facts, seq: (last?.seq ?? 0) + 1, prev: last?.hash ?? genesisPrev });
  const line = encodeEntry(entry);
  prepared(database, "INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)").run(
    entry.seq,
    entry.prev,
    line,
    lineHash(line),
  );
  addLeaf(database, entry.seq, line);
  return entry;
}

/** Place, link and hash of an entry by its columns. */
export type LogPlace = Omit<StoredLine, "line">;

/** Where the log ends. */
export function lastRow(database: Database.Database): LogPlace | undefined {
  return database.prepare<[], LogPlace>("SELECT seq, prev, hash FROM entry ORDER BY seq DESC LIMIT 1").get();
}

/** How long the log is, and what single lines of it hash to; a long log takes no longer. */
export function glanceAt(database: Database.Database): LogGlance {
  const query = "SELECT CAST(line AS BLOB) FROM entry WHERE seq = ?";
  const line = database.prepare<[number], Buffer>(query).pluck();
  return {
    entries: lastRow(database)?.seq ?? 0,
    hashOf: (seq) => {
      const found = line.get(seq);
      return found === undefined ? null : lineHashOfBytes(found);
    },
  };
}

/** The entries whose body names this capture, in order, each with its exact line. */
export function entriesOf(
  database: Database.Database,
  capture: string,
): readonly { readonly seq: number; readonly at: string; readonly event: string; readonly line: string }[] {
  const query = `SELECT seq, json_extract(line, '$.at') AS at, json_extract(line, '$.event') AS event,
     CAST(line AS BLOB) AS line FROM entry WHERE json_extract(line, '$.body.capture') = ? ORDER BY seq`;
  return database
    .prepare<[string], { seq: number; at: string; event: string; line: Buffer }>(query)
    .all(capture)
    .map((row) => ({ ...row, line: textOfLine(row.line) }));
}

/** Whether any entry names this capture. Asks the lines and not the index. */
export function namesCapture(database: Database.Database, capture: string): boolean {
  const query = "SELECT 1 FROM entry WHERE json_extract(line, '$.body.capture') = ? LIMIT 1";
  return database.prepare<[string]>(query).get(capture) !== undefined;
}

/** Number and stated time of the last entry; undefined for a log without any, or whose last line is no JSON. */
export function newestOf(
  database: Database.Database,
): { readonly seq: number; readonly at: string } | undefined {
  const query = `SELECT seq, json_extract(line, '$.at') AS at FROM (SELECT seq, line FROM entry ORDER BY seq DESC LIMIT 1)
     WHERE json_valid(line)`;
  return database.prepare<[], { seq: number; at: string }>(query).get();
}

/**
 * The newest entry of one kind, for instance the last `settings-changed`. Throws `not-as-recorded` if that line is not
 * an entry.
 */
export function lastEntryOf(database: Database.Database, events: readonly string[]): Entry | undefined {
  const row = database
    .prepare<[string], { line: Buffer }>(
      `SELECT CAST(line AS BLOB) AS line FROM entry
       WHERE json_extract(line, '$.event') IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1`,
    )
    .get(JSON.stringify(events));
  return row && entryOf(textOfLine(row.line));
}

/** The newest entry of one kind after entry `seq`; undefined if there is none. A line that is no entry is none. */
export function lastEntryAfter(database: Database.Database, seq: number, event: string): Entry | undefined {
  const query = `SELECT CAST(line AS BLOB) AS line FROM entry
     WHERE seq > ? AND json_valid(line) AND json_extract(line, '$.event') = ? ORDER BY seq DESC LIMIT 1`;
  const row = database.prepare<[number, string], { line: Buffer }>(query).get(seq, event);
  return row && readEntry(row.line)[0];
}

/** How many of the newest entries a clock is held against: one that ran ahead once is forgotten after them. */
const recentEntries = 50;

/** The latest time that the newest entries state, in `at` or as the time of a time-stamp; null if they state none. */
export function newestTime(database: Database.Database): string | null {
  const rows = database
    .prepare<[number], { at: unknown; stamped: unknown }>(
      `SELECT json_extract(line, '$.at') AS at, json_extract(line, '$.body.gen_time') AS stamped
       FROM (SELECT CASE WHEN json_valid(line) THEN line ELSE '{}' END AS line FROM entry ORDER BY seq DESC LIMIT ?)`,
    )
    .all(recentEntries);
  const times = rows
    .flatMap(({ at, stamped }) => [at, stamped])
    .flatMap((time) => (typeof time === "string" ? [Date.parse(time)] : []))
    .filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
}

/** Throws `not-as-recorded` for a line that is not an entry: others may have written it. */
function entryOf(line: string): Entry {
  try {
    return parseEntry(line);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new HoldfastError(
      "not-as-recorded",
      `reading the log in vault.db: a line is not an entry: ${error.message} (log-${error.code})`,
      "run 'holdfast verify' to see which one, and compare with a copy of this vault",
    );
  }
}

/** The lines from number `first` on as texts. Throws `not-as-recorded` at a line that is not text. */
export function* linesFrom(database: Database.Database, first: number): Iterable<string> {
  for (const line of lineBytesFrom(database, first)) yield textOfLine(line);
}

/**
 * The text of a line, read with `CAST(line AS BLOB)`. SQLite keeps any bytes as TEXT, and exactly those must be handed
 * out or signed. Throws `not-as-recorded` if it is not UTF-8.
 */
export function textOfLine(line: Uint8Array): string {
  const text = exactText(line);
  if (text !== null) return text;
  throw new HoldfastError(
    "not-as-recorded",
    "reading the log in vault.db: a line is not UTF-8",
    "run 'holdfast verify' to see which one, and compare with a copy of this vault",
  );
}

/** Whether an entry other than `token` is newer than entry `size`: then the next checkpoint is due (FORMAT.md §14). */
export function hasUnsealed(database: Database.Database, size: number): boolean {
  const query = "SELECT 1 FROM entry WHERE seq > ? AND json_extract(line, '$.event') IS NOT 'token' LIMIT 1";
  return database.prepare<[number]>(query).get(size) !== undefined;
}

/** How many entries other than `token` are newer than entry `size`. */
export function entriesBehind(database: Database.Database, size: number): number {
  const query = "SELECT count(*) FROM entry WHERE seq > ? AND json_extract(line, '$.event') IS NOT 'token'";
  return database.prepare<[number], number>(query).pluck().get(size) ?? 0;
}

/** The entries after `after` that replaced a signing key as a matter of routine, ascending. */
export function rotationsAfter(database: Database.Database, after: number): readonly number[] {
  const query = `SELECT seq FROM entry WHERE json_extract(line, '$.event') = 'key-rotated' AND seq > ?
     AND json_extract(line, '$.body.reason') = 'routine' ORDER BY seq`;
  return database.prepare<[number], number>(query).pluck().all(after);
}

/**
 * The signing keys of a vault by its log, in the order in which they were in force. Lines that are not entries are
 * skipped: an audit names them.
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

/** What the log says about times, for the lines of its keys. Lines that are not entries are skipped. */
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

/** Times can be compared as texts only in the form that all times of a log have. */
function isTime(value: unknown): value is string {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** The vault's id by entry 1, which the log is chained to; null if that entry does not state one. */
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
