import { statSync } from "node:fs";
import { sep } from "node:path";
import type { Failure } from "./core/capture/failure.js";
import type { LocalPlace } from "./core/words/local-paths.js";
import { storageFailure, unforeseenFailure } from "./capture/failed-capture.js";

/** Why a path cannot be imported at all, or null; a link stands for what it leads to. */
export function refuseFile(file: string): Failure | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return noSuchFile;
  if (found.isDirectory()) return nothingInside;
  if (!found.isFile())
    return { code: "not-media", reason: "it is not a regular file", hint: "name a file", retry: false };
  if (found.size > 0) return null;
  return { code: "empty", reason: "the file is empty", hint: "copy it from its source again", retry: false };
}

const nothingInside: Failure = {
  code: "not-media",
  reason: "there is no video or sound in this folder",
  hint: "name the folder that holds the files",
  retry: false,
};

const noSuchFile: Failure = {
  code: "not-found",
  reason: "there is no such file",
  hint: "check the path",
  retry: false,
};

export const changedWhileRead: Failure = {
  code: "cut-short",
  reason: "the file changed while it was read",
  hint: "wait until nothing writes to it, then import it again",
  retry: true,
};

/** The failure that an error is for one file; `places` are what its text may not name, the file among them. */
export function importFailure(error: unknown, places: readonly LocalPlace[]): Failure {
  const storage = storageFailure(error);
  if (storage !== null) return storage;
  if (error instanceof Error && error.message === "it changed while it was read") return changedWhileRead;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT") return noSuchFile;
  if ((code === "EACCES" || code === "EPERM") && !isInVault(places, error))
    return { code: "forbidden", reason: "it may not be read", hint: "check who may read it", retry: true };
  return unforeseenFailure(error, "cut-short", "importing it", places);
}

/** Whether an error of the system is about a path in the vault, and not about the file. */
function isInVault(places: readonly LocalPlace[], error: unknown): boolean {
  const path = error instanceof Error && "path" in error ? String(error.path) : "";
  return places.some(([place, mark]) => mark === "<vault>" && path.startsWith(`${place}${sep}`));
}
