import { setImmediate } from "node:timers/promises";

/** Longest work in one piece, in milliseconds: what a person takes for at once. */
const longestMs = 50;

/**
 * For long work on what is in memory: called often, it lets others run now and then, Ctrl-C among them, which is heard by
 * nothing that never waits. Rejects with the signal's reason once that is aborted.
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
