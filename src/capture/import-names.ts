import { basename, dirname, extname, sep } from "node:path";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import { isMediaExtension } from "../tools/media/kind.js";
import { type FoundPath, shownPath } from "./found-path.js";
import { sidecarRole } from "./sidecar-roles.js";
import type { HashedFile } from "./store-capture.js";

/** How a file's name enters the log and a record: in full, or its extension alone. */
export type NameInRecord = (name: string) => string;

/** The full name, for a user who asked to keep it in the record. */
export const wholeName: NameInRecord = wellFormed;

/**
 * What the record keeps of a name that may identify a source: its extension, if it is a known one. Any other text after
 * the last dot could be part of a name.
 */
export const extensionAlone: NameInRecord = (name) => {
  const extension = extname(name);
  const isUsual = isMediaExtension(extension.slice(1).toLowerCase()) || sidecarRole(name) !== null;
  return `<name>${isUsual ? extension : ""}`;
};

/** For the private annex: each file's name as found (FORMAT.md §9), by its path in the object. */
export function foundNames(files: readonly HashedFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.flatMap(({ logicalPath, receivedAs }) =>
      receivedAs === null ? [] : [[`<name of ${logicalPath}>`, receivedAs] as const],
    ),
  );
}

/** Placeholders for a file on disk and its folder: error texts name both, the system's with U+FFFD for odd bytes. */
export function filePlaces(path: FoundPath, nameInRecord: NameInRecord): readonly LocalPlace[] {
  return spellings(path).flatMap((file) => {
    const name = basename(file);
    return [
      [file, nameInRecord(name)],
      [dirname(file), "<folder>"],
      [name, nameInRecord(name)],
    ] as const;
  });
}

function spellings(path: FoundPath): readonly string[] {
  return typeof path === "string" ? [path] : [shownPath(path), path.toString("utf8")];
}

/**
 * For the private annex: the bytes, in hex, of every path and name that is no UTF-8, by the placeholder under which
 * `places` has it as text (FORMAT.md §9).
 */
export function placeBytes(
  paths: Readonly<Record<string, FoundPath | null>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(paths).flatMap(([mark, path]) =>
      path === null || typeof path === "string" ? [] : [[mark, path.toString("hex")] as const],
    ),
  );
}

/**
 * The texts to cut from the files beside an imported file: its path, its name unless the record keeps it, and its folder
 * unless that is too short to identify anyone. Each also in both Unicode normal forms, because systems store accents
 * differently.
 */
export function namesToCut(path: FoundPath, nameInRecord: NameInRecord): readonly string[] {
  const cut = spellings(path).flatMap((file) => {
    const [folder, name] = [dirname(file), basename(file)];
    const isLong = folder.split(sep).length > 2;
    return [file, ...(isLong ? [folder] : []), ...(nameInRecord === wholeName ? [] : [name])];
  });
  return [...new Set(cut.flatMap((text) => [text, text.normalize("NFC"), text.normalize("NFD")]))];
}
