import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Inventory, parseInventory } from "../audit/inventory.js";
import { headContentPaths } from "../core/capture/new-inventory.js";
import type { CaptureRecord, DerivationRecord } from "../core/capture/record.js";
import type { PublicationRecord } from "../core/media/publication.js";
import type { PageRecord } from "../core/page/page-record.js";
import { HoldfastError } from "../core/words/error.js";
import { schemaProblems } from "./json-schemas.js";

/** An object of the vault as its head version describes it. */
export interface StoredObject {
  readonly folder: string;
  readonly inventory: Inventory;
  readonly record: CaptureRecord;
  readonly derivation: DerivationRecord | null;
}

/**
 * Reads an object for use, not for judgement: its inventory must parse and its record must be valid by the schema.
 * Digests are checked by `verify`, not here. Throws `not-as-recorded`.
 */
export function readObject(folder: string): StoredObject {
  const parsed = parseInventory(readText(folder, "inventory.json"));
  if ("problems" in parsed) throw damaged(folder, parsed.problems.join("; "));
  const { inventory } = parsed;
  const paths = headContentPaths(inventory);
  const record = readJson(folder, paths.get("record.json"));
  if (!isRecord(record)) throw damaged(folder, "record.json is not a valid record");
  const derivation = paths.has("derived/derivation.json")
    ? readJson(folder, paths.get("derived/derivation.json"))
    : null;
  if (derivation !== null && !isDerivation(derivation)) throw damaged(folder, "derivation.json is not valid");
  return { folder, inventory, record, derivation };
}

/**
 * The copies for publication that an object holds, oldest first. Throws `not-as-recorded` for one with an invalid
 * record.
 */
export function publicationsOf({ folder, inventory }: StoredObject): readonly PublicationRecord[] {
  return [...headContentPaths(inventory)]
    .filter(([path]) => /^publication\/v\d+\/publication\.json$/.test(path))
    .map(([path, content]) => {
      const record = readJson(folder, content);
      if (!isPublication(record)) throw damaged(folder, `${path} is not valid`);
      return record;
    })
    .sort((a, b) => Number(a.version.slice(1)) - Number(b.version.slice(1)));
}

/** The records of the pages that an object holds, oldest first. Throws `not-as-recorded` for an invalid one. */
export function pageRecordsOf({ folder, inventory }: StoredObject): readonly PageRecord[] {
  return [...headContentPaths(inventory)]
    .filter(([path]) => /^page\/v\d+\/page\.json$/.test(path))
    .map(([path, content]) => {
      const record = readJson(folder, content);
      if (!isPage(record)) throw damaged(folder, `${path} is not valid`);
      return record;
    })
    .sort((a, b) => Number(a.version.slice(1)) - Number(b.version.slice(1)));
}

/** The absolute path of a logical path in the head version; throws when the object does not hold it. */
export function contentPath(object: StoredObject, logicalPath: string): string {
  const path = headContentPaths(object.inventory).get(logicalPath);
  if (path === undefined) throw damaged(object.folder, `${logicalPath} is not in the inventory`);
  return join(object.folder, path);
}

function readJson(folder: string, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(readText(folder, path));
  } catch {
    return undefined;
  }
}

function readText(folder: string, path: string): string {
  try {
    return readFileSync(join(folder, path), "utf8");
  } catch (error) {
    throw damaged(folder, `${path} cannot be read: ${error instanceof Error ? error.message : "unknown"}`);
  }
}

function isRecord(value: unknown): value is CaptureRecord {
  return schemaProblems("record", value).length === 0;
}

function isDerivation(value: unknown): value is DerivationRecord {
  return schemaProblems("derivation", value).length === 0;
}

function isPublication(value: unknown): value is PublicationRecord {
  return schemaProblems("publication", value).length === 0;
}

function isPage(value: unknown): value is PageRecord {
  return schemaProblems("page", value).length === 0;
}

function damaged(folder: string, why: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `reading the object ${folder}: ${why}`,
    "run 'holdfast verify' to see everything that is not as recorded",
  );
}
