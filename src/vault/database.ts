import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/error.js";

const schemaFolder = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** The schema version this program writes: the number of the last migration. */
export const schemaVersion = migrationPaths().length;

/**
 * Opens vault.db for writing, creating it when `create` is set. Asserts durability and the schema before any read. One
 * with an older schema is brought up to date first, in one transaction: `rebuildIndex` fills its index tables from the log.
 */
export function openDatabaseForWriting(
  path: string,
  create: boolean,
  rebuildIndex: (database: Database.Database) => void,
): Database.Database {
  const database = new Database(path, { fileMustExist: !create, timeout: 10_000 });
  try {
    if (database.pragma("journal_mode", { simple: true }) !== "wal") database.pragma("journal_mode = WAL");
    harden(database);
    // A re-opened WAL database would otherwise run synchronous=NORMAL, which does not sync each commit.
    database.pragma("synchronous = FULL");
    if (database.pragma("synchronous", { simple: true }) !== 2)
      throw new Error("synchronous=FULL did not hold");
    if (create && versionOf(database) === 0) createSchema(database);
    if (olderVersion(database) !== null) migrate(database, rebuildIndex);
    refuseOtherSchema(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
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

/**
 * A database of our own with the expected schema, for rebuilding an index to compare with. SQLite keeps it in a temporary
 * file that has no name once it is larger than the cache.
 */
export function openEmptyDatabase(): Database.Database {
  const database = new Database("");
  harden(database);
  database.pragma("journal_mode = OFF");
  database.pragma("cache_size = -32768");
  createSchema(database);
  return database;
}

/** How the schema of an open database differs from `schemas/vault.sql`; empty when it does not. */
export function schemaDifferences(database: Database.Database): readonly string[] {
  const older = olderVersion(database);
  if (older !== null) return [`it is that of an older version, ${older} and not ${schemaVersion}`];
  const version = versionOf(database);
  if (version !== schemaVersion) return [`user_version is ${String(version)}, expected ${schemaVersion}`];
  return differencesFrom(database, [join(schemaFolder, "vault.sql")]);
}

/** Refuses a database this version does not know, or one somebody has added triggers, views or tables to. */
export function refuseOtherSchema(database: Database.Database, path: string): void {
  const differences = schemaDifferences(database);
  if (differences.length === 0) return;
  throw new HoldfastError(
    "no-vault",
    `the schema of ${path} is not the one this version knows: ${differences.join("; ")}`,
    olderVersion(database) === null
      ? "run 'holdfast verify' to see what is wrong, or use the version of holdfast that made it"
      : "bring it up to date, keep a copy first if you like: holdfast checkpoint",
  );
}

/** The version of a database with exactly the schema of an older one; null for any other. */
export function olderVersion(database: Database.Database): number | null {
  const version = versionOf(database);
  if (typeof version !== "number" || version < 1 || version >= schemaVersion) return null;
  return differencesFrom(database, migrationPaths().slice(0, version)).length === 0 ? version : null;
}

/** How a database differs from one that these files of SQL make. */
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

/** Runs the migrations that are missing. Another process may have done it since the schema was looked at. */
function migrate(database: Database.Database, rebuildIndex: (database: Database.Database) => void): void {
  database
    .transaction(() => {
      const from = olderVersion(database);
      if (from === null) return;
      for (const file of migrationPaths().slice(from)) database.exec(readFileSync(file, "utf8"));
      rebuildIndex(database);
      database.pragma(`user_version = ${schemaVersion}`);
    })
    .immediate();
}

function versionOf(database: Database.Database): unknown {
  return database.pragma("user_version", { simple: true });
}

function harden(database: Database.Database): void {
  database.pragma("trusted_schema = OFF");
  database.pragma("cell_size_check = ON");
  database.pragma("foreign_keys = ON");
  database.pragma("mmap_size = 0");
}

function createSchema(database: Database.Database): void {
  database.transaction(() => {
    for (const file of migrationPaths()) database.exec(readFileSync(file, "utf8"));
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}

function migrationPaths(): readonly string[] {
  const folder = join(schemaFolder, "migrations");
  return readdirSync(folder)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function schemaStatements(database: Database.Database): Map<string, string | null> {
  const rows = database.prepare<[], { type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_schema",
  );
  return new Map(rows.all().map((row) => [`${row.type} ${row.name}`, row.sql]));
}
