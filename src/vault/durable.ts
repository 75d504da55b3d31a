import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncDescriptor, syncFolder } from "./disk-niceties.js";

/**
 * Writes a new file that survives power loss once its folder is synced too. System calls in order:
 * open(O_CREAT|O_EXCL) → write → fsync → close. Throws if the file exists: nothing here is ever overwritten.
 */
export function writeNewFile(path: string, content: string | Uint8Array, mode = 0o444): void {
  writeNewFileInParts(path, [content], mode);
}

/** The same for a file too large for memory: its parts one after the other. */
export function writeNewFileInParts(path: string, parts: Iterable<string | Uint8Array>, mode = 0o444): void {
  const descriptor = openSync(path, "wx", mode);
  try {
    for (const part of parts) {
      const bytes = typeof part === "string" ? Buffer.from(part) : part;
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    }
    syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Puts a small file in place in one step: a temporary file beside it, fsync, rename, fsync of the folder. A kill leaves
 * the old file or the new one, never a part. Used for a vault's own files and for OCFL's root inventory and sidecar,
 * which the standard replaces with every version.
 */
export function placeFile(path: string, content: string | Uint8Array, mode = 0o444): void {
  const temporary = `${path}.new`;
  // A file that a kill left behind is read-only, and only its folder's owner can remove it.
  rmSync(temporary, { force: true });
  writeNewFile(temporary, content, mode);
  moveDurably(temporary, path);
}

/** rename → fsync of the receiving folder. Both paths must lie on one file system. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Creates a folder and syncs its parent; an existing folder is left as it is. */
export function makeFolder(path: string, mode = 0o755): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first !== undefined) syncFolder(dirname(first));
}

export function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Syncs a folder and every folder below it, deepest first. Files must have been synced by their writer. */
export function syncFolderTree(path: string): void {
  for (const item of readdirSync(path, { withFileTypes: true })) {
    if (item.isDirectory()) syncFolderTree(join(path, item.name));
  }
  syncFolder(path);
}
