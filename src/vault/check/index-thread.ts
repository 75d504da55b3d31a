import { Worker } from "node:worker_threads";
import type { IndexAudit } from "./index-tables.js";
import type { IndexTask } from "./index-worker.js";

// The compiled worker, also when the TypeScript sources are run by the tests: a thread cannot load those.
const workerFile = new URL("../../../dist/vault/check/index-worker.js", import.meta.url);

/**
 * Audits the index of a large database in a thread of its own, with a connection of its own, while the log is read here.
 * It may see the database at a later instant than the caller does; whoever calls notices that by its state.
 */
export function auditIndexApart(task: IndexTask, signal: AbortSignal): Promise<IndexAudit> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile);
    const stop = () => void worker.terminate();
    signal.addEventListener("abort", stop, { once: true });
    worker.once("error", reject);
    worker.once("message", resolve);
    worker.once("exit", () => {
      signal.removeEventListener("abort", stop);
      reject(signal.aborted ? signal.reason : new Error("the thread that audits the index ended early"));
    });
    worker.postMessage(task);
  });
}
