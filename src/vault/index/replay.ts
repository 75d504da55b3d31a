import Database from "better-sqlite3";
import type { Entry } from "../../audit/entry.js";
import type { Finding } from "../../audit/finding.js";
import { openEmptyDatabase } from "../database-for-writing.js";
import { indexEntry, type RecordReader } from "./rows.js";

/** An index rebuilt in memory from the log, to compare with the stored one. */
export interface Replay {
  /** Indexes one entry; what cannot be indexed is a finding. */
  add(entry: Entry): readonly Finding[];
  /** How the stored index differs from the rebuilt one. */
  compare(stored: Database.Database): readonly Finding[];
  close(): void;
}

interface IndexTable {
  readonly table: string;
  readonly columns: string;
  /** An order that SQLite gives without sorting: rows are written in the order of the log. */
  readonly order: string;
  /** How many of the columns, from the first on, rise in that order; rows are matched by them. */
  readonly keys: number;
}

/**
 * Every index but the tree, which `openNodeAudit` compares: FORMAT.md §4.6. The full-text table is compared by its
 * columns, not by its internal tables.
 */
const indexTables: readonly IndexTable[] = [
  { table: "capture", columns: "entry, *", order: "rowid", keys: 1 },
  {
    table: "file",
    columns: "capture, entry, path, bytes, sha256, sha512",
    order: "capture, entry, path",
    keys: 3,
  },
  { table: "token", columns: "*", order: "entry", keys: 1 },
  { table: "annotation", columns: "capture, key, entry, value", order: "capture, key", keys: 2 },
  {
    table: "capture_text",
    columns: "rowid, id, title, description, uploader, notes",
    order: "rowid",
    keys: 1,
  },
];

export function openReplay(reader: RecordReader): Replay {
  const rebuilt = openEmptyDatabase();
  // Rows of the log stand in for the entries that index rows refer to; the guards would refuse a damaged log.
  rebuilt.pragma("foreign_keys = OFF");
  dropIndexes(rebuilt);
  rebuilt.exec("BEGIN");
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

/** Nothing is looked up in it: it is only read through, in the order of its keys. */
function dropIndexes(database: Database.Database): void {
  const own = database.prepare<[], { name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
  );
  for (const { name } of own.all()) database.exec(`DROP INDEX ${name}`);
}

/** A full-text table may be damaged in a place that SQLite's own check does not examine. */
function compareReadable(
  stored: Database.Database,
  rebuilt: Database.Database,
  table: IndexTable,
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
  { table, columns, order, keys }: IndexTable,
): readonly Finding[] {
  const query = `SELECT ${columns} FROM ${table} ORDER BY ${order}`;
  const differing = countDifferences(rowsOf(rebuilt, query), rowsOf(stored, query), keys);
  if (differing === 0) return [];
  const message = `${differing} rows of the index table ${table} do not match the log and the records`;
  return [{ code: "index-differs", severity: "error", where: `vault.db/${table}`, message }];
}

type Row = readonly unknown[];

function rowsOf(database: Database.Database, query: string): IterableIterator<Row> {
  return database.prepare<[], Row>(query).raw().iterate();
}

/** Goes through two tables side by side in the order of their keys, so that neither is in memory as a whole. */
function countDifferences(wanted: IterableIterator<Row>, found: IterableIterator<Row>, keys: number): number {
  let differing = 0;
  let [left, right] = [wanted.next(), found.next()];
  try {
    while (!left.done && !right.done) {
      const order = orderOf(left.value, right.value, keys);
      if (order !== 0 || !isSame(left.value, right.value)) differing += 1;
      if (order <= 0) left = wanted.next();
      if (order >= 0) right = found.next();
    }
    for (; !left.done; left = wanted.next()) differing += 1;
    for (; !right.done; right = found.next()) differing += 1;
  } finally {
    wanted.return?.();
    found.return?.();
  }
  return differing;
}

function isSame(one: Row, other: Row): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}

/** SQLite's order: text by its bytes in UTF-8. */
function orderOf(one: Row, other: Row, keys: number): number {
  for (let at = 0; at < keys; at += 1) {
    const [a, b] = [one[at], other[at]];
    if (a === b) continue;
    if (typeof a === "number" && typeof b === "number") return a - b;
    const order = Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
    if (order !== 0) return order;
  }
  return 0;
}
