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
    "move it somewhere safe, then run 'holdfast verify'; if vault.db is incomplete without it, run 'holdfast rebuild'",
  );
}

/** Refuses a database that this version does not know, or to which somebody has added triggers, views or tables. */
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
    return "run 'holdfast checkpoint' to bring it up to date; keep a copy first if you like";
  const version = versionOf(database);
  if (typeof version === "number" && version > schemaVersion)
    return "use the version of holdfast that made it";
  return "somebody changed it, so nothing else in it was read; move it somewhere safe, then make it again with 'holdfast rebuild'";
}

/** The error for a vault.db that SQLite or the system cannot read; `path` is where it lies. */
export function damagedDatabase(error: Error, path: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `reading ${path}: ${error.message} (database-damaged)`,
    "run 'holdfast verify' to see what is wrong; then move vault.db somewhere safe, and put a copy of it in its place or run 'holdfast rebuild'",
    error,
  );
}
