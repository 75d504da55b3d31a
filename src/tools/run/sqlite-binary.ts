import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readNote, textOf } from "./set-up-notes.js";

/** The native SQLite library that this installation loads. */
export interface SqliteBinary {
  readonly path: string;
  /** Version of the package that contains it. */
  readonly version: string;
  readonly sha256: string;
  /**
   * `built-by-set-up`: the file that set-up built from the package's source. `changed-since-set-up`: a different file has
   * replaced it. `not-recorded`: set-up recorded no digest.
   */
  readonly state: "built-by-set-up" | "changed-since-set-up" | "not-recorded";
}

/** The `node_modules` folder from which better-sqlite3 is loaded, or null. */
export function modulesFolder(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json")));
  } catch {
    return null;
  }
}

/**
 * Reads the native SQLite library below `modules` and compares it with the digest that set-up recorded
 * (`bin/setup/sqlite.js`). Null if there is none. Whoever can write there can change both: this reveals an exchanged file,
 * not a careful attacker.
 */
export function sqliteBinary(modules: string): SqliteBinary | null {
  const folder = join(modules, "better-sqlite3");
  const path = join(folder, "build", "Release", "better_sqlite3.node");
  const bytes = read(path);
  const version = textOf(readNote(join(folder, "package.json")).version);
  if (bytes === null || version === null) return null;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const recorded = textOf(readNote(join(modules, ".holdfast-sqlite.json")).sha256);
  if (recorded === null) return { path, version, sha256, state: "not-recorded" };
  return { path, version, sha256, state: recorded === sha256 ? "built-by-set-up" : "changed-since-set-up" };
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
