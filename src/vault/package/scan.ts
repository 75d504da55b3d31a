import {
  closeSync,
  type Dir,
  fstatSync,
  lstatSync,
  opendirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { type Finding, FormatError, noteAt } from "../../audit/finding.js";
import { isLitterName } from "../../audit/foreign-name.js";
import { clashingPaths, packagePathProblem, pathFinding } from "../../audit/package-paths.js";
import { type TarSource, tarMembers } from "../../audit/tar.js";
import { HoldfastError } from "../../core/words/error.js";
import { openNamedQuietly, type Place } from "../digest-file.js";

/** Where a file of a package lies. Only its place and size are known. */
export interface PackageIndexFile {
  /** Inside the package, as FORMAT.md §17 allows it. */
  readonly path: string;
  readonly bytes: number;
  /** The file itself, or where it lies in a tar file. */
  readonly place: Place;
}

export interface PackageIndex {
  readonly files: readonly PackageIndexFile[];
  /** Folders that are listed by themselves; those of the files need not be among them. */
  readonly folders: readonly string[];
  readonly findings: readonly Finding[];
  /** Why it cannot be read to its end, or is not a package at all; null if it can. */
  readonly unreadable: string | null;
}

const mebibyte = 1024 * 1024;

/** How much of a package is examined, since whoever made it decides how much there is. */
export const packageLimits = {
  /** Files and folders. */
  files: 1_000_000,
  /** Folders under `proof/`: each is a checkpoint with a proof of every entry that it covers. */
  checkpoints: 10_000,
  /** Bytes of one file that is read as a text. */
  text: 64 * mebibyte,
  /** Bytes of `proof/entries.jsonl`, and of one line of it. */
  entries: 256 * mebibyte,
  line: 16 * mebibyte,
  /** Bytes of all texts that are kept in memory at a time. */
  kept: 512 * mebibyte,
};

export type PackageLimits = Readonly<typeof packageLimits>;

/**
 * Lists a package without reading what is in it. Throws HoldfastError if nothing there could be a package: `not-found`,
 * `usage` for what is neither a file nor a folder, `io` if the system refuses.
 */
export function indexPackage(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  const isFolder = folderOrFile(path) === "folder";
  const index = isFolder ? indexFolder(path, limits, signal) : readTar(path, limits, signal);
  if (index.findings.some(({ code, where }) => code === "unreadable" && where === "package")) {
    throw refused(path, null);
  }
  if (index.unreadable !== null) return index;
  if (!index.files.some((file) => file.path === "bagit.txt")) {
    return { ...index, unreadable: "it holds no bagit.txt" };
  }
  if (checkpointsIn(index) > limits.checkpoints) {
    return { ...index, unreadable: `it holds more than ${limits.checkpoints} checkpoints` };
  }
  const paths = index.files.map((file) => file.path);
  return { ...index, findings: [...index.findings, ...clashingPaths(paths, index.folders)] };
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
    `cannot check ${path}: ${state === undefined ? "there is no such file or folder" : "it is neither a file nor a folder"}`,
    "give the folder or the .tar file of a package",
  );
}

function refused(path: string, error: unknown): HoldfastError {
  const message = `cannot check ${path}: the system refuses to read it`;
  return new HoldfastError("io", message, "check who may read it with: ls -l", error);
}

/**
 * Everything in a package that is a folder on disk. No link is followed, and only folders whose names a package may
 * have are opened. Throws only on an abort.
 */
function indexFolder(root: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  const files: PackageIndexFile[] = [];
  const folders: string[] = [];
  const findings: Finding[] = [];
  const open = [""];
  let seen = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    signal.throwIfAborted();
    const names = namesIn(join(root, folder));
    if (names === null) findings.push(closedFolder(folder));
    for (const name of names ?? []) {
      seen += 1;
      if (seen > limits.files) {
        return { files, folders, findings, unreadable: `it holds more than ${limits.files} names` };
      }
      const path = folder === "" ? name : `${folder}/${name}`;
      if (isLitterName(name)) {
        findings.push(noteAt("stray", path, "no part of the package"));
        continue;
      }
      const problem = packagePathProblem(path);
      if (problem !== null) {
        findings.push(pathFinding(path, problem));
        continue;
      }
      const state = stateOf(join(root, path));
      if (state === null) continue;
      if (state.isDirectory()) {
        open.push(path);
        folders.push(path);
      } else if (state.isFile()) files.push({ path, bytes: state.size, place: join(root, path) });
      else findings.push(pathFinding(path, "it is a link, a device or a pipe, not a file or folder"));
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, folders, findings, unreadable: null };
}

/** The names in a folder, each byte as one character, one at a time: whoever made it decides how many there are. */
function namesIn(folder: string): Iterable<string> | null {
  try {
    return readNames(opendirSync(folder, { encoding: "latin1" }));
  } catch {
    return null;
  }
}

function* readNames(opened: Dir): Generator<string> {
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) yield entry.name;
  } finally {
    opened.closeSync();
  }
}

function closedFolder(path: string): Finding {
  const where = path === "" ? "package" : path;
  return noteAt("unreadable", where, "the system refuses to read this folder");
}

function stateOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

/**
 * Where each file of a package lies in a tar file: nothing is unpacked. Throws only on an abort and if the tar file
 * itself cannot be read.
 */
function indexTar(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
  const files: PackageIndexFile[] = [];
  const folders: string[] = [];
  const findings: Finding[] = [];
  const unreadable = withTar(path, (source) => {
    let seen = 0;
    for (const { kind, path: inside, size, offset } of tarMembers(source)) {
      signal.throwIfAborted();
      if (files.length >= limits.files || seen >= 2 * limits.files) {
        return `it holds more than ${limits.files} names`;
      }
      seen += 1;
      if (inside === "") continue;
      const problem = packagePathProblem(inside);
      if (problem !== null) findings.push(pathFinding(inside, problem));
      else if (kind === "folder") folders.push(inside);
      else files.push({ path: inside, bytes: size, place: { file: path, offset, bytes: size } });
    }
    return null;
  });
  return { files, folders, findings, unreadable };
}

/** What `look` returns, or why the tar cannot be read that far. */
export function withTar<Outcome>(path: string, look: (source: TarSource) => Outcome): Outcome | string {
  const descriptor = openNamedQuietly(path);
  try {
    return look({ length: fstatSync(descriptor).size, read: readerOf(descriptor) });
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function readerOf(descriptor: number): TarSource["read"] {
  return (at, length) => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const read = readSync(descriptor, bytes, done, length - done, at + done);
      if (read === 0) throw new FormatError("tar-malformed", "it breaks off");
      done += read;
    }
    return bytes;
  };
}
