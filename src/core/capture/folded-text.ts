/**
 * Letters that people replace when they search: Kazakh letters by the Russian letter that takes their place on a
 * keyboard without them, and ё by е.
 */
const replaced: ReadonlyMap<string, string> = new Map([
  ["ё", "е"],
  ["ә", "а"],
  ["ғ", "г"],
  ["қ", "к"],
  ["ң", "н"],
  ["ө", "о"],
  ["ұ", "у"],
  ["ү", "у"],
  ["һ", "х"],
  ["і", "и"],
]);

const replacedLetters = new RegExp(`[${[...replaced.keys()].join("")}]`, "gu");
const mayHaveMarks = /[\u00c0-\u024f\u1e00-\u1eff]|\p{M}/u;
const marksOfLatin = /(?<=\p{Script=Latin})\p{M}+/gu;

/** The limit of Unicode's stream-safe text format (UAX #15, D4); no script puts more marks on a letter. */
const manyMarks = /(\p{M}{30})\p{M}+/gu;

/**
 * `text` without any marks after the thirtieth in a row. Normalising a long run takes time quadratic in its length:
 * half a million marks, which any page can put into a title, would take an hour.
 */
export function withFewMarks(text: string): string {
  return text.replace(manyMarks, "$1");
}

/**
 * `text` as a search compares it (FORMAT.md §4.6): at most 30 marks in a row, NFKC, lower case, no marks on Latin
 * letters, letters replaced as in `replaced`. A search treats texts with the same folded form as equal. For comparison
 * only, never for display.
 */
export function foldedText(text: string): string {
  const lower = withFewMarks(text).normalize("NFKC").toLowerCase();
  const plain = mayHaveMarks.test(lower)
    ? lower.normalize("NFD").replace(marksOfLatin, "").normalize("NFC")
    : lower;
  return plain.replace(replacedLetters, (letter) => replaced.get(letter) ?? letter);
}

/** The name of a case as a search compares it: `дело №14/2` is `Дело № 14/2`. */
export function foldedCase(name: string): string {
  return foldedText(
    name
      .replaceAll(/\s+/g, " ")
      .replaceAll(/ ?([№#]) ?/g, "$1")
      .trim(),
  );
}

const letter = /[\p{L}\p{N}\p{Co}]/u;
const betweenLetters = /[^\p{L}\p{N}\p{Co}\p{M}]+/u;

/** The words of a query, folded. A word contains a letter or digit and may contain other characters, as in `12/3-a`. */
export function queryWords(text: string): readonly string[] {
  return foldedText(text)
    .split(/[\s\0]+/)
    .filter((word) => letter.test(word));
}

/** Whether every word of `queryWords` occurs in `text` at the beginning of a word, as in a full-text search. */
export function holdsWords(text: string, words: readonly string[]): boolean {
  const parts = partsOf(foldedText(text));
  return words.every((word) => holdsPhrase(parts, partsOf(word)));
}

/** Shorter ones are inside too many others. */
const leastInside = 3;

/** Whether words of `queryWords` are looked for inside other words too. */
export function mayBeInside(words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => [...word].length >= leastInside);
}

/** Whether every word of `queryWords` occurs in `text`, at the beginning of a word or, if it is long enough, inside one. */
export function holdsWordsAnywhere(text: string, words: readonly string[]): boolean {
  if (holdsWords(text, words)) return true;
  const folded = foldedText(text);
  return mayBeInside(words) && words.every((word) => folded.includes(word));
}

function partsOf(folded: string): readonly string[] {
  return folded.split(betweenLetters).filter((part) => part !== "");
}

function holdsPhrase(parts: readonly string[], phrase: readonly string[]): boolean {
  const last = phrase.length - 1;
  return parts.some((_, from) =>
    phrase.every((part, at) => {
      const found = parts[from + at] ?? "";
      return at === last ? found.startsWith(part) : found === part;
    }),
  );
}
