import { webUrl } from "../capture/source-url.js";
import { addressesIn, holdsOnlyAddresses } from "./cell-address.js";

/** A cell with a link behind its text. */
export interface LinkedCell {
  /** The text, and the address behind it where the text does not say it. */
  readonly cell: string;
  /** By what it is told whether the cell is an address: the link, if it counts. */
  readonly judged: string;
  /** True if the text is itself an address, and another than that of the link. The text then counts. */
  readonly differs: boolean;
}

/**
 * What a list takes a cell for whose text leads somewhere: a title with an address behind it, or an address that was cut
 * short for the eye. A cell without a link is its text.
 */
export function linkedCell(text: string, link: string | undefined): LinkedCell {
  // Spreadsheets put a link behind every address that is typed: nearly all cells end here.
  if (link === undefined || link === text) return { cell: text, judged: text, differs: false };
  const shown = addressesIn(text).map(({ url }) => url);
  if (shown.some((url) => isSame(url, link))) return { cell: text, judged: text, differs: false };
  if (isCutShort(text, link)) return { cell: link, judged: link, differs: false };
  if (holdsOnlyAddresses(text)) return { cell: text, judged: text, differs: true };
  return { cell: `${text.trim()} ${link}`, judged: link, differs: false };
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [webUrl(a), webUrl(b)];
  return one !== null && other !== null && one.href === other.href;
}

/** `https://t.me/exam…` before `https://t.me/example/1`, and the same without its scheme. */
function isCutShort(text: string, link: string): boolean {
  const [, start] = /^\s*(\S+?)(?:…|\.{3})\s*$/.exec(text) ?? [];
  if (start === undefined) return false;
  return link.startsWith(start) || link.replace(/^https?:\/\/(?:www\.)?/i, "").startsWith(start);
}
