import { closeSync, lstatSync, readSync } from "node:fs";
import Database from "better-sqlite3";
import { openQuietly } from "./digest-file.js";
import type { VaultLayout } from "./layout.js";

/**
 * Whether a process holds the writer lock now. Only reads, since an exclusive lock keeps readers out too. Nobody holds
 * a file that is not a lock file of ours.
 */
export function isBeingWritten(path: string): boolean {
  if (!isLockFile(path)) return false;
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { timeout: 0, readonly: true, fileMustExist: true });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    // What SQLite or the system says of the file; a TypeError where its folder is missing.
    if (error instanceof TypeError || (error instanceof Error && "code" in error)) return false;
    throw error;
  } finally {
    database?.close();
  }
}

/** Whether this is a lock file as `takeWriterLock` makes it: a regular file with nothing in it. */
export function isLockFile(path: string): boolean {
  try {
    const found = lstatSync(path);
    return found.isFile() && found.size === 0;
  } catch {
    return false;
  }
}

/** Whether SQLite says that another process keeps it out. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

/**
 * Inode, size and time of the database's files, and what writers have told each other: unchanged as long as nobody
 * writes. Time alone is not enough: two commits within one clock tick, the second over the room of the first, leave it
 * as it is.
 */
export function databaseState(layout: VaultLayout): string {
  const files = ["", "-wal"]
    .map((end) => stateOf(layout, end))
    .map((found) => (found ? `${found.ino} ${found.size} ${found.mtimeNs}` : "none"));
  return [...files, walIndexHeader(`${layout.database}-shm`)].join(", ");
}

/** Two copies of 48 bytes, with a counter of transactions and the last frame (https://sqlite.org/walformat.html §2.1). */
const walIndexHeaderBytes = 96;

function walIndexHeader(path: string): string {
  try {
    const file = openQuietly(path);
    try {
      const bytes = Buffer.alloc(walIndexHeaderBytes);
      return bytes.toString("hex", 0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return "none";
  }
}

/** One of the database's files by what its name ends in; undefined if it is not there. */
export function stateOf(layout: VaultLayout, end: string) {
  return lstatSync(`${layout.database}${end}`, { bigint: true, throwIfNoEntry: false });
}

/** How long a check waits for a writer to finish what it is doing, and how often it looks. */
const [patienceMs, lookMs] = [2000, 50];

/**
 * Waits until the writer at work on a vault has written something since `state`, or has ended; returns at once if there
 * is none, and after at most two seconds. `pause` waits for some milliseconds.
 */
export async function waitForWriter(
  layout: VaultLayout,
  state: string,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  for (let waited = 0; waited < patienceMs; waited += lookMs) {
    if (databaseState(layout) !== state || !isBeingWritten(layout.writerLock)) return;
    await pause(lookMs);
  }
}
