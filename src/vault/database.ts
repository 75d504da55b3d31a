import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { StoredLine } from "../audit/log.js";
import { isRefusal } from "./digest-file.js";

const schemaFolder = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** The schema version this program writes: the number of the last migration. */
export const schemaVersion = migrationPaths().length;

/**
 * Whether an error is about the machine and not about the file: the system, or SQLite on its behalf, could not read it.
 */
export function isMachineFault(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return isRefusal(error);
  return /^SQLITE_(IOERR|CANTOPEN|BUSY|LOCKED|NOMEM|PERM|AUTH|FULL|READONLY)/.test(error.code);
}

/** Opens vault.db, or a copy of it, for reading only, and compares its schema before anything else is read. */
export function openDatabaseForReading(source: string | Buffer): Database.Database {
  const database = new Database(source, {
    readonly: true,
    fileMustExist: typeof source === "string",
    timeout: 10_000,
  });
  try {
    harden(database);
    database.pragma("query_only = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** How the schema of an open database differs from `schemas/vault.sql`; empty when it does not. */
export function schemaDifferences(database: Database.Database): readonly string[] {
  const older = olderVersion(database);
  if (older !== null) return [`its version is ${older}, older than ${schemaVersion}`];
  const version = versionOf(database);
  if (version !== schemaVersion) return [`user_version is ${String(version)}, expected ${schemaVersion}`];
  const application = database.pragma("application_id", { simple: true });
  if (application !== 0) return [`application_id is ${String(application)}, expected 0`];
  return differencesFrom(database, [join(schemaFolder, "vault.sql")]);
}

/** The version of a database with exactly the schema of an older one; null for any other. */
export function olderVersion(database: Database.Database): number | null {
  const version = versionOf(database);
  if (typeof version !== "number" || version < 1 || version >= schemaVersion) return null;
  return differencesFrom(database, migrationPaths().slice(0, version)).length === 0 ? version : null;
}

/** How a database differs from one that these SQL files make. */
function differencesFrom(database: Database.Database, files: readonly string[]): readonly string[] {
  const expected = new Database(":memory:");
  try {
    for (const file of files) expected.exec(readFileSync(file, "utf8"));
    const wanted = schemaStatements(expected);
    const found = schemaStatements(database);
    return [
      ...[...wanted]
        .filter(([name, sql]) => found.get(name) !== sql)
        .map(([name]) => `${name} is missing or changed`),
      ...[...found.keys()].filter((name) => !wanted.has(name)).map((name) => `${name} does not belong there`),
    ];
  } finally {
    expected.close();
  }
}

/** What the database says about its schema; this can be anything if it was in other hands. */
export function versionOf(database: Database.Database): unknown {
  return database.pragma("user_version", { simple: true });
}

/** Switches off what a database made by anybody could use against its reader. */
export function harden(database: Database.Database): void {
  database.pragma("trusted_schema = OFF");
  database.pragma("cell_size_check = ON");
  database.pragma("foreign_keys = ON");
  database.pragma("mmap_size = 0");
}

/** The SQL files that make the schema, in their order. */
export function migrationPaths(): readonly string[] {
  const folder = join(schemaFolder, "migrations");
  return readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Everything the schema holds: type and name → its SQL. */
export function schemaStatements(database: Database.Database): Map<string, string | null> {
  const rows = database.prepare<[], { type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_schema",
  );
  return new Map(rows.all().map((row) => [`${row.type} ${row.name}`, row.sql]));
}

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
