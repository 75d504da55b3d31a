import { readVectors } from "./vectors.js";

/** A text that somebody chose to do harm with, wherever it is shown, stored or handed on. */
export interface HostileText {
  readonly attack: string;
  readonly text: string;
}

/** Every text of `vectors/hostile-text`. */
export const hostileTexts: readonly HostileText[] = readVectors<{ readonly texts: readonly HostileText[] }>(
  "hostile-text",
).flatMap(({ name, texts }) =>
  texts.map(({ attack, text }) => ({ attack: `${name.replace(".json", "")}: ${attack}`, text })),
);

/**
 * What moves a cursor, turns the direction of writing or shows nothing, by the properties that Unicode gives characters
 * and not by the list of `printable`. A line feed is none: pages have lines.
 */
const steering =
  /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u{13430}-\u{1343f}]/u;

/** Selectors and joiners inside a picture. */
const insideEmoji =
  /(?<=\p{Extended_Pictographic})\ufe0f|(?<=\p{Extended_Pictographic}|\ufe0f|\p{Emoji_Modifier})\u200d(?=\p{Extended_Pictographic})/gu;

const heap = /\p{M}{9}/u;

/** The first place of a text that no terminal or reader should get as it is, with what is around it; null where none is. */
export function steeringIn(text: string): string | null {
  const plain = text.replace(insideEmoji, "");
  const at = [plain.search(steering), plain.search(heap)].filter((place) => place >= 0);
  return at.length === 0
    ? null
    : JSON.stringify(plain.slice(Math.max(0, Math.min(...at) - 40), Math.min(...at) + 20));
}
