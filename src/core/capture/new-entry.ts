import { encodeCanonical, type Json } from "../../audit/canonical-json.js";
import { type Entry, parseEntry } from "../../audit/entry.js";

/**
 * Builds an entry and reads it back through `parseEntry`, so that whatever is written can be read. Throws FormatError
 * for facts that no entry may state.
 */
export function buildEntry(facts: Omit<Entry, "v">): Entry {
  const { seq, prev, at, event, actor, tool, body } = facts;
  return parseEntry(encodeCanonical({ v: 1, seq, prev, at, event, actor, tool, body }));
}

/** The line of an entry, without its LF. Must be stored as it is and never generated again from a parsed entry. */
export function encodeEntry(entry: Entry): string {
  return encodeCanonical(entry);
}

/** `value` as plain JSON data, for typed records that go into an entry. Refuses what `encodeCanonical` refuses. */
export function toJson(value: unknown): Json {
  return JSON.parse(encodeCanonical(value));
}
