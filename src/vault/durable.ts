import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { syncAside, syncDescriptor, syncFile, syncFolder } from "./disk-niceties.js";

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

/** Syncs a folder and every folder below it, deepest first. Files must have been synced by their writer. */
export function syncFolderTree(path: string): void {
  for (const item of readdirSync(path, { withFileTypes: true })) {
    if (item.isDirectory()) syncFolderTree(join(path, item.name));
  }
  syncFolder(path);
}

/** Files and folders, all of which must be on disk before work goes on; the order among them is free. */
export interface ToSync {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Work that writes files and leaves their syncing to whoever runs it: it hands out what must be on disk before it takes
 * its next step.
 */
export type SyncedWork<Answer> = Generator<ToSync, Answer, void>;

/** Runs work to its end on this thread, one sync after the other: for who is in turn, where nothing may come in between. */
export function syncedHere<Answer>(work: SyncedWork<Answer>): Answer {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    step.value.files.forEach(syncFile);
    step.value.folders.forEach(syncFolder);
  }
}

/**
 * Runs work to its end with its syncs off the main thread, several at once: a file system joins those that come together
 * into few commits of its journal, where each that comes alone costs one. Nothing is under way any more when this returns
 * or throws. For the time before a turn: within it, other parts of this process would come in between.
 */
export async function syncedAside<Answer>(work: SyncedWork<Answer>): Promise<Answer> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    const { files, folders } = step.value;
    const calls = [
      ...files.map((path) => [path, "file-sync"] as const),
      ...folders.map((path) => [path, "folder-sync"] as const),
    ].values();
    const ended = await Promise.allSettled(
      Array.from({ length: syncsAtOnce }, async () => {
        for (const [path, nicety] of calls) await syncAside(path, nicety);
      }),
    );
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }
}

/** As many as Node has threads for file calls: more would only keep other work waiting for them. */
const syncsAtOnce = 4;

/** Writes a new file that is not on disk before it is synced. Throws if the file exists. */
export function writeUnsynced(path: string, content: string | Uint8Array, mode = 0o444): void {
  writeFileSync(path, content, { flag: "wx", mode });
}

/** A folder and everything below it, without links. */
export function treeToSync(path: string): ToSync {
  const files: string[] = [];
  const folders: string[] = [];
  for (const item of readdirSync(path, { withFileTypes: true })) {
    const place = join(path, item.name);
    if (item.isFile()) files.push(place);
    if (!item.isDirectory()) continue;
    const below = treeToSync(place);
    files.push(...below.files);
    folders.push(...below.folders);
  }
  return { files, folders: [...folders, path] };
}
