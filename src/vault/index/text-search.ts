import type Database from "better-sqlite3";
import {
  foldedCase,
  foldedText,
  holdsWords,
  mayBeInside,
  queryWords,
} from "../../core/capture/folded-text.js";

/**
 * The FTS5 query for `capture_text` in which every word must occur as the beginning of a word. Each word of
 * `queryWords` is quoted, so that what a person types is never an FTS5 expression. `column` is the only one to search;
 * without it, all are. Without a word, the query matches nothing.
 */
export function matchOf(words: readonly string[], column: "notes" | null = null): string {
  const quoted = words.map((word) => `"${word.replaceAll('"', '""')}"*`).join(" ");
  const question = quoted === "" ? '""' : quoted;
  return column === null ? question : `${column} : (${question})`;
}

/** The same for a text as typed. */
export function matchOfText(text: string): string {
  return matchOf(queryWords(text));
}

/** The parameters of `insideQuery`, by name. */
export function insideValues(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map((word, at) => [`inside${at}`, word]));
}

/**
 * The rows of `capture_text` in which every word occurs, inside another word too. Null where the words are too short to be
 * looked for so, and in a vault of so many captures that to read every text would take longer than people wait: an index of
 * every three letters would be several times as large as the texts.
 */
export function insideQuery(database: Database.Database, words: readonly string[]): string | null {
  if (!mayBeInside(words) || readsBeginningsAlone(database)) return null;
  const columns = ["title", "description", "uploader", "notes"];
  const all = words.map(
    (_, at) => `(${columns.map((name) => `instr(${name}, @inside${at}) > 0`).join(" OR ")})`,
  );
  return `SELECT rowid FROM capture_text WHERE ${all.join(" AND ")}`;
}

/** Whether a vault has so many captures that words are found by their beginnings alone. */
export function readsBeginningsAlone(database: Database.Database): boolean {
  const most = 20_000;
  const query = "SELECT count(*) FROM (SELECT 1 FROM capture LIMIT ?)";
  return (
    (database
      .prepare<[number], number>(query)
      .pluck()
      .get(most + 1) ?? 0) > most
  );
}

/** Whether so few captures match a query of `matchOf` that these are best examined one by one. */
export function hasFewMatches(database: Database.Database, match: string): boolean {
  const most = 10_000;
  const query = "SELECT count(*) FROM (SELECT 1 FROM capture_text WHERE capture_text MATCH ? LIMIT ?)";
  const count =
    database
      .prepare<[string, number], number>(query)
      .pluck()
      .get(match, most + 1) ?? 0;
  return count <= most;
}

/**
 * Functions for queries on this connection: `folded(text)`, `folded_case(name)`, and `holds_words(text, question)`, whose question holds the
 * words as typed.
 */
export function addTextFunctions(database: Database.Database): void {
  const options = { deterministic: true } as const;
  database.function("folded", options, (text) => foldedText(String(text ?? "")));
  database.function("folded_case", options, (name) => foldedCase(String(name ?? "")));
  database.function("holds_words", options, (text, question) =>
    holdsWords(String(text ?? ""), queryWords(String(question ?? ""))) ? 1 : 0,
  );
}
