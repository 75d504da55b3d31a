import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Frames that are worked on at once, for two cores. An 8K frame takes 100 MB. */
const atOnce = 2;

/** Up to this size (1080p has 6 MB), memory is kept for the next frame. Otherwise it stays until much more of it is let go. */
const mostKept = 16_000_000;

/** Lets frames wait until there is memory for them, and uses that of each again for the next of its size. */
export class FrameQueue {
  private readonly waiting: (() => void)[] = [];
  private readonly spare: Buffer[] = [];
  private inHand = 0;

  /** Calls `work` with `size` bytes of memory, of any content, that it has for itself until it is done. */
  async take<T>(size: number, work: (memory: Buffer) => Promise<T>): Promise<T> {
    if (this.inHand >= atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.inHand += 1;
    const memory = this.memoryOf(size);
    try {
      return await work(memory);
    } finally {
      if (size <= mostKept) this.spare.push(memory);
      const next = this.waiting.shift();
      // Whoever waited takes this one's place.
      if (next) next();
      else this.inHand -= 1;
    }
  }

  private memoryOf(size: number): Buffer {
    const spare = this.spare.pop();
    return spare?.length === size ? spare : Buffer.allocUnsafeSlow(size);
  }
}

/** Fills `memory` with a file. Throws unless the file has exactly that size. */
export function readWhole(file: string, memory: Buffer): void {
  inFile(file, (descriptor) => {
    const { size } = fstatSync(descriptor);
    if (size !== memory.length) throw new Error(`a picture of ${memory.length} bytes has ${size}`);
    for (let filled = 0; filled < size; ) {
      const read = readSync(descriptor, memory, filled, size - filled, null);
      if (read === 0) throw new Error(`a picture of ${size} bytes ended after ${filled}`);
      filled += read;
    }
  });
}

/** The SHA-256 of a file in hexadecimal, read through `memory`, whose content is lost. */
export function sha256Of(file: string, memory: Buffer): string {
  const hash = createHash("sha256");
  inFile(file, (descriptor) => {
    for (;;) {
      const read = readSync(descriptor, memory, 0, memory.length, null);
      if (read === 0) return;
      hash.update(memory.subarray(0, read));
    }
  });
  return hash.digest("hex");
}

/** ffmpeg wrote these files while it read an untrusted clip, so a link among them is not followed. */
function inFile(file: string, read: (descriptor: number) => void): void {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
