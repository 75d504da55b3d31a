import { basename, dirname, extname, sep } from "node:path";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import { isMediaExtension } from "../tools/media/kind.js";
import { sidecarRole } from "./sidecar-roles.js";
import type { HashedFile } from "./store-capture.js";

/** How the name of a file on disk enters the log and a record: as it is, or by its extension alone. */
export type NameInRecord = (name: string) => string;

/** The name as it is: for somebody who asked that it be kept in the record. */
export const wholeName: NameInRecord = wellFormed;

/**
 * What the record keeps of a name that may name a source: its extension, where files of this kind have such a one. Whatever
 * else stands behind the last dot can be a name too.
 */
export const extensionAlone: NameInRecord = (name) => {
  const extension = extname(name);
  const isUsual = isMediaExtension(extension.slice(1).toLowerCase()) || sidecarRole(name) !== null;
  return `<name>${isUsual ? extension : ""}`;
};

/** For the private annex: the name of each file as it was found (FORMAT.md §9), under its place in the object. */
export function foundNames(files: readonly HashedFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.flatMap(({ logicalPath, receivedAs }) =>
      receivedAs === null ? [] : [[`<name of ${logicalPath}>`, receivedAs] as const],
    ),
  );
}

/** What stands in a text in place of a file on disk and of the folder it lies in; the texts of errors name both. */
export function filePlaces(file: string, nameInRecord: NameInRecord): readonly LocalPlace[] {
  const name = basename(file);
  return [
    [file, nameInRecord(name)],
    [dirname(file), "<folder>"],
    [name, nameInRecord(name)],
  ];
}

/**
 * What is to be cut out of what lies beside a file: its path, its name unless the record keeps that, and its folder, where
 * a short one says nothing of anybody. Systems compose accents differently, so each in both normal forms as well.
 */
export function namesToCut(file: string, nameInRecord: NameInRecord): readonly string[] {
  const [folder, name] = [dirname(file), basename(file)];
  const isLong = folder.split(sep).length > 2;
  const cut = [file, ...(isLong ? [folder] : []), ...(nameInRecord === wholeName ? [] : [name])];
  return [...new Set(cut.flatMap((text) => [text, text.normalize("NFC"), text.normalize("NFD")]))];
}
