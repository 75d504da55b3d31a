import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * A reading of OCFL 1.1 of its own: it looks at stored bytes and shares nothing with src/. What it reads may be damaged in
 * any way, so nothing here believes a shape it has not looked at.
 */

export type Json = Readonly<Record<string, unknown>>;

export interface StoredNode {
  readonly kind: "file" | "folder" | "other";
  /** Empty for anything but a file. */
  readonly bytes: Buffer;
  readonly links: number;
}

/** A file called inventory.json: at the object's root (`place` "") or in a version folder ("v2/"). */
export interface StoredInventory {
  readonly place: string;
  readonly bytes: Buffer;
  /** Null where it is no JSON object. */
  readonly value: Json | null;
}

/** Paths of `nodes` are relative to the object's root. */
export interface StoredObject {
  readonly path: string;
  readonly nodes: ReadonlyMap<string, StoredNode>;
  readonly versions: readonly string[];
  readonly inventories: readonly StoredInventory[];
}

/** Paths of `nodes` are relative to the storage root. */
export interface StorageRoot {
  readonly nodes: ReadonlyMap<string, StoredNode>;
  readonly objects: readonly StoredObject[];
}

/** Problems in words; none means that the MUST is met. */
export type Check = (root: StorageRoot) => readonly string[];

export function readStorageRoot(folder: string): StorageRoot {
  const nodes = new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .sort()
      .map((path) => [path, readNode(join(folder, path))]),
  );
  const paths = [...nodes.keys()]
    .filter(
      (path) => !path.startsWith("extensions/") && /\/(\d=ocfl_object[^/]*|inventory\.json)$/.test(path),
    )
    .map((path) => path.replace(/\/[^/]*$/, ""));
  const roots = [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
  return { nodes, objects: roots.map((path) => readObject(path, nodes)) };
}

function readNode(path: string): StoredNode {
  const stat = lstatSync(path);
  const kind = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other";
  return { kind, bytes: stat.isFile() ? readFileSync(path) : Buffer.alloc(0), links: stat.nlink };
}

function readObject(path: string, all: ReadonlyMap<string, StoredNode>): StoredObject {
  const nodes = new Map(
    [...all]
      .filter(([name]) => name.startsWith(`${path}/`))
      .map(([name, node]) => [name.slice(path.length + 1), node]),
  );
  const versions = folders(nodes, "")
    .filter((name) => /^v\d+$/.test(name))
    .sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  const inventories = ["", ...versions.map((name) => `${name}/`)].flatMap((place) => {
    const node = nodes.get(`${place}inventory.json`);
    return node?.kind === "file" ? [{ place, bytes: node.bytes, value: parse(node.bytes) }] : [];
  });
  return { path, nodes, versions, inventories };
}

/** The JSON object in a file, or null. */
export function parse(bytes: Buffer | undefined): Json | null {
  try {
    const value: unknown = JSON.parse(String(bytes));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

/** Names directly in a folder; `place` is "" or ends with "/". */
function names(nodes: ReadonlyMap<string, StoredNode>, place: string, folder: boolean): readonly string[] {
  return [...nodes]
    .filter(([path, { kind }]) => path.startsWith(place) && (kind === "folder") === folder)
    .map(([path]) => path.slice(place.length))
    .filter((name) => name !== "" && !name.includes("/"));
}

export function folders(nodes: ReadonlyMap<string, StoredNode>, place: string): readonly string[] {
  return names(nodes, place, true);
}

export function files(nodes: ReadonlyMap<string, StoredNode>, place: string): readonly string[] {
  return names(nodes, place, false);
}

export function isEmpty(nodes: ReadonlyMap<string, StoredNode>, path: string): boolean {
  return ![...nodes.keys()].some((other) => other.startsWith(`${path}/`));
}

/** A manifest, a state or a block of fixity as pairs of digest and path; what is no list of paths has none. */
export function pairs(block: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(record(block)).flatMap(([digest, paths]) =>
    Array.isArray(paths) ? paths.map((path: unknown) => [digest, path] as const) : [],
  );
}

export function pathsOf(block: unknown): readonly string[] {
  return pairs(block).map(([, path]) => String(path));
}

export function digestOf(algorithm: unknown, bytes: Buffer): string {
  return createHash(algorithm === "sha256" ? "sha256" : "sha512")
    .update(bytes)
    .digest("hex");
}

/** Paths that appear twice or as the initial part of another. */
export function conflicts(paths: readonly string[]): readonly string[] {
  return paths.filter(
    (path, at) => paths.indexOf(path) !== at || paths.some((other) => other.startsWith(`${path}/`)),
  );
}

/** Digests that appear twice when case is ignored. */
export function repeated(block: unknown): readonly string[] {
  const digests = Object.keys(record(block)).map((digest) => digest.toLowerCase());
  return digests.filter((digest, at) => digests.indexOf(digest) !== at);
}

export function ofObjects(check: (object: StoredObject) => readonly string[]): Check {
  return ({ objects }) =>
    objects.flatMap((object) => check(object).map((problem) => `${object.path}: ${problem}`));
}

/** A check of every inventory that is a JSON object, at the root and in each version. */
export function ofInventories(
  check: (inventory: Json, object: StoredObject, place: string) => readonly string[],
): Check {
  return ofObjects((object) =>
    object.inventories.flatMap(({ value, place }) =>
      value ? check(value, object, place).map((problem) => `${place}inventory.json: ${problem}`) : [],
    ),
  );
}

/** A check of every version block of every inventory. */
export function ofVersionBlocks(check: (block: Json, inventory: Json) => readonly string[]): Check {
  return ofInventories((inventory) =>
    Object.entries(record(inventory.versions)).flatMap(([name, block]) =>
      check(record(block), inventory).map((problem) => `${name}: ${problem}`),
    ),
  );
}

/** The problem, unless what must be met is. */
export function unless(met: boolean, problem: string): readonly string[] {
  return met ? [] : [problem];
}

/** An inventory to be damaged. */
export interface LooseInventory {
  [key: string]: unknown;
  manifest: Record<string, unknown>;
  versions: Record<string, { [key: string]: unknown; state: Record<string, unknown> }>;
  fixity: Record<string, Record<string, unknown>>;
}

/** Puts bytes in place of a read-only file. */
export function replaceFile(path: string, content: string | Buffer): void {
  rmSync(path, { force: true });
  writeFileSync(path, content);
}

/** Writes an inventory and the sidecar that goes with it, so that the change itself is all that is wrong. */
export function replaceInventory(folder: string, content: string): void {
  replaceFile(join(folder, "inventory.json"), content);
  const digest = digestOf("sha512", Buffer.from(content));
  replaceFile(join(folder, "inventory.json.sha512"), `${digest}  inventory.json\n`);
}

/** Changes the inventories at these places of an object, each with its sidecar. */
export function changeInventories(
  object: string,
  places: readonly string[],
  change: (inventory: LooseInventory) => void,
): void {
  for (const place of places) {
    const inventory: LooseInventory = JSON.parse(readFileSync(join(object, place, "inventory.json"), "utf8"));
    change(inventory);
    replaceInventory(join(object, place), `${JSON.stringify(inventory, null, 2)}\n`);
  }
}
