import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Something found on disk below a folder, by its path relative to that folder with `/` between the parts. */
export interface FoundPath {
  readonly path: string;
  readonly kind: "file" | "empty-folder" | "other";
  readonly bytes: number;
}

/** Everything below a folder, links not followed; sorted. An absent folder holds nothing. */
export function walk(root: string, prefix = ""): readonly FoundPath[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(root, prefix)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const found = lstatSync(join(root, path));
    if (found.isDirectory()) {
      const below = walk(root, path);
      return below.length > 0 ? below : [{ path, kind: "empty-folder", bytes: 0 }];
    }
    return [{ path, kind: found.isFile() ? "file" : "other", bytes: found.size }];
  });
}
