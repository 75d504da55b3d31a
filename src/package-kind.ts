import { closeSync, existsSync, fstatSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { openNamedQuietly } from "./vault/digest-file.js";

/**
 * Whether a path is to be read as a package (FORMAT.md §17): a folder with a `bagit.txt`, or a tar with one in its one
 * folder. Whether it is a good one is for `verifyPackage` to say. False for what cannot be read.
 */
export function isPackage(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return existsSync(join(path, "bagit.txt"));
  return found?.isFile() === true && /\.tar$/i.test(path) && hasBag(path);
}

const block = 512;

/** How many headers are looked at before a tar is taken for a file like any other. */
const mostHeaders = 100_000;

function hasBag(path: string): boolean {
  const descriptor = openNamedQuietly(path);
  try {
    const end = fstatSync(descriptor).size;
    const header = Buffer.alloc(block);
    for (let at = 0, count = 0; at + block <= end && count < mostHeaders; count += 1) {
      readSync(descriptor, header, 0, block, at);
      if (/^[^/]+\/bagit\.txt$/.test(textAt(header, 0, 100))) return true;
      const size = Number.parseInt(textAt(header, 124, 12).trim(), 8);
      if (!Number.isSafeInteger(size) || size < 0) return false;
      at += block + Math.ceil(size / block) * block;
    }
    return false;
  } finally {
    closeSync(descriptor);
  }
}

/** A field of a header up to its first NUL (POSIX ustar). */
function textAt(header: Buffer, start: number, length: number): string {
  return header.toString("latin1", start, start + length).split("\0", 1)[0] ?? "";
}
