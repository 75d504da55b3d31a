import { existsSync, readFileSync } from "node:fs";
import Database from "better-sqlite3";
import {
  harden,
  migrationPaths,
  olderVersion,
  openDatabaseForReading,
  schemaStatements,
  schemaVersion,
  versionOf,
} from "./database.js";
import { asRollbackMode } from "./database-copy.js";
import { noteRefused } from "./disk-niceties.js";
import { damagedDatabase, refuseOtherSchema } from "./refused-database.js";

/**
 * Opens vault.db for writing, and creates it if `create` is set. The schema is compared before anything else is read or
 * changed, even the journal mode: whoever had the file could have put a trigger, or a view without an end, into it. A
 * database with an older schema is brought up to date in one transaction: `rebuildIndex` fills its index tables from
 * the log. Asserts durability. Throws `no-vault` for another schema, `not-as-recorded` for what SQLite cannot read.
 */
export function openDatabaseForWriting(
  path: string,
  create: boolean,
  rebuildIndex: (database: Database.Database) => void,
): Database.Database {
  try {
    if (existsSync(`${path}-wal`)) refuseForeignWal(path);
    return openAs("shared", path, create, rebuildIndex);
  } catch (error) {
    if (!isWithoutSharedMemory(error)) throw error;
    noteRefused("shared-memory");
    return openAs("alone", path, create, rebuildIndex);
  }
}

/** Whether SQLite could not have the memory that it shares with its readers, as on some shares and under WSL. */
function isWithoutSharedMemory(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_IOERR_SHM");
}

/** `alone`: SQLite keeps its index of the `-wal` to itself, and readers take a copy (`openAtRestOrInPlace`). */
function openAs(
  how: "shared" | "alone",
  path: string,
  create: boolean,
  rebuildIndex: (database: Database.Database) => void,
): Database.Database {
  const database = new Database(path, { fileMustExist: !create, timeout: 10_000 });
  try {
    if (how === "alone") database.pragma("locking_mode = EXCLUSIVE");
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

/** Looks through a connection that cannot write: any other applies what the `-wal` says when it is closed. */
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

/** Whether nothing was ever put into a database, by holdfast or anybody else. */
function isUntouched(database: Database.Database): boolean {
  return versionOf(database) === 0 && schemaStatements(database).size === 0;
}

/** Whether SQLite says that the file itself is not a database, or a damaged one. */
function isDamage(error: unknown): error is Error {
  return error instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code);
}

/**
 * Closes a database that will be moved, with everything in its one file. Closing alone would silently leave in the WAL
 * what a full disk keeps from being written back. Throws what SQLite says about the disk; the database is then still
 * open.
 */
export function closeWhole(database: Database.Database): void {
  const busy = database.pragma("wal_checkpoint(TRUNCATE)", { simple: true });
  if (busy !== 0) throw new Error("another process has the new database open");
  database.close();
}

/**
 * An empty database with the expected schema, in which an index is rebuilt for comparison. SQLite keeps it in a
 * temporary file without a name once it is larger than the cache.
 */
export function openEmptyDatabase(): Database.Database {
  const database = new Database("");
  harden(database);
  database.pragma("journal_mode = OFF");
  database.pragma("cache_size = -32768");
  createSchema(database);
  return database;
}

/** Runs the missing migrations. Another process may have run them since the schema was compared. */
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

/** A copy in memory of a database with an older schema, brought up to date as `openDatabaseForWriting` does, for reading only. */
export function migratedCopy(
  older: Database.Database,
  rebuildIndex: (database: Database.Database) => void,
): Database.Database {
  const copy = new Database(asRollbackMode(older.serialize()));
  try {
    harden(copy);
    migrate(copy, rebuildIndex);
    copy.pragma("query_only = ON");
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}

function createSchema(database: Database.Database): void {
  database.transaction(() => {
    for (const file of migrationPaths()) database.exec(readFileSync(file, "utf8"));
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}
