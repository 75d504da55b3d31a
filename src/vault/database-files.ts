import { closeSync, lstatSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { errorAt, type Finding, noteAt } from "../audit/finding.js";
import { openQuietly } from "./digest-file.js";
import type { VaultLayout } from "./layout.js";

/**
 * What keeps `vault.db` from being opened at all; null if nothing does. Whoever had the vault controls what lies there.
 * Through a link, SQLite would read, lock and write somewhere else. Whoever first opens a database with a rollback
 * journal (`-journal`) beside it has the journal written over it, before any schema can be compared. holdfast runs in
 * WAL mode and never makes such a journal.
 */
export function databaseObstacle(layout: VaultLayout): Finding | null {
  const odd = ["", "-wal", "-shm"].find((end) => {
    const found = stateOf(layout, end);
    return found !== undefined && !found.isFile();
  });
  if (odd !== undefined)
    return errorAt("database-missing", "vault.db", `vault.db${odd} is not a regular file`);
  if (stateOf(layout, "-journal") === undefined) return null;
  const message =
    "holdfast did not make this rollback journal: a program that opens vault.db beside it reads what the journal says";
  return errorAt("database-journal", "vault.db-journal", message);
}

/**
 * Notes that a `-wal` is read as part of `vault.db`; null if there is none, or if a writer is at work with it. A writer
 * that was killed, or that ended while a reader was at work, leaves one, with entries that exist nowhere else yet.
 * Nothing in a `-wal` says who made it, since its checksums have no key, so the two cases cannot be told apart, and
 * need not be: a `-wal` can do no more than a changed `vault.db` can. Everything is judged after SQLite has applied it:
 * first the schema, then lines, links, checkpoints and index. It can hide or show only entries after the newest
 * checkpoint, which is true of the whole file (FORMAT.md §10).
 */
export function leftWal(layout: VaultLayout): Finding | null {
  const before = stateOf(layout, "-wal");
  if (before === undefined || before.size === 0n || isBeingWritten(layout)) return null;
  // A writer that has ended since has removed its own.
  if (stateOf(layout, "-wal")?.ino !== before.ino) return null;
  const message =
    "it was read as part of vault.db; a writer left it that was killed or ended beside a reader, or somebody put it there; the next command that writes merges it into vault.db";
  return noteAt("database-wal", "vault.db-wal", message);
}

/** Whether a command that writes is at work, be it between two of its turns at the writer lock (FORMAT.md §8). */
export function isBeingWritten({ staging, writerLock }: VaultLayout): boolean {
  return [writerLock, ...workFolders(staging).map((folder) => join(folder, workLock))].some(isHeld);
}

/** In the folder of each command that shares the vault: locked while that command lives. */
export const workLock = "alive.lock";

/** The folders in `staging` of commands that share the vault, whether they live or were killed. */
export function workFolders(staging: string): readonly string[] {
  try {
    return readdirSync(staging).flatMap((name) => (name.startsWith("work-") ? [join(staging, name)] : []));
  } catch {
    return [];
  }
}

/**
 * Whether a process holds this lock file now. Only reads, since an exclusive lock keeps readers out too. Nobody holds
 * a file that is not a lock file of ours.
 */
export function isHeld(path: string): boolean {
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
function stateOf(layout: VaultLayout, end: string) {
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
    if (databaseState(layout) !== state || !isBeingWritten(layout)) return;
    await pause(lookMs);
  }
}
