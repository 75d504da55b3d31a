import { type Dir, lstatSync, opendirSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../audit/finding.js";
import { packagePathProblem, pathFinding } from "../audit/package-paths.js";
import type { PackageIndex, PackageIndexFile, PackageLimits } from "./package/scan.js";

/**
 * Everything in a package that is a folder on disk. No link is followed, and nothing is opened but folders whose names a package
 * may have. Throws only on an abort.
 */
export function indexFolder(root: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
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
