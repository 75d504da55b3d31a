import { closeSync, openSync, readSync } from "node:fs";

const blockBytes = 65_536;

/** Reads a file that a running program appends to, always from where the last call ended. */
class GrowingFile {
  private readonly path: string;
  private descriptor: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** What was appended since the last call; nothing while the file does not exist. */
  read(): Buffer {
    this.descriptor ??= open(this.path);
    if (this.descriptor === null) return Buffer.alloc(0);
    const blocks: Buffer[] = [];
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const length = readSync(this.descriptor, block, 0, blockBytes, null);
      blocks.push(block.subarray(0, length));
      if (length < blockBytes) return Buffer.concat(blocks);
    }
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }
}

function open(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

/** Splits what a `GrowingFile` holds into records of equal size; an incomplete last one waits for its rest. */
export class GrowingRecords {
  private readonly file: GrowingFile;
  private readonly size: number;
  private rest = Buffer.alloc(0);

  constructor(path: string, size: number) {
    this.file = new GrowingFile(path);
    this.size = size;
  }

  read(): readonly Uint8Array[] {
    const bytes = Buffer.concat([this.rest, this.file.read()]);
    const count = Math.floor(bytes.length / this.size);
    this.rest = bytes.subarray(count * this.size);
    return Array.from({ length: count }, (_, at) => bytes.subarray(at * this.size, (at + 1) * this.size));
  }

  close(): void {
    this.file.close();
  }
}

// The lines of a media program are shorter; one that does not end is cut, so that it cannot fill the memory.
const longestLine = 400;

/** Splits what a `GrowingFile` holds into lines; an incomplete last one waits for its rest. */
export class GrowingLines {
  private readonly file: GrowingFile;
  private rest = "";

  constructor(path: string) {
    this.file = new GrowingFile(path);
  }

  read(): readonly string[] {
    const lines = (this.rest + this.file.read().toString("latin1")).split("\n");
    this.rest = (lines.pop() ?? "").slice(0, longestLine);
    return lines;
  }

  close(): void {
    this.file.close();
  }
}
