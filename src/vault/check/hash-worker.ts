import { parentPort } from "node:worker_threads";
import { measureFile } from "../digest-file.js";

/** What a hashing thread is asked: absolute paths, and whether SHA-256 alone is enough. */
export interface HashTask {
  readonly paths: readonly string[];
  readonly quick: boolean;
}

parentPort?.on("message", ({ paths, quick }: HashTask) => {
  parentPort?.postMessage(paths.map((path) => measureFile(path, quick)));
});
