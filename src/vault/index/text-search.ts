import type Database from "better-sqlite3";
import { foldedCase, foldedText, holdsWords, queryWords } from "../../core/capture/folded-text.js";

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
