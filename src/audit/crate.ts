import type { PackagedFile } from "./bag.js";
import { exactText } from "./bytes.js";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "./canonical-json.js";
import { errorAt, type Finding, readOrNull } from "./finding.js";
import type { LoggedFile } from "./log-captures.js";
import { packagePathProblem } from "./package-paths.js";

export const cratePath = "data/ro-crate-metadata.json";

/**
 * Compares what a package's RO-Crate says about its files with the entries and the files (FORMAT.md §17): a stated
 * SHA-256 or size that differs, and a file that is missing. Whatever else it says is its maker's word.
 */
export function auditCrate(
  bytes: Uint8Array,
  files: ReadonlyMap<string, PackagedFile>,
  expected: ReadonlyMap<string, readonly Pick<LoggedFile, "bytes" | "sha256">[]>,
): readonly Finding[] {
  const entities = entitiesOf(bytes);
  if (entities === null) {
    return [errorAt("crate-malformed", cratePath, "it is not the JSON of an RO-Crate with each key once")];
  }
  return entities.flatMap((entity) => {
    const path = filePathOf(entity);
    if (path === null) return [];
    const where = packagePathProblem(path) === null ? path : cratePath;
    const file = files.get(path);
    if (file === undefined)
      return [errorAt("crate-differs", where, "the RO-Crate names it, but it is missing")];
    const problem = differenceOf(entity, expected.get(path) ?? [file]);
    return problem === null ? [] : [errorAt("crate-differs", where, problem)];
  });
}

/** What an entity says that no statement about this file says; a file without an entry is its own statement. */
function differenceOf(
  { sha256, contentSize }: JsonObject,
  due: readonly { readonly bytes: number; readonly sha256: string | null }[],
): string | null {
  // Nothing can be said about a file that was not read.
  const isKnown = (one: { readonly sha256: string | null }) => one.sha256 === null || one.sha256 === sha256;
  if (sha256 !== undefined && !due.some(isKnown)) return "the RO-Crate states another SHA-256 for it";
  const hasSize = due.some(({ bytes }) => String(bytes) === contentSize);
  return contentSize === undefined || hasSize ? null : "the RO-Crate states another size for it";
}

/** The path in the package of an entity that is a file in it; null for anything else, such as an address. */
function filePathOf(entity: JsonObject): string | null {
  const { "@id": id, "@type": type } = entity;
  const isFile = type === "File" || (Array.isArray(type) && type.includes("File"));
  if (typeof id !== "string" || (!isFile && entity.sha256 === undefined)) return null;
  if (/^(?:[A-Za-z][A-Za-z0-9+.-]*:|#)/.test(id)) return null;
  return `data/${id.replace(/^\.\//, "")}`;
}

/** Null for what is not a flat JSON-LD graph, or names a key twice: of two values, readers take different ones. */
function entitiesOf(bytes: Uint8Array): readonly JsonObject[] | null {
  const text = exactText(bytes);
  if (text === null) return null;
  const crate = readOrNull(() => parseForeignJson(text)) ?? undefined;
  if (!isJsonObject(crate) || !Array.isArray(crate["@graph"])) return null;
  const entities = crate["@graph"].filter(isJsonObject);
  const hasEachKeyOnce = keysWritten(text) === keysRead(crate);
  return entities.length === crate["@graph"].length && hasEachKeyOnce ? entities : null;
}

/** How many keys a JSON text has: in JSON a string before a colon is a key, and nothing else is. */
function keysWritten(text: string): number {
  let count = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count += 1;
  return count;
}

/** How many keys are left once it is read; whoever read it bounded the nesting. */
function keysRead(value: Json): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + keysRead(item), 0);
  if (!isJsonObject(value)) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + 1 + keysRead(item), 0);
}
