import { readStart } from "../tools/media/read-start.js";
import type { FoundPath } from "./found-path.js";

const enoughToKnow = 4096;

/** The beginning of a file; nothing of one that cannot be read. */
export function startOf(path: FoundPath): Buffer {
  try {
    return readStart(path, enoughToKnow);
  } catch {
    return Buffer.alloc(0);
  }
}
