import { chmodSync, closeSync, fsyncSync, linkSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import type { VaultLayout } from "./layout.js";

/*
 * What the file systems of shares and sticks (SMB, CIFS, exFAT, FUSE, drives of Windows under WSL) may refuse: to sync a
 * folder or file, to make a file read-only. A capture goes on without, and says what is weaker for it.
 */

export type Nicety = "folder-sync" | "file-sync" | "read-only" | "shared-memory";

/** What is weaker without each, after "the file system of this vault". */
const weaker: Readonly<Record<Nicety, string>> = {
  "folder-sync": "refuses to sync a folder: a power cut can take back what was written last",
  "file-sync": "refuses to sync a file: a power cut can take back or damage what was written last",
  "read-only": "refuses to make a file read-only: a mistake can change an original, which a check then finds",
  "shared-memory": "refuses memory that programs share: who reads while a command writes takes a copy",
};

/** How systems refuse what they cannot do. No room, a read error and a missing right to write are none of these. */
const refusals: Readonly<Record<Exclude<Nicety, "shared-memory">, readonly string[]>> = {
  "folder-sync": ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EPERM", "EACCES", "EISDIR", "EBADF"],
  "file-sync": ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"],
  "read-only": ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EPERM"],
};

/** What was refused in this process so far. The disk decides it, and no command can change it. */
const refused = new Set<Nicety>();

/** What is weaker here, one sentence each; empty where nothing was refused. */
export function weakerHere(): readonly string[] {
  return [...refused].map((nicety) => `the file system of this vault ${weaker[nicety]}`);
}

/**
 * Tries, without changing anything, what can be tried so, and says what is weaker here. Of what belongs to somebody else
 * nothing can be told. Throws whatever else the disk says.
 */
export function tryNiceties({ root, settings, writerLock }: VaultLayout): readonly string[] {
  const found = (path: string) => lstatSync(path, { throwIfNoEntry: false });
  const isOwn = (path: string) => found(path)?.uid === (process.getuid?.() ?? 0);
  if (isOwn(root)) syncFolder(root);
  if (isOwn(settings) && found(settings)?.isFile()) syncFile(settings);
  if (isOwn(root) && isOwn(writerLock)) {
    const { mode } = lstatSync(writerLock);
    unlessRefused("read-only", () => chmodSync(writerLock, mode & 0o777));
  }
  return weakerHere();
}

/** Syncs a file. Never of a database: closing it would give up the locks that SQLite has on it. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    syncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Syncs an open file. */
export function syncDescriptor(descriptor: number): void {
  unlessRefused("file-sync", () => fsyncSync(descriptor));
}

/** The same for a file that is open elsewhere. */
export async function syncHandle(handle: { sync(): Promise<void> }): Promise<void> {
  try {
    await handle.sync();
  } catch (error) {
    noteOrThrow("file-sync", error);
  }
}

/** Syncs what lies at this path without keeping this thread; the same refusals are passed over. */
export async function syncAside(path: string, nicety: "file-sync" | "folder-sync"): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    noteOrThrow(nicety, error);
  }
}

/** fsync of a folder: without it a rename may be lost although the file's bytes are safe. */
export function syncFolder(path: string): void {
  unlessRefused("folder-sync", () => {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Takes everybody's right to write to a file. */
export function makeReadOnly(path: string): void {
  unlessRefused("read-only", () => chmodSync(path, 0o444));
}

/**
 * Gives a complete file the name `to`, and never replaces another. Where there are no hard links, the name is taken by an
 * empty file first: a kill in between leaves that. Throws `EEXIST`.
 */
export function nameAnew(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"].includes(codeOf(error))) throw error;
    closeSync(openSync(to, "wx"));
    try {
      renameSync(from, to);
    } catch (failure) {
      rmSync(to, { force: true });
      throw failure;
    }
  }
}

/** Notes what SQLite was refused. */
export function noteRefused(nicety: "shared-memory"): void {
  refused.add(nicety);
}

function unlessRefused(nicety: keyof typeof refusals, work: () => void): void {
  try {
    work();
  } catch (error) {
    noteOrThrow(nicety, error);
  }
}

function noteOrThrow(nicety: keyof typeof refusals, error: unknown): void {
  if (!refusals[nicety].includes(codeOf(error))) throw error;
  refused.add(nicety);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
