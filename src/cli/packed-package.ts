import { inShell } from "./typed-again.js";

/**
 * What to type before a package can be checked, by the name of the file: a package is often handed on compressed or
 * encrypted. Null for a name that says neither.
 */
export function unpackingHint(name: string): string | null {
  const file = inShell(name);
  const ending = /\.(age|zip|7z|rar|tgz|tar\.\w+)$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === undefined) return null;
  const program = programs.get(ending);
  if (ending.endsWith("age")) {
    return `it is encrypted: age -d -i KEY ${file} > package.tar, then give package.tar`;
  }
  return program === undefined
    ? "a package is a folder or a .tar: unpack it first, then give the folder"
    : `unpack it first: ${program} ${file} > package.tar, then give package.tar`;
}

/** Each writes what it unpacks to its standard output, and leaves the file as it is. */
const programs: ReadonlyMap<string, string> = new Map([
  ["tar.gz", "gzip -dc"],
  ["tgz", "gzip -dc"],
  ["tar.xz", "xz -dc"],
  ["tar.bz2", "bzip2 -dc"],
  ["tar.zst", "zstd -dc"],
]);
