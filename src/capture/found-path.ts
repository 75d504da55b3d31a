import { readdirSync, realpathSync, statSync } from "node:fs";
import { sep } from "node:path";
import { isUtf8, nameOfBytes } from "../core/words/path-bytes.js";

/** An absolute path as the system has it: text where it is UTF-8, else bytes. */
export type FoundPath = string | Buffer;

function pathOf(bytes: Buffer): FoundPath {
  return isUtf8(bytes) ? bytes.toString("utf8") : bytes;
}

export function bytesOf(path: FoundPath): Buffer {
  return typeof path === "string" ? Buffer.from(path) : path;
}

/** The path as text for a person and for the annex. */
export function shownPath(path: FoundPath): string {
  return typeof path === "string" ? path : nameOfBytes(path);
}

const slash = Buffer.from(sep);

export function below(folder: FoundPath, name: Buffer): FoundPath {
  const start = bytesOf(folder);
  const joint = start.at(-1) === slash[0] ? [start, name] : [start, slash, name];
  return pathOf(Buffer.concat(joint));
}

/** The folder of a path, and its name in it. */
export function splitPath(path: FoundPath): { readonly folder: FoundPath; readonly name: Buffer } {
  const bytes = bytesOf(path);
  const at = bytes.lastIndexOf(slash);
  return { folder: pathOf(bytes.subarray(0, Math.max(1, at))), name: bytes.subarray(at + 1) };
}

/** Whether a path is a folder or lies below it. Both without links. */
export function isWithin(path: FoundPath, folder: FoundPath): boolean {
  const around = bytesOf(below(folder, Buffer.alloc(0)));
  return Buffer.concat([bytesOf(path), slash])
    .subarray(0, around.length)
    .equals(around);
}

/** Where a path leads once every link is followed. Throws where it leads nowhere. */
export function resolvedPath(path: FoundPath): FoundPath {
  return pathOf(realpathSync.native(path, { encoding: "buffer" }));
}

export function namesIn(folder: FoundPath): readonly Buffer[] {
  return readdirSync(folder, { encoding: "buffer" }).sort(Buffer.compare);
}

/**
 * The paths that a typed path means. A shell hands over bytes, and of a name that is no UTF-8 they arrive with U+FFFD in
 * it: then every name that reads the same is meant. The path itself where nothing fits.
 */
export function typedPaths(typed: string): readonly FoundPath[] {
  if (!typed.includes("\ufffd") || statSync(typed, { throwIfNoEntry: false })) return [typed];
  let found: readonly FoundPath[] = [sep];
  for (const part of typed.split(sep).filter((one) => one !== "")) {
    found = found.flatMap((folder) => namesLike(folder, part).map((name) => below(folder, name)));
  }
  return found.length === 0 ? [typed] : found;
}

function namesLike(folder: FoundPath, part: string): readonly Buffer[] {
  if (!part.includes("\ufffd")) return [Buffer.from(part)];
  try {
    return namesIn(folder).filter((name) => name.toString("utf8") === part);
  } catch {
    return [];
  }
}
