import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { MeasuredFile } from "../audit/object.js";

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

const blockBytes = 1024 * 1024;

/**
 * SHA-256 and SHA-512 of a regular file in one read. Opened without following a link and without blocking on a pipe;
 * throws when it is not a regular file, or when its size changed while it was read.
 */
export function digestFile(path: string): FileDigest {
  const sha256 = createHash("sha256");
  const sha512 = createHash("sha512");
  const bytes = readBlocks(path, [sha256, sha512]);
  return { bytes, sha256: sha256.digest("hex"), sha512: sha512.digest("hex") };
}

/** SHA-256 alone, which is twice as fast. The same rules as `digestFile`. */
export function digestFileQuickly(path: string): Pick<FileDigest, "bytes" | "sha256"> {
  const sha256 = createHash("sha256");
  const bytes = readBlocks(path, [sha256]);
  return { bytes, sha256: sha256.digest("hex") };
}

/** Its digests as a check wants them, without SHA-512 where it is quick. What cannot be read is a result, not an error. */
export function measureFile(path: string, quick: boolean): MeasuredFile {
  try {
    return quick ? { ...digestFileQuickly(path), sha512: null } : digestFile(path);
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replaceAll(path, "the file") : "unknown" };
  }
}

/** What is read into memory as a whole is at most this large: whoever had the vault decides how large a file in it is. */
export const largestText = 64 * 1024 * 1024;

/**
 * A small file as a whole, read without leaving a trace in its access time where the system allows that. The same rules
 * as `digestFile`; throws too when it is larger than `largestText`.
 */
export function readQuietly(path: string): Buffer {
  const blocks: Buffer[] = [];
  let bytes = 0;
  const update = (block: Buffer) => {
    bytes += block.length;
    if (bytes > largestText) throw new Error("it is too large to be read as a whole");
    blocks.push(Buffer.from(block));
  };
  readBlocks(path, [{ update }]);
  return Buffer.concat(blocks);
}

/** A small text that a person named or may have put there by a link. The same rules as `readQuietly` else. */
export function readNamedQuietly(path: string): Buffer {
  const descriptor = openNamedQuietly(path);
  try {
    if (fstatSync(descriptor).size > largestText) throw new Error("it is too large to be read as a whole");
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Hands each block of a regular file to `readers` and says how many bytes it has. The same rules as `digestFile`. */
export function readBlocks(
  path: string,
  readers: readonly (Hash | { update(block: Buffer): unknown })[],
): number {
  const descriptor = openQuietly(path);
  try {
    const before = fstatSync(descriptor);
    if (!before.isFile()) throw new Error("it is not a regular file");
    const block = Buffer.allocUnsafe(Math.min(blockBytes, before.size + 1));
    let bytes = 0;
    for (;;) {
      const read = readSync(descriptor, block, 0, block.length, null);
      if (read === 0) break;
      bytes += read;
      // Whoever still writes to it must not keep this going for ever.
      if (bytes > before.size) break;
      for (const reader of readers) reader.update(block.subarray(0, read));
    }
    if (bytes !== before.size) throw new Error("it changed while it was read");
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether the system would not let us read what is there: a right, a fault of the disk, a limit. That it is not there, or is
 * no regular file, is no refusal.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && "syscall" in error)) return false;
  return !["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(String(error.code));
}

/**
 * Opens a file for reading without touching its access time, without following a link and without blocking on a pipe. Only
 * the owner of a file may leave its access time alone; others open it as usual.
 */
export function openQuietly(path: string): number {
  return openWithoutTrace(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** The same for a file that a person named, who may have named a link to it. */
export function openNamedQuietly(path: string): number {
  return openWithoutTrace(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

function openWithoutTrace(path: string, flags: number): number {
  try {
    return openSync(path, flags | (constants.O_NOATIME ?? 0));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return openSync(path, flags);
    throw error;
  }
}
