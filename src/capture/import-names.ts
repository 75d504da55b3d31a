import { basename, dirname, extname, sep } from "node:path";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import { isMediaExtension } from "../tools/media/kind.js";
import { type FoundPath, shownPath } from "./found-path.js";
import type { Evidence } from "./gather-evidence.js";
import { sidecarRole } from "./sidecar-roles.js";

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

/** For the private annex: each file's name as found (FORMAT.md §9), by its path in the object or in the annex. */
export function foundNames({
  files,
  raw,
}: Pick<Evidence, "files" | "raw">): Readonly<Record<string, string>> {
  const stored = files.map(({ logicalPath, receivedAs }) => [logicalPath, receivedAs] as const);
  const apart = raw.map(({ name, receivedAs }) => [name, receivedAs ?? null] as const);
  return Object.fromEntries(
    [...stored, ...apart].flatMap(([path, name]) => (name === null ? [] : [[`<name of ${path}>`, name]])),
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
 * The texts to cut from an info.json beside an imported file: its path, its name unless the record keeps it, and its folder
 * unless that is too short to identify anyone. Each also in both Unicode normal forms, because systems store accents
 * differently.
 */
export function namesToCut(path: FoundPath, nameInRecord: NameInRecord): readonly string[] {
  return inBothForms(spellings(path).flatMap((file) => namesIn(file, nameInRecord)));
}

/**
 * The texts to cut from everything else beside an imported file: of each of these paths what is cut from an info.json, and
 * the name without its ending where no ordinary word is like it. An info.json keeps that, because yt-dlp makes a file's
 * name of the title.
 */
export function namesToHide(paths: readonly FoundPath[], nameInRecord: NameInRecord): readonly string[] {
  const hidden = paths.flatMap((path) => {
    const asBytes = typeof path === "string" ? [] : [path.toString("latin1")];
    return [...spellings(path), ...asBytes].flatMap((file) => [
      ...namesIn(file, nameInRecord),
      ...(nameInRecord === wholeName ? [] : stemsOf(basename(file))),
    ]);
  });
  return inBothForms(hidden);
}

function namesIn(file: string, nameInRecord: NameInRecord): readonly string[] {
  const [folder, name] = [dirname(file), basename(file)];
  const isLong = folder.split(sep).length > 2;
  return [file, ...(isLong ? [folder] : []), ...(nameInRecord === wholeName ? [] : [name])];
}

/** yt-dlp's formats that are not merged yet, and copies that a system counted, are called by a name that others have too. */
const addedToName = /\.f\d[\w-]{0,40}$|\s?\(\d+\)$/;

function stemsOf(name: string): readonly string[] {
  const stem = name.replace(/(?<=.)\.[^.]*$/, "");
  // What stands for bytes that are no UTF-8 stands in the text of any picture too.
  return [stem, stem.replace(addedToName, "")].filter((one) => isTelling(one) && !one.includes("\ufffd"));
}

/** Whether this is unlike an ordinary word: a digit or a sign in six characters, or ten of any kind. */
function isTelling(stem: string): boolean {
  const length = [...stem].length;
  return length >= 10 || (length >= 6 && /[^\p{L}\p{M}]/u.test(stem));
}

function inBothForms(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => [text, text.normalize("NFC"), text.normalize("NFD")]))];
}
