import type Database from "better-sqlite3";
import { isJsonObject, type Json } from "../../audit/canonical-json.js";
import { checkLineBytes, type Entry, firstLink } from "../../audit/entry.js";

/** An entry with the SHA-256 of its line, recomputed from the line and not read from a column. */
export interface HashedEntry {
  readonly entry: Entry;
  readonly hash: string;
}

/**
 * Every entry that is part of a capture's history, in the order of the log: those that name it, those about packages
 * that hold it, and the logged checks that covered it. `annotate` entries, which can name a source, are included only
 * if they are asked for. A line that cannot be read is left out; an audit names it.
 */
export function custodyOf(
  database: Database.Database,
  capture: string,
  withAnnotations: boolean,
): readonly HashedEntry[] {
  const own = database
    .prepare<[string], { line: Buffer }>(
      "SELECT CAST(line AS BLOB) AS line FROM entry WHERE json_extract(line, '$.body.capture') = ?",
    )
    .all(capture);
  const others = (["export-begun", "export", "fixity-check"] as const).flatMap((event) =>
    entriesOfEvent(database, event),
  );
  const about = others.filter(({ entry }) => covers(entry, capture));
  const all = [...readable(own), ...about].sort((a, b) => a.entry.seq - b.entry.seq);
  return all.filter(({ entry }) => withAnnotations || entry.event !== "annotate");
}

/** The entries of one event, in order, found through the index over events: a log may have a million lines. */
export function entriesOfEvent(database: Database.Database, event: Entry["event"]): readonly HashedEntry[] {
  const query =
    "SELECT CAST(line AS BLOB) AS line FROM entry WHERE json_extract(line, '$.event') = ? ORDER BY seq";
  return readable(database.prepare<[string], { line: Buffer }>(query).all(event));
}

function readable(rows: readonly { readonly line: Uint8Array }[]): readonly HashedEntry[] {
  return rows.flatMap(({ line }) => {
    const { entry, next } = checkLineBytes(line, firstLink);
    return entry ? [{ entry, hash: next.prev }] : [];
  });
}

function covers({ event, body }: Entry, capture: string): boolean {
  return event === "export" || event === "export-begun"
    ? names(body.captures, capture)
    : body.scope === "vault" || names(body.scope, capture);
}

function names(list: Json | undefined, capture: string): boolean {
  return (
    Array.isArray(list) &&
    list.some((item) => item === capture || (isJsonObject(item) && item.capture === capture))
  );
}
