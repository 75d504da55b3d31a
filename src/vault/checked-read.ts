import { createHash } from "node:crypto";
import { close, fstat, read } from "node:fs";
import { promisify } from "node:util";
import { HoldfastError } from "../core/words/error.js";
import { isRefusal, openQuietly } from "./digest-file.js";

/** What is stated about a stored file, and where it lies. */
export interface StatedFile {
  /** Absolute. */
  readonly from: string;
  /** The same path relative to the vault, for messages. */
  readonly where: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Null if none is stated. */
  readonly sha512: string | null;
}

export interface ReadDigest {
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

const blockBytes = 4 * 1024 * 1024;

const [readAt, statOf, closeIt] = [promisify(read), promisify(fstat), promisify(close)];

/**
 * Passes the bytes of a stored file to `take`, in order, and returns both digests, all from one read; each block is a
 * buffer of its own. Throws `not-as-recorded` if it is not the stated file, at the latest after the last block: the
 * caller must then discard what it made from them.
 */
export async function readChecked(
  file: StatedFile,
  take: (block: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<ReadDigest> {
  const descriptor = openStated(file);
  try {
    const found = await statOf(descriptor);
    if (!found.isFile()) throw notAsRecorded("file-changed", file, "it is not a regular file");
    if (found.size !== file.bytes) throw sizeDiffers(file, found.size);
    return compared(file, await readThrough(descriptor, file, take, signal));
  } finally {
    await closeIt(descriptor);
  }
}

async function readThrough(
  descriptor: number,
  file: StatedFile,
  take: (block: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<ReadDigest> {
  const [sha256, sha512] = [createHash("sha256"), createHash("sha512")];
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, file.bytes - bytes + 1));
    const { bytesRead } = await readAt(descriptor, block, 0, block.length, null);
    if (bytesRead === 0) break;
    bytes += bytesRead;
    if (bytes > file.bytes) throw sizeDiffers(file, bytes);
    const part = block.subarray(0, bytesRead);
    // The disk works while the digests are computed.
    const taken = take(part);
    sha256.update(part);
    sha512.update(part);
    await taken;
  }
  return { bytes, sha256: sha256.digest("hex"), sha512: sha512.digest("hex") };
}

function openStated(file: StatedFile): number {
  try {
    return openQuietly(file.from);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT") throw notAsRecorded("file-missing", file, "it is missing");
    if (!isRefusal(error)) throw notAsRecorded("file-missing", file, `it is not a regular file: ${code}`);
    const hint = "check its permissions and the disk, then run the same command again";
    throw new HoldfastError("io", `reading ${file.where}: it cannot be read: ${code}`, hint, error);
  }
}

function compared(file: StatedFile, found: ReadDigest): ReadDigest {
  if (found.bytes !== file.bytes) throw sizeDiffers(file, found.bytes);
  if (found.sha256 !== file.sha256) {
    throw notAsRecorded("file-changed", file, "its SHA-256 is not the one that the log states");
  }
  if (file.sha512 !== null && found.sha512 !== file.sha512) {
    throw notAsRecorded("file-changed", file, "its SHA-512 is not the one that the inventory states");
  }
  return found;
}

function sizeDiffers(file: StatedFile, bytes: number): HoldfastError {
  return notAsRecorded("file-changed", file, `it has ${bytes} bytes instead of the stated ${file.bytes}`);
}

function notAsRecorded(code: string, { where }: StatedFile, why: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `reading ${where}: ${why} (${code})`,
    "nothing was made from it; run 'holdfast verify' to see everything that is not as recorded",
  );
}
