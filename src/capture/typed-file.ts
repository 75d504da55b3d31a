import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { pause } from "../world.js";
import type { FoundPath } from "./found-path.js";

/** How often a pipe is looked at, and how long one is waited for to which nobody writes, in milliseconds. */
const [lookMs, patienceMs] = [25, 10_000];

/**
 * The bytes of a file that somebody named on the command line, at most `most`. It may be a pipe, as `<(…)` of a shell makes
 * one: it is read until its writer closes it, however long that takes. Throws what the system says, an error for a pipe to which
 * nobody writes or for more bytes, and the signal's reason on an abort.
 */
export async function readTypedFile(path: FoundPath, most: number, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  // To open a pipe without this waits for its writer, and nothing could end that.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (found.isFile()) {
      if (found.size > most) throw tooLarge;
      return readFileSync(descriptor);
    }
    return await readPipe(descriptor, found.isFIFO() ? patienceMs : 0, most, signal);
  } finally {
    closeSync(descriptor);
  }
}

const tooLarge = new Error("it is too large");

async function readPipe(
  descriptor: number,
  waitMs: number,
  most: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let [bytes, hasWriter] = [0, false];
  for (let waited = 0; ; ) {
    const block = blockOf(descriptor);
    if (block !== null && block.length > 0) {
      blocks.push(block);
      bytes += block.length;
      if (bytes > most) throw tooLarge;
      continue;
    }
    if (block === null) hasWriter = true;
    else if (hasWriter || bytes > 0 || waited >= waitMs) break;
    await pause(lookMs, signal);
    signal.throwIfAborted();
    waited += lookMs;
  }
  if (waitMs > 0 && bytes === 0 && !hasWriter)
    throw new Error(`it is a pipe to which nobody wrote within ${patienceMs / 1000} seconds`);
  return Buffer.concat(blocks);
}

/** What can be read now: nothing at the end or where nobody writes, null where a writer has written nothing more yet. */
function blockOf(descriptor: number): Buffer | null {
  const block = Buffer.alloc(65_536);
  try {
    return block.subarray(0, readSync(descriptor, block));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return null;
    throw error;
  }
}
