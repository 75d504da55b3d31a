import type { Finding } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { VaultLayout } from "./layout.js";
import { isBeingWritten, stateOf } from "./writer-at-work.js";

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
  if (odd !== undefined) return error("database-missing", "vault.db", `vault.db${odd} is not a regular file`);
  if (stateOf(layout, "-journal") === undefined) return null;
  const message =
    "holdfast did not make this rollback journal: a program that opens vault.db beside it reads what the journal says";
  return error("database-journal", "vault.db-journal", message);
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
  if (before === undefined || before.size === 0n || isBeingWritten(layout.writerLock)) return null;
  // A writer that has ended since has removed its own.
  if (stateOf(layout, "-wal")?.ino !== before.ino) return null;
  const message =
    "it was read as part of vault.db; a writer left it that was killed or ended beside a reader, or somebody put it there; the next command that writes merges it into vault.db";
  return { code: "database-wal", severity: "note", where: "vault.db-wal", message };
}

function error(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}
