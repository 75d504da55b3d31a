import type Database from "better-sqlite3";
import type { StoredLine } from "../audit/log.js";

/** Every row of the log in order, one at a time: a log may be larger than memory. */
export function* readLog(database: Database.Database): Iterable<StoredLine> {
  const rows = database.prepare<[], readonly [number, string, Buffer, string]>(
    "SELECT seq, prev, CAST(line AS BLOB), hash FROM entry ORDER BY seq",
  );
  for (const [seq, prev, line, hash] of rows.raw().iterate()) yield { seq, prev, line, hash };
}

/** The bytes of the lines from number `first` on, by their place in the log and not by what they or the columns say. */
export function lineBytesFrom(database: Database.Database, first: number): Iterable<Buffer> {
  const query = "SELECT CAST(line AS BLOB) FROM entry ORDER BY seq LIMIT -1 OFFSET ?";
  return database
    .prepare<[number], Buffer>(query)
    .pluck()
    .iterate(first - 1);
}
