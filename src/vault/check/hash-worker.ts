import { parentPort } from "node:worker_threads";
import { measureFile, type Place } from "../digest-file.js";

/** What a hashing thread is asked: absolute paths, and whether SHA-256 alone is enough. */
export type HashTask = readonly [places: readonly Place[], quick: boolean];

parentPort?.on("message", ([places, quick]: HashTask) => {
  parentPort?.postMessage(places.map((place) => measureFile(place, quick)));
});
