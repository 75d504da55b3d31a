import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { schemaVersion } from "../../src/vault/database.js";

/** Changes the database as somebody who had the vault could, and leaves it without side files. */
export function change(root: string, ...statements: readonly string[]): void {
  const database = new Database(join(root, "vault.db"));
  database.unsafeMode();
  database.pragma("writable_schema = ON");
  database.pragma("foreign_keys = OFF");
  for (const statement of statements) database.exec(statement);
  database.close();
}

function bytes(root: string, edit: (content: Buffer) => void): void {
  const content = readFileSync(join(root, "vault.db"));
  edit(content);
  writeFileSync(join(root, "vault.db"), content);
}

/** A view of the same columns of which the first row already is an error: whoever asks it shows that it did. */
export function trap(table: string, columns: string): readonly string[] {
  const named = columns.split(" ").map((column) => `abs(-9223372036854775808) AS ${column}`);
  return [`DROP TABLE ${table}`, `CREATE VIEW ${table} AS SELECT ${named.join(", ")}`];
}

/** A write-ahead log or rollback journal over this database, as a process leaves it that is killed in a transaction. */
export function plantJournal(root: string, end: "-wal" | "-journal", sql: string): void {
  const other = `${root}-other.db`;
  copyFileSync(join(root, "vault.db"), other);
  const database = new Database(other);
  database.unsafeMode();
  database.pragma("foreign_keys = OFF");
  if (end === "-wal") {
    database.pragma("wal_autocheckpoint = 0");
    database.exec(sql);
  } else {
    database.pragma("journal_mode = DELETE");
    database.exec(sql);
    database.pragma("cache_size = 1");
    database.exec("BEGIN; CREATE TABLE spilled (a); UPDATE capture SET title = title || 'x'");
    database.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO spilled SELECT randomblob(400) FROM n",
    );
  }
  copyFileSync(`${other}${end}`, join(root, `vault.db${end}`));
  if (end === "-journal") database.exec("ROLLBACK");
  database.close();
  rmSync(other);
}

/** What somebody put into or beside vault.db, the code of the finding, and how. */
export type Hostile = readonly [what: string, code: string, make: (root: string) => void];

export const hostileDatabases: readonly Hostile[] = [
  [
    "a trigger",
    "schema-differs",
    (root) =>
      change(root, "CREATE TRIGGER t AFTER INSERT ON entry BEGIN UPDATE capture SET title = 'another'; END"),
  ],
  [
    "a trigger that is in force once in a while",
    "schema-differs",
    (root) => change(root, "CREATE TRIGGER t AFTER DELETE ON intent BEGIN SELECT RAISE(IGNORE); END"),
  ],
  [
    "a view in place of the log",
    "schema-differs",
    (root) => change(root, ...trap("entry", "seq prev line hash")),
  ],
  [
    "a view in place of the captures",
    "schema-differs",
    (root) => change(root, ...trap("capture", "id entry at method status object version")),
  ],
  [
    "a generated column",
    "schema-differs",
    (root) => change(root, "ALTER TABLE capture ADD COLUMN huge TEXT AS (hex(zeroblob(4000000))) VIRTUAL"),
  ],
  ["another index", "schema-differs", (root) => change(root, "CREATE INDEX i ON entry (hex(line))")],
  ["another table", "schema-differs", (root) => change(root, "CREATE TABLE t (a)")],
  ["statistics of its own", "schema-differs", (root) => change(root, "ANALYZE")],
  [
    "a changed column",
    "schema-differs",
    (root) => change(root, "ALTER TABLE capture RENAME COLUMN title TO name"),
  ],
  [
    "a CHECK in the text of its schema",
    "schema-differs",
    (root) =>
      change(
        root,
        "UPDATE sqlite_schema SET sql = replace(sql, 'bytes            INTEGER NOT NULL', 'bytes INTEGER NOT NULL CHECK (bytes < 9)') WHERE name = 'capture'",
      ),
  ],
  [
    "a guard that was made idle",
    "schema-differs",
    (root) =>
      change(
        root,
        "UPDATE sqlite_schema SET sql = replace(sql, 'BEFORE UPDATE ON entry', 'BEFORE UPDATE ON entry WHEN 0') WHERE name = 'entry_never_changed'",
      ),
  ],
  ["an older version's number", "schema-differs", (root) => change(root, "PRAGMA user_version = 1")],
  ["no version's number", "schema-differs", (root) => change(root, "PRAGMA user_version = 0")],
  [
    "a later version's number",
    "schema-differs",
    (root) => change(root, `PRAGMA user_version = ${schemaVersion + 1}`),
  ],
  [
    "another program's number",
    "schema-differs",
    (root) => change(root, "PRAGMA application_id = 1196444487"),
  ],
  ["another header", "database-damaged", (root) => bytes(root, (content) => content.fill(0x41, 0, 16))],
  [
    "an impossible page size",
    "database-damaged",
    (root) => bytes(root, (content) => content.fill(3, 16, 18)),
  ],
  [
    "a first page of nonsense",
    "database-damaged",
    (root) => bytes(root, (content) => content.fill(7, 100, 900)),
  ],
  [
    "a schema that cannot be parsed",
    "database-damaged",
    (root) => change(root, "UPDATE sqlite_schema SET sql = 'CREATE TABLE entry (' WHERE name = 'entry'"),
  ],
  [
    "a schema with one name twice",
    "database-damaged",
    (root) =>
      change(
        root,
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'entry'",
      ),
  ],
  ["half of its pages", "database-damaged", (root) => truncateSync(join(root, "vault.db"), 8192)],
  [
    "a rollback journal beside it",
    "database-journal",
    (root) => plantJournal(root, "-journal", "UPDATE capture SET title = 'FORGED'"),
  ],
  [
    "a rollback journal that is a link",
    "database-journal",
    (root) => symlinkSync("../nowhere", join(root, "vault.db-journal")),
  ],
  [
    "a write-ahead log that is a link",
    "database-missing",
    (root) => symlinkSync(victim(root), join(root, "vault.db-wal")),
  ],
  [
    "a shared memory file that is a link",
    "database-missing",
    (root) => symlinkSync(victim(root), join(root, "vault.db-shm")),
  ],
  [
    "a link in its place",
    "database-missing",
    (root) => {
      renameSync(join(root, "vault.db"), `${root}-elsewhere.db`);
      symlinkSync(`${root}-elsewhere.db`, join(root, "vault.db"));
    },
  ],
  [
    "a write-ahead log that brings a trigger",
    "schema-differs",
    (root) => plantJournal(root, "-wal", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END"),
  ],
];

/** A file outside that nothing may touch. */
export function victim(root: string): string {
  const path = `${root}-victim`;
  if (!existsSync(path)) writeFileSync(path, "precious");
  return path;
}
