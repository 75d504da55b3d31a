import type Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import { olderVersion, schemaDifferences, schemaVersion, versionOf } from "./database.js";
import { databaseObstacle } from "./database-files.js";
import type { VaultLayout } from "./layout.js";

/** Refuses a vault before its database is opened. Throws `no-vault`. */
export function refuseDatabaseObstacle(layout: VaultLayout): void {
  const obstacle = databaseObstacle(layout);
  if (obstacle === null) return;
  const { code, where, message } = obstacle;
  throw new HoldfastError(
    "no-vault",
    `opening ${layout.root}: ${where}: ${message} (${code})`,
    "move it to where you keep it, then run 'holdfast verify'; if vault.db is not whole without it: holdfast rebuild",
  );
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

/** What is said where SQLite or the system cannot read vault.db; `path` is where it lies. */
export function damagedDatabase(error: Error, path: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `reading ${path}: ${error.message} (database-damaged)`,
    "run 'holdfast verify' to see what is wrong; a copy of vault.db from elsewhere takes its place, or move it to where you keep it and run 'holdfast rebuild'",
    error,
  );
}
