import { closeSync, fstatSync, readFileSync } from "node:fs";
import { largestText, openNamedQuietly } from "./digest-file.js";

/** A small text that a person named or may have put there by a link. Otherwise the same rules as `readQuietly`. */
export function readNamedQuietly(path: string): Buffer {
  const descriptor = openNamedQuietly(path);
  try {
    if (fstatSync(descriptor).size > largestText) throw new Error("it is too large to be read as a whole");
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
