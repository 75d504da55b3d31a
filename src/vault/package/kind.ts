import { closeSync, existsSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { latin1 } from "../../audit/bytes.js";
import { checksumOf, type TarSource, tarBlock, tarMembers } from "../../audit/tar.js";
import { HoldfastError } from "../../core/words/error.js";
import { openNamedQuietly } from "../digest-file.js";
import { withTar } from "./scan.js";

/**
 * Whether a path is read as a package (FORMAT.md §17): a folder with a `bagit.txt`, or a `.tar` that is not known to
 * hold anything else. `verifyPackage` says whether the package is good. Throws `usage` for a `.tar` that is compressed
 * or encrypted on top.
 */
export function isPackage(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return existsSync(join(path, "bagit.txt"));
  if (found?.isFile() !== true || !/\.tar$/i.test(path)) return false;
  refuseWrapped(path);
  return isPackageTar(path);
}

/**
 * Whether a tar file is read as a package: it holds a `bagit.txt` in its one folder, or it cannot be read far enough to
 * tell.
 */
function isPackageTar(path: string): boolean {
  const verdict = withTar(path, (source) => {
    if (!beginsTar(source)) return "other";
    for (const { path: inside } of tarMembers(source)) if (inside === "bagit.txt") return "package";
    return "other";
  });
  return verdict !== "other";
}

/** Whether this is the header with which a tar file begins, of whatever form: it has the checksum of one. */
function beginsTar(source: TarSource): boolean {
  if (source.length < tarBlock) return false;
  const block = source.read(0, tarBlock);
  return Number.parseInt(latin1(block.subarray(148, 156)), 8) === checksumOf(block);
}

/** Programs whose output is often handed on in place of the tar file itself, by its first bytes. */
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
  const descriptor = openNamedQuietly(path);
  try {
    const bytes = Buffer.alloc(32);
    return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
