import { statSync } from "node:fs";
import { readNamedQuietly } from "../vault/digest-file.js";

/** What a checker keeps of us is small; anything larger is another file. */
const largestBrought = 4 * 1024 * 1024;

/**
 * The text of a file that whoever checks brings along: a checkpoint, the line of a key, a root certificate. Its access time
 * is left alone as those of what is checked are. Throws an error that says why it cannot be one.
 */
export function broughtText(path: string): string {
  const found = statSync(path);
  // A pipe or device could go on for ever.
  if (!found.isFile()) throw new Error("it is no regular file");
  if (found.size > largestBrought) throw new Error("it is too large");
  return readNamedQuietly(path).toString("utf8");
}
