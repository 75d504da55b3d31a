import { wellFormed } from "./printable.js";

/** The absolute path of a folder or file on this machine, and what replaces it, for instance `<vault>`. */
export type LocalPlace = readonly [path: string, mark: string];

const maxLength = 500;

/**
 * The text of an error as it may enter the log or a record: one line, at most 500 characters, every one of `places`
 * replaced by its mark, longest first. The system's error texts name files.
 */
export function withoutPaths(text: string, places: readonly LocalPlace[]): string {
  const ordered = places.filter(([path]) => path.length > 1).sort((a, b) => b[0].length - a[0].length);
  const replaced = ordered.reduce((line, [path, mark]) => line.replaceAll(path, mark), text);
  return wellFormed(replaced.replaceAll(/\s+/g, " ").slice(0, maxLength));
}
