import type { Finding } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { VaultLayout } from "./layout.js";
import { isBeingWritten, stateOf } from "./writer-at-work.js";

/**
 * What keeps `vault.db` from being opened at all; null where nothing does. Whoever had the vault decides what lies there:
 * through a link SQLite would read, lock and write somewhere else, and a rollback journal (`-journal`) is written over
 * the database by the first who opens it, before any schema can be compared. holdfast runs in WAL mode and never makes one.
 */
export function databaseObstacle(layout: VaultLayout): Finding | null {
  const odd = ["", "-wal", "-shm"].find((end) => {
    const found = stateOf(layout, end);
    return found !== undefined && !found.isFile();
  });
  if (odd !== undefined) return error("database-missing", "vault.db", `vault.db${odd} is not a regular file`);
  if (stateOf(layout, "-journal") === undefined) return null;
  const message =
    "a rollback journal that holdfast did not make: whoever opens vault.db with it beside it gets what the journal says";
  return error("database-journal", "vault.db-journal", message);
}

/**
 * Says that a `-wal` is read as part of `vault.db`; null where there is none, or a writer is at work with it.
 *
 * A writer that was killed, or that ended while a reader was at work, leaves one, with entries that are nowhere else yet. Nothing in a `-wal` says who made it: its
 * checksums have no key. So the two are not told apart, and need not be. A `-wal` can do no more than a changed `vault.db`
 * can: everything is judged after SQLite has applied it, first the schema, then lines, links, checkpoints and index. It can hide
 * or show only entries behind the newest checkpoint, which is so for the whole file (FORMAT.md §10).
 */
export function leftWal(layout: VaultLayout): Finding | null {
  const before = stateOf(layout, "-wal");
  if (before === undefined || before.size === 0n || isBeingWritten(layout.writerLock)) return null;
  // A writer that ended meanwhile has taken its own away.
  if (stateOf(layout, "-wal")?.ino !== before.ino) return null;
  const message =
    "it was read as part of vault.db: left by a writer that was killed or had a reader beside it, or put there; the next command that writes takes it in";
  return { code: "database-wal", severity: "note", where: "vault.db-wal", message };
}

function error(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}
