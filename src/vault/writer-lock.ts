import { accessSync, constants, lstatSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import { isBusy, isLockFile } from "./database-files.js";

/** Held by the one process that writes to a vault. */
export interface WriterLock {
  release(): void;
}

const retryMs = 200;

/**
 * Waits up to `waitMs` for the vault's writer lock. The lock is an exclusive transaction on an otherwise empty SQLite
 * file, so the kernel releases it when its holder dies, however it dies. Throws `vault-busy`, and `no-vault` for a file
 * that is not ours: a link would lock another file, and a journal beside it would change that file. Throws what the
 * system says about a folder that may not be written to.
 */
export async function takeWriterLock(path: string, waitMs: number, onWait: () => void): Promise<WriterLock> {
  // About a read-only or forbidden disk, the system says what is wrong; SQLite says only that it cannot open a file.
  accessSync(dirname(path), constants.W_OK);
  if (lstatSync(path, { throwIfNoEntry: false }) && !isLockFile(path)) {
    throw new HoldfastError(
      "no-vault",
      `locking ${path}: it is not the empty file that holdfast locks (lock-not-ours)`,
      "move it away and run the same command again; holdfast makes a new one",
    );
  }
  const database = new Database(path, { timeout: 0 });
  for (let waited = 0; !tryLock(database); waited += retryMs) {
    if (waited === 0) onWait();
    if (waited >= waitMs) {
      database.close();
      throw new HoldfastError(
        "vault-busy",
        "another holdfast process is writing to this vault",
        "wait until it is done, or use another vault with --vault",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  return { release: () => database.close() };
}

function tryLock(database: Database.Database): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}
