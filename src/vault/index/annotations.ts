import type Database from "better-sqlite3";
import { checkLineBytes, type Entry, firstLink } from "../../audit/entry.js";
import { statedValues } from "../../core/capture/annotation.js";
import { foldedText } from "../../core/capture/folded-text.js";
import { prepared } from "./statements.js";

/** A value that is in force, and the entry that states it. */
export interface StoredAnnotation {
  readonly key: string;
  readonly value: string;
  readonly entry: number;
}

/** What a person asserted about a capture at some time, as one entry states it. */
export interface AnnotationEvent {
  readonly key: string;
  /** Null if the entry withdrew an earlier value. */
  readonly value: string | null;
  readonly entry: number;
  readonly at: string;
  /** Where the value came from, as the entry says. */
  readonly from: string;
  /** False if a later entry says something else about this key, and if nothing is in force for it. */
  readonly in_force: boolean;
}

/** Adds the row of a capture that is searched; `notes` follow with its annotations. `entry` is the capture's own. */
export function insertText(
  database: Database.Database,
  entry: number,
  id: string,
  source: { readonly title: string; readonly description: string; readonly uploader: string },
): void {
  const query =
    "INSERT INTO capture_text (rowid, id, title, description, uploader, notes) VALUES (?, ?, ?, ?, ?, '')";
  const { title, description, uploader } = source;
  prepared(database, query).run(entry, id, foldedText(title), foldedText(description), foldedText(uploader));
}

/** Brings the index up to date with an `annotate` entry (FORMAT.md §4.7); one about no known capture changes nothing. */
export function indexAnnotation(database: Database.Database, { seq, body }: Entry): void {
  const id = typeof body.capture === "string" ? body.capture : "";
  const row = prepared<{ entry: number }>(database, "SELECT entry FROM capture WHERE id = ?").get(id);
  if (row === undefined) return;
  for (const [key, value] of statedValues(body)) {
    if (value === null) {
      prepared(database, "DELETE FROM annotation WHERE capture = ? AND key = ?").run(id, key);
    } else {
      prepared(
        database,
        `INSERT INTO annotation (capture, key, entry, value) VALUES (?, ?, ?, ?)
           ON CONFLICT (capture, key) DO UPDATE SET entry = excluded.entry, value = excluded.value`,
      ).run(id, key, seq, value);
    }
  }
  putNotes(database, id, row.entry);
}

/**
 * Stores everything that is in force about a capture as one text. A failed attempt has a row only once somebody has
 * noted something.
 */
function putNotes(database: Database.Database, id: string, entry: number): void {
  const known = prepared(database, "SELECT 1 FROM capture_text WHERE rowid = ?").get(entry) !== undefined;
  if (!known) insertText(database, entry, id, { title: "", description: "", uploader: "" });
  const notes = annotationsOf(database, id).map(({ value }) => foldedText(value));
  prepared(database, "UPDATE capture_text SET notes = ? WHERE rowid = ?").run(notes.join("\n"), entry);
}

/** What is in force about a capture, in order of key. */
export function annotationsOf(database: Database.Database, capture: string): readonly StoredAnnotation[] {
  const query = "SELECT key, value, entry FROM annotation WHERE capture = ? ORDER BY key";
  return prepared<StoredAnnotation>(database, query).all(capture);
}

/** Everything that was ever asserted about a capture, in the order of the log, read from the lines themselves. */
export function annotationHistory(database: Database.Database, capture: string): readonly AnnotationEvent[] {
  const query = `SELECT CAST(line AS BLOB) FROM entry WHERE json_extract(line, '$.body.capture') = ?
     AND json_extract(line, '$.event') IS 'annotate' ORDER BY seq`;
  const lines = database.prepare<[string], Buffer>(query).pluck().all(capture);
  const newest = new Map<string, number>();
  // A line that cannot be read is left out; an audit names it.
  const entries = lines.flatMap((line) => checkLineBytes(line, firstLink).entry ?? []);
  const events = entries.flatMap(({ seq, at, body }) =>
    statedValues(body).map(([key, value]) => {
      newest.set(key, seq);
      return { key, value, entry: seq, at, from: typeof body.from === "string" ? body.from : "" };
    }),
  );
  return events.map((event) => ({
    ...event,
    in_force: event.value !== null && newest.get(event.key) === event.entry,
  }));
}
