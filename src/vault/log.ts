import type Database from "better-sqlite3";
import type { StoredLine } from "../core/audit-log.js";
import { buildEntry, type Entry, encodeEntry, genesisPrev, lineHash, parseEntry } from "../core/entry.js";
import { addLeaf } from "./merkle-nodes.js";
import { prepared } from "./statements.js";

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

export function lastRow(database: Database.Database): StoredLine | undefined {
  return database
    .prepare<[], StoredLine>("SELECT seq, prev, line, hash FROM entry ORDER BY seq DESC LIMIT 1")
    .get();
}

/** Every row of the log in order, one at a time: a log may be larger than memory. */
export function* readLog(database: Database.Database): Iterable<StoredLine> {
  const rows = database.prepare<[], readonly [number, string, string, string]>(
    "SELECT seq, prev, line, hash FROM entry ORDER BY seq",
  );
  for (const [seq, prev, line, hash] of rows.raw().iterate()) yield { seq, prev, line, hash };
}

/** The entries whose body names this capture, in order, each with its exact line. */
export function entriesOf(
  database: Database.Database,
  capture: string,
): readonly { readonly seq: number; readonly at: string; readonly event: string; readonly line: string }[] {
  return database
    .prepare<[string], { seq: number; at: string; event: string; line: string }>(
      `SELECT seq, json_extract(line, '$.at') AS at, json_extract(line, '$.event') AS event, line
       FROM entry WHERE json_extract(line, '$.body.capture') = ? ORDER BY seq`,
    )
    .all(capture);
}

/** The newest entry of one kind, for instance the last `settings-changed`. */
export function lastEntryOf(database: Database.Database, events: readonly string[]): Entry | undefined {
  const row = database
    .prepare<[string], { line: string }>(
      `SELECT line FROM entry
       WHERE json_extract(line, '$.event') IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1`,
    )
    .get(JSON.stringify(events));
  return row && parseEntry(row.line);
}

/** The lines of the log from number `first` on, by their place in it and not by what they or the columns say. */
export function linesFrom(database: Database.Database, first: number): Iterable<string> {
  const query = "SELECT line FROM entry ORDER BY seq LIMIT -1 OFFSET ?";
  return database
    .prepare<[number], string>(query)
    .pluck()
    .iterate(first - 1);
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

/** Where a signing key that was not given up was replaced behind entry `after`, ascending. */
export function rotationsAfter(database: Database.Database, after: number): readonly number[] {
  const query = `SELECT seq FROM entry WHERE json_extract(line, '$.event') = 'key-rotated' AND seq > ?
     AND json_extract(line, '$.body.reason') = 'routine' ORDER BY seq`;
  return database.prepare<[number], number>(query).pluck().all(after);
}
