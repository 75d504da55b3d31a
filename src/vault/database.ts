import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/error.js";

const schemaFolder = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** The schema version this program writes: the number of the last migration. */
export const schemaVersion = migrations().length;

/** Opens vault.db for writing, creating it when `create` is set. Asserts durability and the schema before any read. */
export function openDatabaseForWriting(path: string, create: boolean): Database.Database {
  const database = new Database(path, { fileMustExist: !create, timeout: 10_000 });
  try {
    if (database.pragma("journal_mode", { simple: true }) !== "wal") database.pragma("journal_mode = WAL");
    harden(database);
    // A re-opened WAL database would otherwise run synchronous=NORMAL, which does not sync each commit.
    database.pragma("synchronous = FULL");
    if (database.pragma("synchronous", { simple: true }) !== 2)
      throw new Error("synchronous=FULL did not hold");
    if (create && database.pragma("user_version", { simple: true }) === 0) createSchema(database);
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

/** An in-memory database with the expected schema, for rebuilding an index to compare with. */
export function openEmptyDatabase(): Database.Database {
  const database = new Database(":memory:");
  harden(database);
  createSchema(database);
  return database;
}

/** How the schema of an open database differs from `schemas/vault.sql`; empty when it does not. */
export function schemaDifferences(database: Database.Database): readonly string[] {
  const version = database.pragma("user_version", { simple: true });
  if (version !== schemaVersion) return [`user_version is ${String(version)}, expected ${schemaVersion}`];
  const expected = new Database(":memory:");
  try {
    expected.exec(readFileSync(join(schemaFolder, "vault.sql"), "utf8"));
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

/** Refuses a database this version does not know, or one somebody has added triggers, views or tables to. */
export function refuseOtherSchema(database: Database.Database, path: string): void {
  const differences = schemaDifferences(database);
  if (differences.length === 0) return;
  throw new HoldfastError(
    "no-vault",
    `the schema of ${path} is not the one this version knows: ${differences.join("; ")}`,
    "run 'holdfast verify' to see what is wrong, or use the version of holdfast that made it",
  );
}

function harden(database: Database.Database): void {
  database.pragma("trusted_schema = OFF");
  database.pragma("cell_size_check = ON");
  database.pragma("foreign_keys = ON");
  database.pragma("mmap_size = 0");
}

function createSchema(database: Database.Database): void {
  database.transaction(() => {
    for (const file of migrations())
      database.exec(readFileSync(join(schemaFolder, "migrations", file), "utf8"));
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}

function migrations(): readonly string[] {
  return readdirSync(join(schemaFolder, "migrations"))
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
}

function schemaStatements(database: Database.Database): Map<string, string | null> {
  const rows = database.prepare<[], { type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_schema",
  );
  return new Map(rows.all().map((row) => [`${row.type} ${row.name}`, row.sql]));
}
