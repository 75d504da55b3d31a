import { accessSync, constants, lstatSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import { isBusy, isLockFile } from "./database-files.js";

/** Held by the one process whose turn it is to write to a vault. */
export interface WriterLock {
  release(): void;
}

/** How often a waiting process looks, and after how long it says that it waits. */
const [retryMs, silentMs] = [25, 300];

/**
 * Waits for a vault's writer lock, as long as `waitMs` says at each look. The lock is an exclusive transaction on an otherwise
 * empty SQLite file, so the kernel releases it when its holder dies, however it dies. Calls `onWait` once if it takes longer
 * than a moment. Throws `vault-busy`, and `no-vault` for a file that is not ours: a link would lock another file, and a
 * journal beside it would change that file. Throws what the system says about a folder that may not be written to.
 */
export async function takeWriterLock(
  path: string,
  waitMs: () => number,
  onWait: () => void,
): Promise<WriterLock> {
  // About a read-only or forbidden disk, the system says what is wrong; SQLite says only that it cannot open a file.
  accessSync(dirname(path), constants.W_OK);
  if (lstatSync(path, { throwIfNoEntry: false }) && !isLockFile(path)) {
    throw new HoldfastError(
      "no-vault",
      `locking ${path}: it is not the empty file that holdfast locks (lock-not-ours)`,
      "move it away and run the same command again; holdfast makes a new one",
    );
  }
  let lock = tryLock(path);
  for (let waited = 0, isTold = false; lock === null; waited += retryMs) {
    if (waited >= silentMs && !isTold) {
      isTold = true;
      onWait();
    }
    if (waited >= waitMs()) {
      throw new HoldfastError(
        "vault-busy",
        "another holdfast process is writing to this vault",
        "wait until it is done, or use another vault with --vault",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    lock = tryLock(path);
  }
  return lock;
}

/** Takes a lock file's lock, making the file if it is not there; null while another process holds it. */
export function tryLock(path: string): WriterLock | null {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
}
