import { parentPort } from "node:worker_threads";
import { measureFile, type Place } from "../digest-file.js";

/** The task of a hashing thread: absolute paths, and whether SHA-256 alone is enough. */
export interface HashTask {
  readonly places: readonly Place[];
  readonly quick: boolean;
}

parentPort?.on("message", ({ places, quick }: HashTask) => {
  parentPort?.postMessage(places.map((place) => measureFile(place, quick)));
});
