import { randomBytes } from "node:crypto";

/** What the code that makes vaults for the bench is handed in place of a person's machine. */
export const world = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  random: (bytes) => randomBytes(bytes),
  signal: new AbortController().signal,
  env: process.env,
  tool: "holdfast/0.0.0-bench",
  progress: () => undefined,
  tell: () => undefined,
};
