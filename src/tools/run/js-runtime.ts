import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findProgram, oldestRuntime, type Program, type ProgramSearch } from "./programs.js";
import { objectOf, readNote } from "./set-up-notes.js";

const pinned = readNote(fileURLToPath(new URL("../../../bin/setup/pinned-runtime.json", import.meta.url)));

/**
 * The Node.js with which yt-dlp runs the scripts of YouTube's player, by its real path; null if there is none that yt-dlp
 * accepts.
 */
export async function findJsRuntime(search: ProgramSearch): Promise<Program | null> {
  const found = await findProgram("node", search);
  if (found === null || Number.parseInt(found.version, 10) < oldestRuntime) return null;
  return { ...found, path: realpathSync(found.path) };
}

/** Whether this is a runtime in the tools folder that is not the program in holdfast's list. */
export function isForeignRuntime({ name, source, sha256 }: Program): boolean {
  if (name !== "node" || source !== "tools-folder") return false;
  return !Object.values(pinned).some((known) => objectOf(known).binary_sha256 === sha256);
}
