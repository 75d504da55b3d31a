import Database from "better-sqlite3";
import { parseEntry } from "../../audit/entry.js";
import { FormatError } from "../../audit/finding.js";
import { textOfLine } from "../log.js";
import { addLeaf } from "./merkle-nodes.js";
import { indexEntry, type RecordReader } from "./rows.js";

/** Entries that are read at a time: nothing else may be written while a query on the same connection is open. */
const batchRows = 1000;

/**
 * Makes every index table (FORMAT.md §4.6) again from the lines of the log and the records. Must be called inside a
 * transaction. What cannot be indexed is skipped: an audit names it. Throws `not-as-recorded` for a line that is not
 * text.
 */
export function rebuildIndex(database: Database.Database, reader: RecordReader): void {
  for (const table of ["annotation", "file", "capture_text", "capture", "token", "merkle_node"]) {
    database.exec(`DELETE FROM ${table}`);
  }
  const next = database.prepare<[number, number], { seq: number; line: Buffer }>(
    "SELECT seq, CAST(line AS BLOB) AS line FROM entry WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  for (
    let rows = next.all(0, batchRows);
    rows.length > 0;
    rows = next.all(rows.at(-1)?.seq ?? 0, batchRows)
  ) {
    for (const { seq, line: bytes } of rows) {
      const line = textOfLine(bytes);
      addLeaf(database, seq, line);
      indexLine(database, line, reader);
    }
  }
}

function indexLine(database: Database.Database, line: string, reader: RecordReader): void {
  try {
    indexEntry(database, parseEntry(line), reader);
  } catch (error) {
    const isOfThisLine =
      error instanceof FormatError ||
      (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_CONSTRAINT"));
    if (!isOfThisLine) throw error;
  }
}
