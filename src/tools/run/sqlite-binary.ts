import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readNote, textOf } from "./set-up-notes.js";

/** The native part of SQLite that this installation loads. */
export interface SqliteBinary {
  readonly path: string;
  /** Version of the package that it is part of. */
  readonly version: string;
  readonly sha256: string;
  /**
   * `built-by-set-up`: the file that set-up built from the package's source. `changed-since-set-up`: another one, in its
   * place. `not-recorded`: set-up wrote down none.
   */
  readonly state: "built-by-set-up" | "changed-since-set-up" | "not-recorded";
}

/** The `node_modules` folder that better-sqlite3 is loaded from, or null. */
export function modulesFolder(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json")));
  } catch {
    return null;
  }
}

/**
 * Reads the native part of SQLite below `modules` and compares it with what set-up wrote down (`bin/setup/sqlite.js`).
 * Null where there is none. Whoever can write there can change both: it shows what somebody exchanged, not what an
 * attacker hid.
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
