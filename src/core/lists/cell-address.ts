import { maxUrlLength, webUrl } from "../capture/source-url.js";

/** An address in a cell of a list. */
export interface CellAddress {
  /** The part of the cell that belongs to this address: the whole cell if it holds only one. */
  readonly text: string;
  /** What to capture; not judged yet (`parseSourceUrl` does). */
  readonly url: string;
  /** `url` if a scheme was added to it; null if it stands in the cell as it is. */
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
 * The addresses in a cell, in order; none for a blank cell. Blanks separate them. Brackets around an address, and a
 * comma or full stop after one of several, are not part of it. Other words stay with the address before them. A cell
 * with words but no address comes back whole as `url`, so that its row is refused with a reason and not skipped.
 */
export function addressesIn(cell: string): readonly CellAddress[] {
  const trimmed = cell.replace(edges, "");
  if (trimmed === "") return [];
  const words = trimmed.split(/\s+/);
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
  return trimmed !== "" && trimmed.split(/\s+/).every((word) => readAddress(word) !== null);
}

/** True if a cell has words besides its addresses. */
export function hasOtherWords(cell: string): boolean {
  const words = cell.replace(edges, "").split(/\s+/).map(withoutPunctuation);
  return words.some((word) => readAddress(word) !== null) && words.some((word) => readAddress(word) === null);
}

/** The address that a word is, with a scheme; null if it is none. */
export function readAddress(word: string): Address | null {
  const text = word.replace(edges, "").replace(/^<(.*)>$/, "$1");
  if (withScheme.test(text)) return mayBeUrl(text) ? { url: text, readAs: null } : null;
  const url = `https://${text}`;
  return bare.test(text) && mayBeUrl(url) ? { url, readAs: url } : null;
}

/** Text too long to be captured still counts as an address, so that its row is refused for its length. */
function mayBeUrl(text: string): boolean {
  return text.length > maxUrlLength || webUrl(text) !== null;
}

function withoutPunctuation(word: string): string {
  const text = word.replace(/^\(/, "").replace(/(?<![,;.])[,;.]+$/, "");
  return text.includes("(") ? text : text.replace(/\)$/, "");
}
