import { createHash } from "node:crypto";
import { closeSync, fstatSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { PackagedFile } from "../../audit/bag.js";
import { FormatError } from "../../audit/finding.js";
import { measureFiles } from "../check/measure.js";
import { isRefusal, openNamedQuietly, openQuietly } from "../digest-file.js";
import type { PackageIndexFile } from "./entries.js";

const blockBytes = 1024 * 1024;

/**
 * The content of a file of a package, block by block; each block is overwritten by the next. Never follows a link. Throws
 * FormatError `file-unreadable` where the system refuses or the file is not as long as the index says.
 */
export function* readBlocks(file: PackageIndexFile): Generator<Buffer> {
  try {
    yield* blocksOf(file);
  } catch {
    const message = "the system refuses, or it changed while it was read";
    throw new FormatError("file-unreadable", message);
  }
}

function* blocksOf({ container, offset, bytes }: PackageIndexFile): Generator<Buffer> {
  // The tar file is the one that the user named, maybe by a link; a file of a package never is one.
  const descriptor = offset === null ? openQuietly(container) : openNamedQuietly(container);
  try {
    const state = fstatSync(descriptor);
    if (!state.isFile() || (offset === null && state.size !== bytes)) {
      throw new Error("it changed while it was read");
    }
    const block = Buffer.allocUnsafe(Math.max(1, Math.min(blockBytes, bytes)));
    for (let done = 0; done < bytes; ) {
      const wanted = Math.min(block.length, bytes - done);
      const read = readSync(descriptor, block, 0, wanted, (offset ?? 0) + done);
      if (read === 0) throw new Error("it changed while it was read");
      done += read;
      yield block.subarray(0, read);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Whether the system does not let us open a file that is there. */
export function refusesToOpen({ container, offset }: PackageIndexFile): boolean {
  try {
    closeSync(offset === null ? openQuietly(container) : openNamedQuietly(container));
    return false;
  } catch (error) {
    return isRefusal(error);
  }
}

/** A small file as a whole; null where it cannot be read. The caller bounds its size. */
export function readWhole(file: PackageIndexFile): Buffer | null {
  try {
    return Buffer.concat([...copied(readBlocks(file))]);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function* copied(blocks: Iterable<Buffer>): Generator<Buffer> {
  for (const block of blocks) yield Buffer.from(block);
}

/**
 * Digests of files, in the order given. Files of their own are read on all cores, those in a tar one after the other. A
 * file that cannot be read is a result. An abort throws the signal's reason.
 */
export async function measurePackage(
  files: readonly PackageIndexFile[],
  quick: boolean,
  onDone: (files: number) => void,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const isTar = files.some(({ offset }) => offset !== null);
  if (!isTar) return measureFolder(files, quick, onDone, signal);
  const measured: PackagedFile[] = [];
  for (const file of files) {
    measured.push(await measureInTar(file, quick, signal));
    onDone(measured.length);
  }
  return measured;
}

async function measureFolder(
  files: readonly PackageIndexFile[],
  quick: boolean,
  onDone: (files: number) => void,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const paths = files.map(({ container }) => container);
  const measured = await measureFiles(paths, quick, onDone, signal);
  return files.map(({ bytes }, at) => {
    const now = measured[at] ?? { problem: "not measured" };
    if ("problem" in now) return unread(bytes, now.problem);
    if (now.bytes !== bytes) return unread(bytes, "it changed while it was read");
    return { ...now, problem: null };
  });
}

async function measureInTar(
  file: PackageIndexFile,
  quick: boolean,
  signal: AbortSignal,
): Promise<PackagedFile> {
  const sha256 = createHash("sha256");
  const sha512 = quick ? null : createHash("sha512");
  try {
    for (const block of readBlocks(file)) {
      sha256.update(block);
      sha512?.update(block);
      // A large file takes minutes: an abort must get through.
      await setImmediate();
      signal.throwIfAborted();
    }
  } catch (error) {
    if (error instanceof FormatError) return unread(file.bytes, error.message);
    throw error;
  }
  const digests = { sha256: sha256.digest("hex"), sha512: sha512?.digest("hex") ?? null };
  return { bytes: file.bytes, ...digests, problem: null };
}

/** A file of which nothing is known but its size. */
export function unread(bytes: number, problem: string | null): PackagedFile {
  return { bytes, sha256: null, sha512: null, problem };
}
