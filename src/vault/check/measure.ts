import { once } from "node:events";
import { lstatSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { MeasuredFile } from "../../audit/object.js";
import { measureFile, type Place } from "../digest-file.js";
import type { HashTask } from "./hash-worker.js";

/** Starting a thread takes as long as hashing this many bytes. */
const threadBytes = 16 * 1024 ** 2;
/** At most this many files are examined one by one to find that they are small. */
const fewFiles = 1024;
/**
 * The first files are the largest and go to the threads one by one; a batch of them would keep one thread busy alone.
 */
const aloneFiles = 64;
/** The small files go out in batches, to hide the cost of a message. */
const batchFiles = 16;

// The compiled worker, even when the tests run the TypeScript sources: a thread cannot load those.
const workerFile = new URL("../../../dist/vault/check/hash-worker.js", import.meta.url);

/**
 * Digests of many files in the order given, on all cores if there is much to read. Large files should come first, so
 * that no thread is left alone with one at the end. A file that cannot be read is a result, not an error. An abort ends
 * the threads at once and throws the signal's reason.
 */
export async function measureFiles(
  places: readonly Place[],
  quick: boolean,
  onDone: (files: number) => void,
  signal: AbortSignal | null = null,
): Promise<readonly MeasuredFile[]> {
  if (areSmall(places)) return measureHere(places, quick, onDone, signal);
  const results: MeasuredFile[] = new Array(places.length);
  const starts = batchStarts(places.length);
  let done = 0;
  const work = async () => {
    signal?.throwIfAborted();
    const worker = new Worker(workerFile);
    try {
      for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
        const end = start + (start < aloneFiles ? 1 : batchFiles);
        const task: HashTask = [places.slice(start, end), quick];
        const measured = await answerOf<readonly MeasuredFile[]>(worker, task, signal);
        for (const [index, file] of measured.entries()) results[start + index] = file;
        done += measured.length;
        onDone(done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), starts.length) }, work));
  return results;
}

function areSmall(places: readonly Place[]): boolean {
  if (places.length > fewFiles) return false;
  return places.reduce((sum, place) => sum + sizeOf(place), 0) <= threadBytes;
}

/** 0 for what cannot be examined: it cannot be read either. */
function sizeOf(place: Place): number {
  if (typeof place !== "string") return place.bytes;
  try {
    return lstatSync(place).size;
  } catch {
    return 0;
  }
}

/** Other work runs between two files, and an abort is noticed there. */
async function measureHere(
  places: readonly Place[],
  quick: boolean,
  onDone: (files: number) => void,
  signal: AbortSignal | null,
): Promise<readonly MeasuredFile[]> {
  const results: MeasuredFile[] = [];
  for (const place of places) {
    await setImmediate();
    signal?.throwIfAborted();
    results.push(measureFile(place, quick));
    onDone(results.length);
  }
  return results;
}

/** What a thread answers to a task. An abort throws the signal's reason; whoever started the thread ends it. */
export async function answerOf<Answer>(
  worker: Worker,
  task: unknown,
  signal: AbortSignal | null,
): Promise<Answer> {
  worker.postMessage(task);
  try {
    const [answer] = await once(worker, "message", signal === null ? {} : { signal });
    return answer;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Where each batch begins: one file each at first, then `batchFiles` at a time. */
function batchStarts(count: number): number[] {
  const starts = Array.from({ length: Math.min(count, aloneFiles) }, (_, index) => index);
  for (let start = aloneFiles; start < count; start += batchFiles) starts.push(start);
  return starts;
}
