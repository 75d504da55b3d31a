import { parentPort } from "node:worker_threads";
import type { MeasuredFile } from "../core/audit-object.js";
import { digestFile, digestFileQuickly } from "./digest-file.js";

/** What a hashing thread is asked: absolute paths, and whether SHA-256 alone is enough. */
export interface HashTask {
  readonly paths: readonly string[];
  readonly quick: boolean;
}

parentPort?.on("message", ({ paths, quick }: HashTask) => {
  parentPort?.postMessage(paths.map((path) => measure(path, quick)));
});

function measure(path: string, quick: boolean): MeasuredFile {
  try {
    return quick ? { ...digestFileQuickly(path), sha512: null } : digestFile(path);
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replaceAll(path, "the file") : "unknown" };
  }
}
