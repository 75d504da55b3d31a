import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/error.js";
import { openDatabaseForReading, refuseOtherSchema } from "./database.js";
import { type VaultLayout, vaultLayout } from "./layout.js";
import { isVault } from "./vault.js";
import { isBeingWritten } from "./writer-lock.js";

/** A vault opened for reading; nothing in it is changed. */
export interface VaultReader {
  readonly layout: VaultLayout;
  readonly database: Database.Database;
  close(): void;
}

/** Opens a vault to answer a question about it. The schema is compared before anything is read. */
export function openReader(root: string): VaultReader {
  const layout = existingVault(root);
  if (!existsSync(layout.database)) {
    throw new HoldfastError(
      "no-vault",
      `opening ${root}: vault.db is missing`,
      "put it back from a copy of this vault, or finish an interrupted 'holdfast init' by running it again",
    );
  }
  // Where nobody is at work a small database is read whole: opening it in place would leave side files behind.
  const atRest = !existsSync(`${layout.database}-wal`) && statSync(layout.database).size <= inMemoryBytes;
  const opened = (atRest ? null : openInPlace(layout)) ?? openCopy(layout);
  try {
    refuseOtherSchema(opened.database, layout.database);
  } catch (error) {
    opened.close();
    throw error;
  }
  return { layout, ...opened };
}

/**
 * Opens a vault for an audit: not even a side file or a timestamp may change, and nothing about the database is taken
 * for granted, its schema included. Null where the database is missing or is no SQLite file.
 */
export function openForAudit(root: string): {
  readonly layout: VaultLayout;
  readonly reader: VaultReader | null;
} {
  const layout = existingVault(root);
  if (!existsSync(layout.database)) return { layout, reader: null };
  // A writer at work has its side files open already; a reader beside it changes nothing.
  const opened = isBeingWritten(layout.writerLock) ? openInPlace(layout) : openCopy(layout);
  return { layout, reader: opened && { layout, ...opened } };
}

function existingVault(root: string): VaultLayout {
  if (isVault(root)) return vaultLayout(root);
  throw new HoldfastError(
    "no-vault",
    `opening ${root}: there is no vault here`,
    "name one with --vault, or make one with 'holdfast init'",
  );
}

type OpenDatabase = Pick<VaultReader, "database" | "close">;

/** Null on a disk that cannot be written to, where SQLite cannot make the side files of WAL mode. */
function openInPlace(layout: VaultLayout): OpenDatabase | null {
  try {
    const database = openDatabaseForReading(layout.database);
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return { database, close: () => database.close() };
  } catch (error) {
    if (error instanceof Database.SqliteError) return null;
    throw error;
  }
}

/** Files up to this size are read into memory; larger ones are copied to the system's temporary folder. */
const inMemoryBytes = 64 * 1024 * 1024;

function openCopy(layout: VaultLayout): OpenDatabase {
  const wal = `${layout.database}-wal`;
  const hasWal = existsSync(wal) && statSync(wal).size > 0;
  if (!hasWal && statSync(layout.database).size <= inMemoryBytes) {
    const database = openDatabaseForReading(asRollbackMode(readFileSync(layout.database)));
    return { database, close: () => database.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
  const copy = join(folder, "vault.db");
  copyFileSync(layout.database, copy);
  if (hasWal) copyFileSync(wal, `${copy}-wal`);
  const database = openDatabaseForReading(copy);
  return {
    database,
    close: () => {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SQLite cannot open a WAL database from memory; bytes 18 and 19 of the copy say "rollback journal" instead. */
function asRollbackMode(bytes: Buffer): Buffer {
  if (bytes[18] === 2) bytes[18] = 1;
  if (bytes[19] === 2) bytes[19] = 1;
  return bytes;
}
