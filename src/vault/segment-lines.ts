import { closeSync, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../audit/finding.js";
import { largestText, openQuietly } from "./digest-file.js";
import type { LogSegment } from "./log-folder.js";

const blockBytes = 1024 * 1024;
const lineFeed = 0x0a;

/**
 * The lines of a segment without their LF, one at a time. None of its bytes are trusted: throws FormatError
 * `segment-changed` if it cannot be read, or does not hold as many lines as its name says, each UTF-8 and with its LF.
 */
export function* segmentLines(root: string, segment: LogSegment): Iterable<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let count = 0;
  for (const bytes of pieces(root, segment)) {
    count += 1;
    try {
      yield decoder.decode(bytes);
    } catch (error) {
      if (error instanceof TypeError) throw unfit(segment, `its line ${count} is not UTF-8`);
      throw error;
    }
  }
  if (count !== segment.last - segment.first + 1) throw unfit(segment, `it has ${count} lines`);
}

function* pieces(root: string, segment: LogSegment): Iterable<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for (const block of blocks(root, segment)) {
    let bytes: Buffer = rest.length === 0 ? block : Buffer.concat([rest, block]);
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed)) {
      yield bytes.subarray(0, end);
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > largestText) throw unfit(segment, "a line in it is too long");
    rest = bytes;
  }
  if (rest.length > 0) throw unfit(segment, "it does not end with a line feed");
}

function* blocks(root: string, segment: LogSegment): Iterable<Buffer> {
  const descriptor = openQuietly(join(root, segment.path));
  try {
    if (!fstatSync(descriptor).isFile()) throw unfit(segment, "it is not a regular file");
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes);
      const read = readSync(descriptor, block, 0, block.length, null);
      if (read === 0) return;
      yield block.subarray(0, read);
    }
  } finally {
    closeSync(descriptor);
  }
}

function unfit({ path, first, last }: LogSegment, why: string): FormatError {
  return new FormatError(
    "segment-changed",
    `${path} does not hold lines ${first} to ${last} of a log: ${why}`,
  );
}
