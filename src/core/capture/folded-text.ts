/**
 * Letters that people search for by another one: Kazakh letters by the Russian letter that a keyboard without them has
 * in their place, and ё by е.
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

/** As many as Unicode's stream-safe text has (UAX #15, D4); no script writes more on a letter. */
const manyMarks = /(\p{M}{30})\p{M}+/gu;

/**
 * `text` without the marks behind the thirtieth in a row. To normalise a long run takes time in the square of its length:
 * half a million marks, which any page can claim for a title, would take an hour.
 */
export function withFewMarks(text: string): string {
  return text.replace(manyMarks, "$1");
}

/**
 * `text` as it is searched (FORMAT.md §4.6): at most 30 marks in a row, NFKC, lower case, without the marks on Latin letters, and with `replaced`.
 * Texts that fold to the same are the same to a search. For comparing only, never for showing.
 */
export function foldedText(text: string): string {
  const lower = withFewMarks(text).normalize("NFKC").toLowerCase();
  const plain = mayHaveMarks.test(lower)
    ? lower.normalize("NFD").replace(marksOfLatin, "").normalize("NFC")
    : lower;
  return plain.replace(replacedLetters, (letter) => replaced.get(letter) ?? letter);
}

const letter = /[\p{L}\p{N}\p{Co}]/u;
const betweenLetters = /[^\p{L}\p{N}\p{Co}\p{M}]+/u;

/** The words of a question, folded. What has no letter or digit in it is no word; a word may hold other signs: `12/3-a`. */
export function queryWords(text: string): readonly string[] {
  return foldedText(text)
    .split(/[\s\0]+/)
    .filter((word) => letter.test(word));
}

/** Whether every word of `queryWords` occurs in `text` as the beginning of a word, as a full-text search has it. */
export function holdsWords(text: string, words: readonly string[]): boolean {
  const parts = partsOf(foldedText(text));
  return words.every((word) => holdsPhrase(parts, partsOf(word)));
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
