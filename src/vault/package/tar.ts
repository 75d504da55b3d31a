import { closeSync, fstatSync, readSync } from "node:fs";
import { type Finding, FormatError } from "../../audit/finding.js";
import { packagePathProblem, pathFinding } from "../../audit/package-paths.js";
import { beginsTar, type TarSource, tarMembers } from "../../audit/tar.js";
import { openNamedQuietly } from "../digest-file.js";
import type { PackageIndex, PackageIndexFile, PackageLimits } from "./entries.js";

/**
 * Where each file of a package lies in a tar file: nothing is unpacked. Throws only on an abort and where the tar file
 * itself cannot be read.
 */
export function indexTar(path: string, limits: PackageLimits, signal: AbortSignal): PackageIndex {
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
      else files.push({ path: inside, bytes: size, container: path, offset });
    }
    return null;
  });
  return { form: "tar", files, folders, findings, unreadable };
}

/**
 * Whether a file is a tar that is to be read as a package: it holds a `bagit.txt` in its one folder, or it cannot be read
 * so far that this is known.
 */
export function isPackageTar(path: string): boolean {
  const verdict = withTar(path, (source) => {
    if (!beginsTar(source)) return "other";
    for (const { path: inside } of tarMembers(source)) if (inside === "bagit.txt") return "package";
    return "other";
  });
  return verdict !== "other";
}

/** What `look` comes to, or why the tar cannot be read so far. */
function withTar<Outcome>(path: string, look: (source: TarSource) => Outcome): Outcome | string {
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
