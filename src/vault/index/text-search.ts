import type Database from "better-sqlite3";
import { foldedText, holdsWords, queryWords } from "../../core/capture/folded-text.js";

/**
 * The question for `capture_text` in which every word must occur as the beginning of a word: each word of `queryWords`
 * quoted, so that what a person types is never an FTS5 expression. `column`: the only one that is asked, else all. Without
 * a word it is the question that nothing answers.
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

/** Whether so few captures answer a question of `matchOf` that these are best looked at one by one. */
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
 * Functions for queries of this connection: `folded(text)`, and `holds_words(text, question)`, where the words of the
 * question stand as they were typed.
 */
export function addTextFunctions(database: Database.Database): void {
  const options = { deterministic: true } as const;
  database.function("folded", options, (text) => foldedText(String(text ?? "")));
  database.function("holds_words", options, (text, question) =>
    holdsWords(String(text ?? ""), queryWords(String(question ?? ""))) ? 1 : 0,
  );
}
