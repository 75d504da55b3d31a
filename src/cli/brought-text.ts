import { statSync } from "node:fs";
import { readNamedQuietly } from "../vault/named-file.js";

/** The files that a checker brings are small; a larger one is the wrong file. */
const largestBrought = 4 * 1024 * 1024;

/**
 * Reads a text file that the checker brings along: a checkpoint, a key line, a root certificate. Does not change its access
 * time, as with the files being checked. Throws an error that says why the file is unusable.
 */
export function broughtText(path: string): string {
  const found = statSync(path);
  // A pipe or a device might never end.
  if (!found.isFile()) throw new Error("it is not a regular file");
  if (found.size > largestBrought) throw new Error("it is too large");
  return readNamedQuietly(path).toString("utf8");
}
