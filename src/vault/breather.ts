import { setImmediate } from "node:timers/promises";

/** The longest uninterrupted work, in milliseconds: what a person perceives as immediate. */
const longestMs = 50;

/**
 * For long work in memory: called often, it lets other work run now and then, Ctrl-C included, which a process that
 * never waits does not hear. Rejects with the signal's reason once that is aborted.
 */
export function breather(signal: AbortSignal): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < longestMs) return;
    await setImmediate();
    signal.throwIfAborted();
    began = performance.now();
  };
}
