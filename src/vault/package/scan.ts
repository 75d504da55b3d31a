import {
  closeSync,
  type Dir,
  existsSync,
  lstatSync,
  opendirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../audit/finding.js";
import { clashingPaths, packagePathProblem, pathFinding } from "../../audit/package-paths.js";
import { HoldfastError } from "../../core/words/error.js";
import { openNamedQuietly } from "../digest-file.js";
import type { PackageIndex, PackageIndexFile, PackageLimits } from "./entries.js";
import { indexTar, isPackageTar } from "./tar.js";

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

/**
 * Whether a path is to be read as a package (FORMAT.md §17): a folder with a `bagit.txt`, or a `.tar` that is not known to
 * hold anything else. Whether it is a good one is for `verifyPackage` to say.
 */
export function isPackage(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return existsSync(join(path, "bagit.txt"));
  return found?.isFile() === true && /\.tar$/i.test(path) && isPackageTar(path);
}

/**
 * Everything in a package that is a folder on disk. No link is followed, and nothing is opened but folders whose names a package
 * may have. Throws only on an abort.
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
        return {
          form: "folder",
          files,
          folders,
          findings,
          unreadable: `it holds more than ${limits.files} names`,
        };
      }
      const path = folder === "" ? name : `${folder}/${name}`;
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
      } else if (state.isFile())
        files.push({ path, bytes: state.size, container: join(root, path), offset: null });
      else findings.push(pathFinding(path, "it is a link, a device or a pipe, and no file or folder"));
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { form: "folder", files, folders, findings, unreadable: null };
}

/** The names in a folder, a byte as one character, and one at a time: whoever made it decides how many there are. */
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
  return { code: "unreadable", severity: "note", where, message: "the system refuses to read this folder" };
}

function stateOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
