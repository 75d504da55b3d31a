import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import { isRefusal } from "./digest-file.js";

const schemaFolder = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** The schema version this program writes: the number of the last migration. */
export const schemaVersion = migrationPaths().length;

/**
 * Opens vault.db for writing, creating it when `create` is set. The schema is compared before anything else is read or
 * changed, the journal mode included: whoever had the file could have put a trigger, or a view without an end, in it. One
 * with an older schema is brought up to date, in one transaction: `rebuildIndex` fills its index tables from the log.
 * Asserts durability. Throws `no-vault` for another schema, `not-as-recorded` for what SQLite cannot read.
 */
export function openDatabaseForWriting(
  path: string,
  create: boolean,
  rebuildIndex: (database: Database.Database) => void,
): Database.Database {
  if (existsSync(`${path}-wal`)) refuseForeignWal(path);
  const database = new Database(path, { fileMustExist: !create, timeout: 10_000 });
  try {
    harden(database);
    const isNew = create && isUntouched(database);
    if (!isNew && olderVersion(database) === null) refuseOtherSchema(database, path);
    makeDurable(database);
    if (isNew) createSchema(database);
    if (olderVersion(database) !== null) migrate(database, rebuildIndex);
    refuseOtherSchema(database, path);
    return database;
  } catch (error) {
    database.close();
    throw isDamage(error) ? damagedDatabase(error, path) : error;
  }
}

/** Looks through a connection that cannot write: any other takes in, when it is closed, what the `-wal` says. */
function refuseForeignWal(path: string): void {
  try {
    const database = openDatabaseForReading(path);
    try {
      if (olderVersion(database) === null && !isUntouched(database)) refuseOtherSchema(database, path);
    } finally {
      database.close();
    }
  } catch (error) {
    throw isDamage(error) ? damagedDatabase(error, path) : error;
  }
}

function makeDurable(database: Database.Database): void {
  if (database.pragma("journal_mode", { simple: true }) !== "wal") database.pragma("journal_mode = WAL");
  // A re-opened WAL database would otherwise run synchronous=NORMAL, which does not sync each commit.
  database.pragma("synchronous = FULL");
  if (database.pragma("synchronous", { simple: true }) !== 2)
    throw new Error("synchronous=FULL did not hold");
}

/** Whether nothing was ever put into a database, by us or anybody else. */
function isUntouched(database: Database.Database): boolean {
  return versionOf(database) === 0 && schemaStatements(database).size === 0;
}

/** Whether SQLite says of the file itself that it is no database, or a broken one. */
function isDamage(error: unknown): error is Error {
  return error instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code);
}

/** Whether an error says something of the machine and nothing of the file: the system, or SQLite for it, could not read. */
export function isMachineFault(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return isRefusal(error);
  return /^SQLITE_(IOERR|CANTOPEN|BUSY|LOCKED|NOMEM|PERM|AUTH|FULL|READONLY)/.test(error.code);
}

/** What is said where SQLite or the system cannot read vault.db; `path` is where it lies. */
export function damagedDatabase(error: Error, path: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `reading ${path}: ${error.message} (database-damaged)`,
    "run 'holdfast verify' to see what is wrong; a copy of vault.db from elsewhere takes its place, or move it to where you keep it and run 'holdfast rebuild'",
    error,
  );
}

/**
 * Closes a database that is to be moved: all of it in its one file. Closing alone would leave in the WAL, without a word,
 * what a full disk keeps from being written back. Throws what SQLite says of the disk; the database is then still open.
 */
export function closeWhole(database: Database.Database): void {
  const busy = database.pragma("wal_checkpoint(TRUNCATE)", { simple: true });
  if (busy !== 0) throw new Error("somebody else has the new database open");
  database.close();
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
  const application = database.pragma("application_id", { simple: true });
  if (application !== 0) return [`application_id is ${String(application)}, expected 0`];
  return differencesFrom(database, [join(schemaFolder, "vault.sql")]);
}

/** Refuses a database this version does not know, or one somebody has added triggers, views or tables to. */
export function refuseOtherSchema(database: Database.Database, path: string): void {
  const differences = schemaDifferences(database);
  if (differences.length === 0) return;
  throw new HoldfastError(
    "no-vault",
    `the schema of ${path} is not the one this version knows: ${differences.join("; ")} (schema-differs)`,
    hintFor(database),
  );
}

function hintFor(database: Database.Database): string {
  if (olderVersion(database) !== null)
    return "bring it up to date, keep a copy first if you like: holdfast checkpoint";
  const version = versionOf(database);
  if (typeof version === "number" && version > schemaVersion)
    return "use the version of holdfast that made it";
  return "somebody changed it, and nothing else in it was read: move it to where you keep it, then make it again with 'holdfast rebuild'";
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
