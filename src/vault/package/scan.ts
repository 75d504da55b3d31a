import { closeSync, readSync, statSync } from "node:fs";
import { HoldfastError } from "../../core/words/error.js";
import type { Finding } from "../../audit/finding.js";
import { clashingPaths } from "../../audit/package-paths.js";
import { openNamedQuietly } from "../digest-file.js";
import { indexTar } from "./tar.js";
import { indexFolder } from "../package-walk.js";

/** Where a file of a package lies. Nothing but its place and size is known of it. */
export interface PackageIndexFile {
  /** Inside the package, as FORMAT.md §17 allows it. */
  readonly path: string;
  readonly bytes: number;
  /** The file itself, or the tar file that it is in. */
  readonly container: string;
  /** First byte in the tar file; null for a file of its own. */
  readonly offset: number | null;
}

export interface PackageIndex {
  readonly form: "folder" | "tar";
  readonly files: readonly PackageIndexFile[];
  /** Folders that are there by themselves; those of the files need not be among them. */
  readonly folders: readonly string[];
  readonly findings: readonly Finding[];
  /** Why it cannot be read to its end, or is no package at all; null when it can. */
  readonly unreadable: string | null;
}

/** How much of a package is looked at. Whoever made it decides how much there is. */
export interface PackageLimits {
  /** Files and folders. */
  readonly files: number;
  /** Folders under `proof/`: each is a checkpoint with a proof of every entry that it covers. */
  readonly checkpoints: number;
  /** Bytes of one file that is read as a text. */
  readonly text: number;
  /** Bytes of `proof/entries.jsonl`, and of one line of it. */
  readonly entries: number;
  readonly line: number;
  /** Bytes of all texts that are kept in memory at a time. */
  readonly kept: number;
}

const mebibyte = 1024 * 1024;

export const packageLimits: PackageLimits = {
  files: 1_000_000,
  checkpoints: 10_000,
  text: 64 * mebibyte,
  entries: 256 * mebibyte,
  line: 16 * mebibyte,
  kept: 512 * mebibyte,
};

/**
 * Lists a package without reading what is in it. Throws HoldfastError where there is nothing that could be a package:
 * `not-found`, `usage` for what is packed or encrypted once more, `io` where the system refuses.
 */
export function indexPackage(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  const isFolder = folderOrFile(path) === "folder";
  if (!isFolder) refuseWrapped(path);
  const index = isFolder ? indexFolder(path, limits, signal) : readTar(path, limits, signal);
  if (index.findings.some(({ code, where }) => code === "unreadable" && where === "package")) {
    throw refused(path, null);
  }
  if (index.unreadable !== null) return index;
  if (!index.files.some((file) => file.path === "bagit.txt")) {
    return { ...index, unreadable: "there is no bagit.txt in it" };
  }
  if (checkpointsIn(index) > limits.checkpoints) {
    return { ...index, unreadable: `it holds more than ${limits.checkpoints} checkpoints` };
  }
  return {
    ...index,
    findings: [
      ...index.findings,
      ...clashingPaths(
        index.files.map((file) => file.path),
        index.folders,
      ),
    ],
  };
}

function checkpointsIn({ files }: PackageIndex): number {
  return new Set(files.map(({ path }) => /^proof\/[^/]+(?=\/)/.exec(path)?.[0])).size;
}

function readTar(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  try {
    return indexTar(path, limits, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw refused(path, error);
  }
}

function folderOrFile(path: string): "folder" | "file" {
  const state = statSync(path, { throwIfNoEntry: false });
  if (state?.isDirectory()) return "folder";
  if (state?.isFile()) return "file";
  throw new HoldfastError(
    state === undefined ? "not-found" : "usage",
    `cannot check ${path}: ${state === undefined ? "there is no such file or folder" : "it is no file or folder"}`,
    "give the folder or the .tar file of a package",
  );
}

/** Programs whose output is often handed on in place of the tar file itself, by the first bytes of it. */
const wrappers: readonly (readonly [first: string, what: string, hint: string])[] = [
  ["\u001f\u008b", "compressed with gzip", "unpack it first with: gunzip FILE"],
  ["\u00fd7zXZ", "compressed with xz", "unpack it first with: unxz FILE"],
  ["PK\u0003\u0004", "a zip file", "unpack it first, and give the folder that holds bagit.txt"],
  ["BZh", "compressed with bzip2", "unpack it first with: bunzip2 FILE"],
  ["\u0028\u00b5\u002f\u00fd", "compressed with zstd", "unpack it first with: unzstd FILE"],
  ["age-encryption.org/", "encrypted", "decrypt it first with: age --decrypt -i KEY -o package.tar FILE"],
  [
    "-----BEGIN AGE ENCRYPTED FILE",
    "encrypted",
    "decrypt it first with: age --decrypt -i KEY -o package.tar FILE",
  ],
];

function refuseWrapped(path: string): void {
  const first = firstBytes(path);
  const found = wrappers.find(([bytes]) => first.startsWith(bytes));
  if (found) throw new HoldfastError("usage", `cannot check ${path}: it is ${found[1]}`, found[2]);
}

function firstBytes(path: string): string {
  try {
    const descriptor = openNamedQuietly(path);
    try {
      const bytes = Buffer.alloc(32);
      return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw refused(path, error);
  }
}

function refused(path: string, error: unknown): HoldfastError {
  const message = `cannot check ${path}: the system refuses to read it`;
  return new HoldfastError("io", message, "look at who may read it with: ls -l", error);
}
