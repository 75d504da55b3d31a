import { databaseState } from "../database-files.js";
import type { VaultLayout } from "../layout.js";
import { isBeingWritten } from "../writer-lock.js";

/** How long a check waits for a writer to finish what it is at, and how often it looks. */
const [patienceMs, lookMs] = [2000, 50];

/**
 * Waits until the writer at work on a vault has written something since `state`, or has ended; at once where there is none,
 * and no longer than two seconds. `pause` waits for some milliseconds.
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
