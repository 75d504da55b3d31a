import { existsSync } from "node:fs";
import {
  below,
  bytesOf,
  type FoundPath,
  isWithin,
  resolvedPath,
  shownPath,
  splitPath,
} from "./found-path.js";
import { startOf } from "./read-start.js";

/** Where holdfast itself writes: nothing in there becomes evidence by way of a link. */
export interface OwnPlaces {
  /** The vault that is written to. */
  readonly vault: string;
  /** The folder of the keys and settings. */
  readonly config: string;
}

/** Whose a folder is that holdfast made. */
export type Kept = "own-vault" | "own-config" | "vault" | "package";

/** Whether holdfast made what is in a folder. */
export function keptBy(folder: FoundPath, own: OwnPlaces): Kept | null {
  const here = resolvedPath(folder);
  if (isSame(here, own.vault)) return "own-vault";
  if (isSame(here, own.config)) return "own-config";
  if (holds(folder, "holdfast.json") && holds(folder, "vault.db")) return "vault";
  return isPackage(folder) ? "package" : null;
}

/**
 * Whether a path without links lies anywhere in what holdfast made: for what a link leads to, of which nobody has seen the
 * folders around it.
 */
export function keptAround(path: FoundPath, own: OwnPlaces): Kept | null {
  const inOwn = keptByOwn(path, own);
  if (inOwn !== null) return inOwn;
  for (let at = path; shownPath(at) !== "/"; at = splitPath(at).folder) {
    // Also a vault that has lost one of the two.
    if (holds(at, "holdfast.json") || holds(at, "vault.db")) return "vault";
    if (isPackage(at)) return "package";
  }
  return null;
}

function keptByOwn(path: FoundPath, own: OwnPlaces): Kept | null {
  if (isWithin(path, placeOf(own.vault))) return "own-vault";
  return isWithin(path, placeOf(own.config)) ? "own-config" : null;
}

/** Where a folder lies without links; the folder as it is where that cannot be told any more. */
export function placeOf(folder: FoundPath): FoundPath {
  try {
    return resolvedPath(folder);
  } catch {
    return folder;
  }
}

function holds(folder: FoundPath, name: string): boolean {
  return existsSync(below(folder, Buffer.from(name)));
}

function isSame(folder: FoundPath, own: string): boolean {
  return bytesOf(folder).equals(bytesOf(placeOf(own)));
}

function isPackage(folder: FoundPath): boolean {
  return startOf(below(folder, Buffer.from("bag-info.txt"))).includes("Holdfast-Package");
}
