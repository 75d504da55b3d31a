import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Something found on disk below a folder, by its path relative to that folder with `/` between the parts. */
export interface FoundPath {
  readonly path: string;
  /** `bad-name`: its name is not UTF-8, so it can be reported but not opened. `unreadable`: the system refuses. */
  readonly kind: "file" | "empty-folder" | "other" | "bad-name" | "unreadable";
  readonly bytes: number;
  /** Some user may write to it. */
  readonly writable: boolean;
  /** How many names the file has. */
  readonly links: number;
}

/**
 * Everything below a folder, links not followed; sorted. Folders in `closed` (paths relative to the root) are listed
 * and not entered. What cannot be read is listed as such; what vanishes meanwhile counts as absent. Never throws.
 */
export function walk(root: string, closed: ReadonlySet<string>): readonly FoundPath[] {
  return below(root, "", closed) ?? [];
}

/** What lies in one folder and below it; null when the folder is gone. */
function below(root: string, prefix: string, closed: ReadonlySet<string>): readonly FoundPath[] | null {
  let names: readonly Buffer[];
  try {
    names = readdirSync(join(root, prefix), { encoding: "buffer" });
  } catch (error) {
    return isGone(error) ? null : [found(prefix, "unreadable")];
  }
  return [...names]
    .sort(Buffer.compare)
    .flatMap((raw) => inspect(root, prefix === "" ? "" : `${prefix}/`, raw, closed));
}

function inspect(
  root: string,
  prefix: string,
  raw: Buffer,
  closed: ReadonlySet<string>,
): readonly FoundPath[] {
  const name = raw.toString("utf8");
  const path = `${prefix}${name}`;
  if (!Buffer.from(name).equals(raw)) return [found(path, "bad-name")];
  try {
    const state = lstatSync(join(root, path));
    if (!state.isDirectory()) {
      const { size: bytes, nlink: links, mode } = state;
      return [
        { path, kind: state.isFile() ? "file" : "other", bytes, writable: (mode & 0o222) !== 0, links },
      ];
    }
  } catch (error) {
    return isGone(error) ? [] : [found(path, "unreadable")];
  }
  if (closed.has(path)) return [found(path, "empty-folder")];
  const inside = below(root, path, closed);
  return inside?.length === 0 ? [found(path, "empty-folder")] : (inside ?? []);
}

function found(path: string, kind: FoundPath["kind"]): FoundPath {
  return { path, kind, bytes: 0, writable: false, links: 1 };
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
