/** Both digests of a file of a package, lower-case hex. */
export interface BagFile {
  /** Inside the package (FORMAT.md §17). */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

/** `bagit.txt` (RFC 8493 §2.1.1). */
export const bagDeclaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/** What `bag-info.txt` states (FORMAT.md §17). */
export interface BagStatement {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Capture ids, in any order. */
  readonly captures: readonly string[];
  readonly origin: string;
  readonly profile: "redacted" | "with-annex";
  /** The files under `data/`. */
  readonly payload: readonly Pick<BagFile, "bytes">[];
}

/** The bytes of `bag-info.txt`: one label and value in a line, each with its LF. */
export function encodeBagInfo({ date, captures, origin, profile, payload }: BagStatement): string {
  const bytes = payload.reduce((sum, file) => sum + file.bytes, 0);
  const lines = [
    `Bagging-Date: ${date}`,
    `Payload-Oxum: ${bytes}.${payload.length}`,
    ...[...captures].sort().map((id) => `External-Identifier: ${id}`),
    "Holdfast-Package: 1",
    `Holdfast-Origin: ${origin}`,
    `Holdfast-Profile: ${profile}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The bytes of a manifest: `<hex>  <path>`, in ascending order of path, each with its LF. Paths are ASCII. */
export function encodeManifest(files: readonly BagFile[], algorithm: "sha256" | "sha512"): string {
  return inOrder(files)
    .map((file) => `${file[algorithm]}  ${file.path}\n`)
    .join("");
}

/** In ascending order of path, byte-wise; paths are ASCII. */
export function inOrder<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
