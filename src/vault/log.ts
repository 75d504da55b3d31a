import type Database from "better-sqlite3";
import type { StoredLine } from "../core/audit-log.js";
import { buildEntry, type Entry, encodeEntry, genesisPrev, lineHash, parseEntry } from "../core/entry.js";

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
  database
    .prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)")
    .run(entry.seq, entry.prev, line, lineHash(line));
  return entry;
}

export function lastRow(database: Database.Database): StoredLine | undefined {
  return database
    .prepare<[], StoredLine>("SELECT seq, prev, line, hash FROM entry ORDER BY seq DESC LIMIT 1")
    .get();
}

/** Every row of the log in order, one at a time: a log may be larger than memory. */
export function readLog(database: Database.Database): IterableIterator<StoredLine> {
  return database.prepare<[], StoredLine>("SELECT seq, prev, line, hash FROM entry ORDER BY seq").iterate();
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
