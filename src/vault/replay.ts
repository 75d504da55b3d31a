import Database from "better-sqlite3";
import type { Entry } from "../core/entry.js";
import type { Finding } from "../core/finding.js";
import { openEmptyDatabase } from "./database.js";
import { indexEntry, type RecordReader } from "./index-rows.js";

/** An index rebuilt in memory from the log, to compare with the stored one. */
export interface Replay {
  /** Indexes one entry; what cannot be indexed is a finding. */
  add(entry: Entry): readonly Finding[];
  /** How the stored index differs from the rebuilt one. */
  compare(stored: Database.Database): readonly Finding[];
  close(): void;
}

/** Everything that is an index: FORMAT.md §4.6. The full-text table is compared by its columns, not by its innards. */
const indexTables: readonly { readonly table: string; readonly columns: string; readonly key: string }[] = [
  { table: "capture", columns: "*", key: "id" },
  { table: "file", columns: "*", key: "capture, entry, path" },
  { table: "capture_text", columns: "id, title, description, uploader", key: "id" },
];

export function openReplay(reader: RecordReader): Replay {
  const rebuilt = openEmptyDatabase();
  // Rows of the log stand in for the entries that index rows refer to; the guards would refuse a damaged log.
  rebuilt.pragma("foreign_keys = OFF");
  return {
    add(entry) {
      try {
        indexEntry(rebuilt, entry, reader);
        return [];
      } catch (error) {
        const message = `the index cannot hold this entry: ${error instanceof Error ? error.message : "unknown"}`;
        return [{ code: "index-conflict", severity: "error", where: `entry:${entry.seq}`, message }];
      }
    },
    compare: (stored) => indexTables.flatMap((table) => compareReadable(stored, rebuilt, table)),
    close: () => rebuilt.close(),
  };
}

/** A full-text table may be damaged where SQLite's own check does not look. */
function compareReadable(
  stored: Database.Database,
  rebuilt: Database.Database,
  table: (typeof indexTables)[number],
): readonly Finding[] {
  try {
    return compareTable(stored, rebuilt, table);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    const where = `vault.db/${table.table}`;
    return [
      { code: "index-damaged", severity: "error", where, message: `SQLite cannot read it: ${error.message}` },
    ];
  }
}

function compareTable(
  stored: Database.Database,
  rebuilt: Database.Database,
  { table, columns, key }: (typeof indexTables)[number],
): readonly Finding[] {
  const query = `SELECT ${columns} FROM ${table} ORDER BY ${key}`;
  const wanted = rows(rebuilt, query);
  const found = rows(stored, query);
  const differing = missingFrom(found, wanted) + missingFrom(wanted, found);
  if (differing === 0 && wanted.length === found.length) return [];
  const message = `${Math.max(differing, 1)} rows of the index table ${table} are not what the log and the records give`;
  return [{ code: "index-differs", severity: "error", where: `vault.db/${table}`, message }];
}

/** How many of `rows` are not in `others`. */
function missingFrom(others: readonly string[], rows: readonly string[]): number {
  const known = new Set(others);
  return rows.filter((row) => !known.has(row)).length;
}

function rows(database: Database.Database, query: string): readonly string[] {
  return database
    .prepare(query)
    .raw()
    .all()
    .map((row) => JSON.stringify(row));
}
