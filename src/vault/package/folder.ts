import { mkdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256, sha512 } from "../../audit/digest.js";
import type { BagFile } from "../../core/package/bag.js";
import { readChecked, type StatedFile } from "../checked-read.js";
import { syncHandle } from "../disk-niceties.js";
import { makeFolder, syncFolderTree, writeNewFile } from "../durable.js";

/** A package in the making: a new folder that only this account may enter, and what was put into it so far. */
export interface PackageFolder {
  readonly folder: string;
  readonly files: readonly BagFile[];
  /** Adds a text; `path` is one that FORMAT.md §17 allows. */
  putText(path: string, content: string | Uint8Array): BagFile;
  /**
   * Copies a stored file, read and hashed in one pass, and compares it with what is stated about it before it counts.
   * Throws `not-as-recorded`, and the signal's reason on an abort.
   */
  putCopy(path: string, from: StatedFile, signal: AbortSignal): Promise<BagFile>;
  /** Ends the package: once this returns, all of it is on disk. */
  finish(): void;
}

/** Begins a package. Throws if the folder exists. Every file in it is open(O_CREAT|O_EXCL) → write → fsync → close. */
export function beginPackage(folder: string): PackageFolder {
  makeFolder(dirname(folder), 0o700);
  mkdirSync(folder, { mode: 0o700 });
  const files: BagFile[] = [];
  const place = (path: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  const placed = (file: BagFile): BagFile => {
    files.push(file);
    return file;
  };
  return {
    folder,
    files,
    putText(path, content) {
      const bytes = Buffer.from(content);
      writeNewFile(place(path), bytes, modeOf(path));
      return placed({ path, bytes: bytes.length, sha256: sha256(bytes), sha512: sha512(bytes) });
    },
    async putCopy(path, from, signal) {
      return placed({ path, ...(await copyChecked(from, place(path), modeOf(path), signal)) });
    },
    finish: () => syncFolderTree(folder),
  };
}

/** Removes what was made of a package that is no longer wanted. */
export function discardPackage(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** The script is for people to start; everything else is a plain file. */
function modeOf(path: string): number {
  return path === "verify.sh" ? 0o755 : 0o644;
}

async function copyChecked(from: StatedFile, to: string, mode: number, signal: AbortSignal) {
  const file = await open(to, "wx", mode);
  try {
    const write = async (block: Uint8Array) => {
      for (let at = 0; at < block.length; ) at += (await file.write(block, at)).bytesWritten;
    };
    const digests = await readChecked(from, write, signal);
    await syncHandle(file);
    return digests;
  } finally {
    await file.close();
  }
}
