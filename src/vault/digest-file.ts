import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { MeasuredFile } from "../audit/object.js";

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

/** Where bytes lie: a whole file by its path, or a stretch of a file that a person named, such as a file in a tar. */
export type Place = string | Stretch;

interface Stretch {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * SHA-256 and SHA-512 of a regular file in one read. Opened without following a link and without blocking on a pipe;
 * throws when it is not a regular file, or when its size changed while it was read.
 */
export function digestFile(place: Place): FileDigest {
  const [sha256, sha512] = [createHash("sha256"), createHash("sha512")];
  const bytes = digestInto([sha256, sha512], place);
  return { bytes, sha256: sha256.digest("hex"), sha512: sha512.digest("hex") };
}

/** SHA-256 alone, which is twice as fast. The same rules as `digestFile`. */
export function digestFileQuickly(place: Place): Pick<FileDigest, "bytes" | "sha256"> {
  const sha256 = createHash("sha256");
  const bytes = digestInto([sha256], place);
  return { bytes, sha256: sha256.digest("hex") };
}

function digestInto(hashes: readonly Hash[], place: Place): number {
  let bytes = 0;
  for (const block of blocksOf(place)) {
    bytes += block.length;
    for (const hash of hashes) hash.update(block);
  }
  return bytes;
}

/**
 * The digests that a check needs, without SHA-512 if it is quick. A file that cannot be read is a result, not an error.
 */
export function measureFile(place: Place, quick: boolean): MeasuredFile {
  try {
    return quick ? { ...digestFileQuickly(place), sha512: null } : digestFile(place);
  } catch (error) {
    const path = typeof place === "string" ? place : place.file;
    return { problem: error instanceof Error ? error.message.replaceAll(path, "the file") : "unknown" };
  }
}

const blockBytes = 1024 * 1024;

/**
 * The content of a regular file, block by block; each block is overwritten by the next. Opened and refused as by
 * `digestFile`; throws too if it does not have `size` bytes.
 */
export function* blocksOf(place: Place, size: number | null = null): Generator<Buffer> {
  const descriptor = openPlace(place);
  try {
    const state = fstatSync(descriptor);
    if (!state.isFile()) throw new Error("it is not a regular file");
    const { offset, bytes } = typeof place === "string" ? { offset: 0, bytes: state.size } : place;
    if (size !== null && size !== bytes) throw changed();
    const block = Buffer.allocUnsafe(Math.min(blockBytes, bytes + 1));
    for (let done = 0; ; ) {
      // Nothing may follow in a whole file: whoever still writes to it must not keep this going for ever.
      const wanted = typeof place === "string" ? block.length : Math.min(block.length, bytes - done);
      const read = wanted === 0 ? 0 : readSync(descriptor, block, 0, wanted, offset + done);
      if (read === 0 && done === bytes) return;
      done += read;
      if (read === 0 || done > bytes) throw changed();
      yield block.subarray(0, read);
    }
  } finally {
    closeSync(descriptor);
  }
}

function changed(): Error {
  return new Error("it changed while it was read");
}

/** A file that a person named may be a link; any other file never is. */
function openPlace(place: Place): number {
  return typeof place === "string" ? openQuietly(place) : openNamedQuietly(place.file);
}

/** Whether the system refuses to open what is there. */
export function refusesToOpen(place: Place): boolean {
  try {
    closeSync(openPlace(place));
    return false;
  } catch (error) {
    return isRefusal(error);
  }
}

/** The largest file that is read into memory as a whole: whoever had the vault decides how large a file in it is. */
export const largestText = 64 * 1024 * 1024;

/**
 * A small file as a whole, read without leaving a trace in its access time where the system allows that. The same rules
 * as `digestFile`; throws too when it is larger than `largestText`.
 */
export function readQuietly(path: string): Buffer {
  const blocks: Buffer[] = [];
  let bytes = 0;
  for (const block of blocksOf(path)) {
    bytes += block.length;
    if (bytes > largestText) throw new Error("it is too large to be read as a whole");
    blocks.push(Buffer.from(block));
  }
  return Buffer.concat(blocks);
}

/**
 * Whether the system refused to read what is there: a missing right, a fault of the disk, a limit. A file that is
 * missing or not regular is not a refusal.
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

/** The same for a file that a person named, who may have named a link. */
export function openNamedQuietly(path: string): number {
  return openWithoutTrace(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

function openWithoutTrace(path: string, flags: number): number {
  try {
    return openSync(path, flags | (constants.O_NOATIME ?? 0));
  } catch (error) {
    if (error instanceof Error && "code" in error && ["EPERM", "EINVAL"].includes(String(error.code)))
      return openSync(path, flags);
    throw error;
  }
}
