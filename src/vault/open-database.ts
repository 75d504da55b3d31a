import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import { isSmall, type OpenDatabase, openCopy, openDatabase } from "./database-copy.js";
import { isBeingWritten } from "./database-files.js";
import { isRefusal } from "./digest-file.js";
import { isVault, type VaultLayout, vaultLayout } from "./layout.js";

/** A vault opened for reading; nothing in it is changed. */
export interface VaultReader extends OpenDatabase {
  readonly layout: VaultLayout;
}

/** Where everything lies in the vault at `root`. Throws `no-vault`, and `io` for a folder that may not be entered. */
export function vaultAt(root: string): VaultLayout {
  if (isVault(root)) return vaultLayout(root);
  try {
    lstatSync(join(root, "vault.db"));
  } catch (error) {
    const hint = "ask its owner for the right to read that folder and what is in it";
    if (isRefusal(error)) throw new HoldfastError("io", `opening ${root}: it could not be read`, hint, error);
  }
  throw new HoldfastError(
    "no-vault",
    `opening ${root}: there is no vault here`,
    "name one with --vault, or make one with 'holdfast init'",
  );
}

/** How many times a copy is made again because somebody wrote to the database meanwhile. */
const copyAttempts = 5;

/**
 * Opens `vault.db` for reading: as a copy if it is at rest, since opening it in place would leave side files behind,
 * and in place if it is being written. A large database at rest is opened in place too, unless `traceless` is set.
 */
export function openAtRestOrInPlace(layout: VaultLayout, traceless = false): OpenDatabase {
  for (let attempt = 0; attempt < copyAttempts; attempt += 1) {
    const hasWal = existsSync(`${layout.database}-wal`);
    const inPlace = hasWal ? !traceless || isBeingWritten(layout) : !traceless && !isSmall(layout);
    const opened = (inPlace ? openInPlace(layout) : null) ?? openCopy(layout);
    if (opened) return opened;
  }
  return openDatabase(layout.database);
}

/** Null on a disk that cannot be written to, where SQLite cannot make the side files of WAL mode. */
function openInPlace(layout: VaultLayout): OpenDatabase | null {
  let opened: OpenDatabase | null = null;
  try {
    opened = openDatabase(layout.database);
    opened.database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return opened;
  } catch (error) {
    opened?.close();
    if (error instanceof Database.SqliteError) return null;
    throw error;
  }
}

/** What SQLite says of a damaged file, and what the system says of one that may not be read. */
export function isReadFailure(error: unknown): error is Error {
  if (error instanceof HoldfastError || !(error instanceof Error)) return false;
  return error instanceof Database.SqliteError || ("syscall" in error && "code" in error);
}
