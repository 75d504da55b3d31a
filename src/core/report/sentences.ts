import { ruCauses } from "./texts/ru-causes.js";
import { ruSentences, ruWords } from "./texts/ru-sentences.js";

interface Rule {
  readonly pattern: RegExp;
  readonly russian: string;
  /** The holes of the sentence in order: `{}` or `{w}`. */
  readonly holes: readonly string[];
}

const hole = /\{w?\}/g;

/** Of two sentences that fit, the one with more words of its own is meant. */
const rules: readonly Rule[] = [...ruSentences, ...ruCauses]
  .sort(([a], [b]) => b.replace(hole, "").length - a.replace(hole, "").length)
  .map(([english, russian]) => {
    const parts = english.split(hole).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return {
      pattern: new RegExp(`^${parts.join("((?:(?!; ).)+?)")}$`, "s"),
      russian,
      holes: english.match(hole) ?? [],
    };
  });

/** A text longer than this is no sentence of holdfast. */
const longest = 1000;

/**
 * A sentence that holdfast wrote into a record or entry, in Russian; null for any other text. Sentences that were joined
 * with a semicolon, or begin with the name of a file, are read part by part.
 */
export function inRussian(text: string): string | null {
  if (text.length > longest) return null;
  const whole = afterName(text) ?? byRules(text);
  if (whole !== null) return whole;
  const at = text.indexOf("; ");
  return at === -1 ? null : joined(inRussian(text.slice(0, at)), inRussian(text.slice(at + 2)));
}

function joined(first: string | null, rest: string | null): string | null {
  return first === null || rest === null ? null : `${first}; ${rest}`;
}

function afterName(text: string): string | null {
  const parts = /^([^\s:]+): (.+)$/s.exec(text);
  const rest = parts?.[2] === undefined ? null : byRules(parts[2]);
  return rest === null ? null : `${parts?.[1]}: ${rest}`;
}

function byRules(text: string): string | null {
  for (const { pattern, russian, holes } of rules) {
    const values = pattern.exec(text)?.slice(1);
    if (values === undefined) continue;
    const filled = values.map((value, at) =>
      holes[at] === "{w}" ? wordOf(value) : (inRussian(value) ?? value),
    );
    if (filled.includes(null)) continue;
    let next = 0;
    return russian.replace(hole, () => filled[next++] ?? "");
  }
  return null;
}

function wordOf(word: string): string | null {
  return Object.hasOwn(ruWords, word) ? (ruWords[word] ?? null) : null;
}
