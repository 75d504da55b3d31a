import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Check, changeInventories, type LooseInventory, pairs, pathsOf } from "./ocfl.js";

/** Where a damage is done: the storage root, the object of three versions, the object of one. */
export interface Place {
  readonly storage: string;
  readonly object: string;
  readonly single: string;
}

export interface Rule {
  readonly code: string;
  readonly must: string;
  readonly check: Check;
  readonly damage: (place: Place) => void;
}

export function rule(code: string, must: string, check: Check, damage: (place: Place) => void): Rule {
  return { code, must, check, damage };
}

/** Changes the root inventory and its copy in the newest version. */
export function head(change: (inventory: LooseInventory) => void): (place: Place) => void {
  return ({ object }) => changeInventories(object, ["", "v3"], change);
}

export function older(version: string, change: (inventory: LooseInventory) => void): (place: Place) => void {
  return ({ object }) => changeInventories(object, [version], change);
}

export function move(from: string, to: string): (place: Place) => void {
  return ({ object }) => renameSync(join(object, from), join(object, to));
}

export function moveInRoot(from: string, to: string): (place: Place) => void {
  return ({ storage }) => renameSync(join(storage, from), join(storage, to));
}

export function put(path: string): (place: Place) => void {
  return ({ object }) => plant(join(object, path));
}

export function putInRoot(path: string): (place: Place) => void {
  return ({ storage }) => plant(join(storage, path));
}

export function plant(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "planted");
}

export function firstKey(block: object): string {
  return Object.keys(block)[0]!;
}

/** Puts another first path into a manifest, a state or a block of fixity. */
export function repath(block: Record<string, unknown>, change: (path: string) => string): void {
  const digest = firstKey(block);
  block[digest] = [
    change(pathsOf(block)[0]!),
    ...pairs({ [digest]: block[digest] })
      .slice(1)
      .map(([, path]) => path),
  ];
}

export function rekey(block: Record<string, unknown>, to: string): void {
  const key = firstKey(block);
  block[to] = block[key];
  delete block[key];
}
