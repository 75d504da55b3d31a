import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { openDatabaseForReading } from "./database.js";
import { databaseState } from "./database-files.js";
import { blocksOf, largestText, readQuietly } from "./digest-file.js";
import type { VaultLayout } from "./layout.js";

/** A database that is open for reading. */
export interface OpenDatabase {
  readonly database: Database.Database;
  /** The file that was opened, the vault's own or a copy; null if the database is in memory. */
  readonly file: string | null;
  close(): void;
}

/** Opens a file or its bytes for reading; `after` runs once it is closed. */
export function openDatabase(source: string | Buffer, after: () => void = () => undefined): OpenDatabase {
  const database = openDatabaseForReading(source);
  return {
    database,
    file: typeof source === "string" ? source : null,
    close: () => {
      database.close();
      after();
    },
  };
}

/**
 * A copy of `vault.db`: in memory if it is small, else in the system's folder for temporary files until it is closed.
 * It is the only thing that a check ever writes. Null if somebody wrote to the database during the copy.
 */
export function openCopy(layout: VaultLayout): OpenDatabase | null {
  const before = databaseState(layout);
  let opened: OpenDatabase | null = null;
  try {
    opened = copyDatabase(layout);
  } catch (error) {
    if (databaseState(layout) === before) throw error;
  }
  if (databaseState(layout) === before) return opened;
  opened?.close();
  return null;
}

/** Whether the database is copied into memory. */
export function isSmall(layout: VaultLayout): boolean {
  return (lstatSync(layout.database, { throwIfNoEntry: false })?.size ?? 0) <= largestText;
}

function copyDatabase(layout: VaultLayout): OpenDatabase {
  const wal = lstatSync(`${layout.database}-wal`, { throwIfNoEntry: false });
  const hasWal = wal !== undefined && wal.size > 0;
  if (!hasWal && isSmall(layout)) return openDatabase(asRollbackMode(readQuietly(layout.database)));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "vault.db");
    copyQuietly(layout.database, copy);
    if (hasWal) copyQuietly(`${layout.database}-wal`, `${copy}-wal`);
    return openDatabase(copy, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

/** Copies a file of any size as `blocksOf` reads it. Throws when `to` exists. */
function copyQuietly(from: string, to: string): void {
  const descriptor = openSync(to, "wx", 0o600);
  try {
    for (const block of blocksOf(from))
      for (let written = 0; written < block.length; ) written += writeSync(descriptor, block, written);
  } finally {
    closeSync(descriptor);
  }
}

/** SQLite cannot open a WAL database from memory; bytes 18 and 19 of the copy say "rollback journal" instead. */
export function asRollbackMode(bytes: Buffer): Buffer {
  if (bytes[18] === 2) bytes[18] = 1;
  if (bytes[19] === 2) bytes[19] = 1;
  return bytes;
}
