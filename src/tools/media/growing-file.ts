import { closeSync, openSync, readSync } from "node:fs";

// Shared by all, so that a read allocates nothing but its text: what it reads is taken out at once.
const block = Buffer.allocUnsafeSlow(65_536);

/** Reads a file that a running program appends to, always from where the last call ended. */
class GrowingFile {
  private readonly path: string;
  private descriptor: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** The text, one byte a character, that was appended since the last call; none while the file does not exist. */
  read(): string {
    this.descriptor ??= open(this.path);
    if (this.descriptor === null) return "";
    let text = "";
    for (;;) {
      const length = readSync(this.descriptor, block, 0, block.length, null);
      text += block.toString("latin1", 0, length);
      if (length < block.length) return text;
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
    const lines = (this.rest + this.file.read()).split("\n");
    this.rest = (lines.pop() ?? "").slice(0, longestLine);
    return lines;
  }

  close(): void {
    this.file.close();
  }
}
