import { maxUrlLength, webUrl } from "../capture/source-url.js";
import { addressInFormula, isFormula } from "./link-formula.js";

/** An address in a cell of a list. */
export interface CellAddress {
  /** The part of the cell that belongs to this address: the whole cell if it holds only one. */
  readonly text: string;
  /** What to capture; not judged yet (`parseSourceUrl` does). */
  readonly url: string;
  /** `url` if it does not stand like this in the cell: a scheme was added, a disguise taken off. */
  readonly readAs: string | null;
}

type Address = Pick<CellAddress, "url" | "readAs">;

/** Blanks and zero-width marks: messengers put them around an address that is copied. */
const blank = "[\\s\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]";
// The lookbehind keeps a long run of blanks in a hostile cell from being retried at every position.
const edges = new RegExp(`^${blank}+|(?<!${blank})${blank}+$`, "g");

const withScheme = /^https?:\/\//i;
const bare = /^(?:www\.[^\s/?#]+\.\S+|(?:[\p{L}\p{N}_-]+\.)+\p{L}[\p{L}\p{N}-]+(?::\d+)?[/?]\S*)$/iu;

/**
 * The addresses in a cell, in order; none for a blank cell. Blanks separate them, and `,` `;` `|` or nothing where another
 * address follows. Brackets and quotes around an address, and a comma or full stop after one of several, are not part of
 * it. Other words stay with the address before them. A cell with words but no address comes back whole as `url`, so that
 * its row is refused with a reason and not skipped.
 */
export function addressesIn(cell: string): readonly CellAddress[] {
  const trimmed = cell.replace(edges, "");
  if (trimmed === "") return [];
  const formula = addressInFormula(trimmed);
  if (formula !== null) return [{ text: cell, url: formula, readAs: formula }];
  const words = wordsOf(trimmed);
  const found: { words: string[]; address: Address | null }[] = [{ words: [], address: null }];
  for (const word of words) {
    const address = readAddress(words.length === 1 ? word : withoutPunctuation(word));
    const last = found.at(-1);
    if (last !== undefined && (address === null || last.address === null)) {
      last.words.push(word);
      last.address ??= address;
    } else {
      found.push({ words: [word], address });
    }
  }
  return found.map((one) => ({
    text: found.length === 1 ? cell : one.words.join(" "),
    ...(one.address ?? { url: trimmed, readAs: null }),
  }));
}

/** True if a cell holds addresses and nothing else. */
export function holdsOnlyAddresses(cell: string): boolean {
  const trimmed = cell.replace(edges, "");
  if (isFormula(trimmed)) return addressInFormula(trimmed) !== null;
  return trimmed !== "" && wordsOf(trimmed).every((word) => readAddress(word) !== null);
}

/** True if no address in a cell is written with a scheme, disguised or not. */
export function hasNoScheme(cell: string): boolean {
  return !/h(?:tt|xx|\*\*)ps?(?:\[|\()?:/i.test(cell);
}

/** True if a cell has words besides its addresses. */
export function hasOtherWords(cell: string): boolean {
  const trimmed = cell.replace(edges, "");
  if (isFormula(trimmed)) return false;
  const words = wordsOf(trimmed).map(withoutPunctuation);
  return words.some((word) => readAddress(word) !== null) && words.some((word) => readAddress(word) === null);
}

/**
 * Where the comment in a text begins, `#` at its beginning or behind a blank; its length if there is none. A hashtag before
 * an address begins none: `#Алматы https://…` is what somebody sent, `# https://…` and `#https://…` is taken out.
 */
export function commentStart(text: string): number {
  const marks = [...text.matchAll(/(?:^|\s)#/g)];
  if (marks.length === 0) return text.length;
  const last = lastAddressAt(text);
  const first = marks.find(({ index, 0: mark }) => {
    const at = index + mark.length - 1;
    return (
      at > last ||
      !/^#[\p{L}\p{N}_]/u.test(text.slice(at, at + 3)) ||
      /^#h(?:tt|xx)ps?[:[]/i.test(text.slice(at, at + 8))
    );
  });
  return first?.index ?? text.length;
}

function lastAddressAt(text: string): number {
  const words = [...text.matchAll(/\S+/g)];
  return (
    words.findLast((word) => apart(word[0]).some((one) => readAddress(withoutPunctuation(one)) !== null))
      ?.index ?? -1
  );
}

/** The words of a cell, and each address by itself where several are glued together. */
function wordsOf(trimmed: string): readonly string[] {
  return trimmed.split(/\s+/).flatMap(apart);
}

/** Where the next address begins without a mark. Behind `/` `=` `:` or `%` it is a part of the first, as in an archive's. */
const glued = /(?<=[^\s/=:%?&#,;|"'([<{«“„])(?=https?:\/\/)/gi;

/** What looks like a host and is the name of a file in the path of one address: `…/a,index.html/b`. */
const fileName = /^[^/?]*\.(?:html?|php|aspx?|jsp|xml|json|js|css|mp4|m3u8|webm|jpe?g|png|gif)[/?]/i;

function beginsAddress(text: string): boolean {
  return withScheme.test(text) || (bare.test(text) && !fileName.test(text));
}

/** More than any host has: what comes behind does not change whether a text begins with one. */
const longestHost = 300;

function apart(word: string): readonly string[] {
  const pieces: string[] = [];
  let marks = "";
  // Asked of the last piece while it may still change: it can grow by each of a hundred thousand parts.
  let begins = false;
  for (const part of word.split(/([,;|]+)/)) {
    const last = pieces.at(-1);
    if (/^[,;|]*$/.test(part) && last !== undefined) marks += part;
    else if (last === undefined || (begins && beginsAddress(part))) {
      pieces.push(part);
      begins = beginsAddress(part);
      marks = "";
    } else {
      const joined = `${last}${marks}${part}`;
      if (last.length <= longestHost) begins = beginsAddress(joined);
      pieces[pieces.length - 1] = joined;
      marks = "";
    }
  }
  const all = pieces.flatMap((piece) => piece.split(glued)).filter((piece) => piece !== "");
  if (all.length > 1 && all.every(beginsAddress)) return all;
  const within = [...word.matchAll(severalWithin)].map(([address]) => address);
  return within.length > 1 ? within : [word];
}

/** Addresses among brackets, quotes and other letters of one word: `["https://…","https://…"]`, `a:https://…,b:https://…`. */
const severalWithin = /(?<![/=%?&#]|https?:)https?:\/\/[^\s"'<>«»“”„()[\]{},;|]+/gi;

/** The address that a word is, with a scheme; null if it is none. */
export function readAddress(word: string): Address | null {
  const text = unwrapped(word.replace(edges, ""));
  const plain = plainAddress(text);
  if (plain !== null) return plain;
  const open = withoutDisguise(text);
  const disguised = open === text ? null : plainAddress(open);
  if (disguised !== null) return { url: disguised.url, readAs: disguised.url };
  const within = addressWithin(text);
  return within === null ? null : plainAddress(within);
}

function plainAddress(text: string): Address | null {
  const twice = text.replace(/^(?:https?:\/\/)+(?=https?:\/\/)|^\/\/(?=[^/])/i, "");
  if (twice !== text) {
    const once = plainAddress(twice);
    return once === null ? null : { url: once.url, readAs: once.url };
  }
  if (withScheme.test(text)) return mayBeUrl(text) ? { url: text, readAs: null } : null;
  const url = `https://${text}`;
  return bare.test(text) && mayBeUrl(url) ? { url, readAs: url } : null;
}

/** Text too long to be captured still counts as an address, so that its row is refused for its length. */
function mayBeUrl(text: string): boolean {
  return text.length > maxUrlLength || webUrl(text) !== null;
}

const pairs: Readonly<Record<string, string>> = {
  "<": ">",
  "(": ")",
  "[": "]",
  "{": "}",
  '"': '"',
  "'": "'",
  "`": "`",
  "«": "»",
  "“": "”",
  "„": "“",
  "‘": "’",
};

/** Takes off quotes and brackets that stand around a whole word. */
function unwrapped(word: string): string {
  let text = word;
  for (let end = pairs[text[0] ?? ""]; end !== undefined; end = pairs[text[0] ?? ""]) {
    const closed = text.length > 1 && (text.endsWith(end) || (text.startsWith("„") && text.endsWith("”")));
    if (!closed) return text;
    text = text.slice(1, -1);
  }
  return text;
}

/** Takes off the disguise in which security people write an address, so that nobody opens it: `hxxps://t[.]me`. */
function withoutDisguise(text: string): string {
  if (text.length > maxUrlLength) return text;
  return text
    .replace(/^h(?:xx|\*\*|tt)p(s?)(?=:|\[|\()/i, "http$1")
    .replace(/^(https?)(?:\[:\]|\(:\)|:)(?:\/\/|\[\/\/\]|\[\/\]\[\/\])/i, "$1://")
    .replace(/^(https?)\[:\/\/\]/i, "$1://")
    .replaceAll(/\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\}/gi, ".");
}

/** An address behind other letters of the same word: `Ссылка:https://…`, `[clip](https://…)`, `href="https://…">`. */
function addressWithin(text: string): string | null {
  if (withScheme.test(text)) return null;
  const [, address] =
    /^[^/?#&%]{0,200}?["'([<{«“„:>.,;|!*•)\]—-](https?:\/\/[^\s"'<>«»“”„]+)/iu.exec(text) ?? [];
  return address === undefined ? null : withoutPunctuation(address);
}

function withoutPunctuation(word: string): string {
  const text = word
    .replace(/^\(/, "")
    .replace(/(?<![,;.])[,;.]+$/, (marks) => (/\.{2}/.test(marks) ? marks : ""));
  return text.includes("(") ? text : text.replace(/\)[,;.!]*$/, "");
}
