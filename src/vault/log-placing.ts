import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { moveDurably, writeNewFileInParts } from "./durable.js";
import type { VaultLayout } from "./layout.js";

/** What precedes the name of a file in `staging/` on its way into `log/`. */
const onItsWay = "log.";

/**
 * Puts one new file into `log/` (FORMAT.md §14): written and synced in `staging/`, then renamed into place, read-only.
 * A reader sees all of it or nothing. Throws if a file of this name exists: nothing in `log/` is overwritten.
 */
export function placeInLog(
  layout: VaultLayout,
  name: string,
  content: string | Uint8Array | Iterable<string>,
): void {
  const place = join(layout.log, name);
  if (existsSync(place)) throw new Error(`log/${name} exists already and is never overwritten`);
  const staged = join(layout.staging, `${onItsWay}${name}`);
  rmSync(staged, { force: true });
  const whole = typeof content === "string" || content instanceof Uint8Array;
  writeNewFileInParts(staged, whole ? [content] : content);
  moveDurably(staged, place);
}

/** Removes what a killed writer did not finish: files that never got their name in `log/`. */
export function clearUnfinished(layout: VaultLayout): void {
  removeFiles(layout.staging, (name) => name.startsWith(onItsWay));
  removeFiles(layout.log, (name) => /^\d{6,16}[.-].*\.new$/.test(name));
}

function removeFiles(folder: string, isUnfinished: (name: string) => boolean): void {
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    if (item.isFile() && isUnfinished(item.name)) rmSync(join(folder, item.name), { force: true });
  }
}
