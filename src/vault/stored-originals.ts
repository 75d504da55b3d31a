import { lstatSync } from "node:fs";
import { join } from "node:path";
import { objectPath } from "../audit/log-captures.js";
import { measureFiles } from "./check/measure.js";
import { readObject } from "./objects.js";
import type { Vault } from "./vault.js";

/**
 * Why the originals of a logged capture may not be relied on, or null. Its record must be readable, and every original
 * must be a regular file of the size in the index, and if `hashed`, with the SHA-256 in the index.
 */
export async function originalsProblem(
  vault: Pick<Vault, "database" | "layout">,
  capture: string,
  hashed: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  const object = join(vault.layout.root, objectPath(capture));
  const files = originalsInIndex(vault, capture);
  if (files.length === 0) return "the index names no original";
  const paths = files.map(({ path }) => join(object, "v1/content", path));
  for (const [index, file] of files.entries()) {
    const size = sizeOf(paths[index] ?? "");
    if (size === null) return `${file.path} is gone`;
    if (size !== file.bytes) return `${file.path} has another size`;
  }
  if (!isReadable(object)) return "its record cannot be read";
  if (!hashed) return null;
  const measured = await measureFiles(paths, true, () => undefined, signal);
  const changed = files.find((file, index) => {
    const now = measured[index];
    return now === undefined || "problem" in now || now.sha256 !== file.sha256;
  });
  return changed ? `${changed.path} has another SHA-256` : null;
}

function originalsInIndex(vault: Pick<Vault, "database">, capture: string) {
  return vault.database
    .prepare<[string], { path: string; bytes: number; sha256: string }>(
      "SELECT path, bytes, sha256 FROM file WHERE capture = ? AND path LIKE 'original/%' ORDER BY path",
    )
    .all(capture);
}

/** Null for whatever is not a regular file, or cannot be looked at. */
function sizeOf(path: string): number | null {
  try {
    const found = lstatSync(path);
    return found.isFile() ? found.size : null;
  } catch {
    return null;
  }
}

function isReadable(object: string): boolean {
  try {
    readObject(object);
    return true;
  } catch {
    return false;
  }
}
