/**
 * Code points that move the cursor, change the direction of the text or show nothing at all (SECURITY TX-01, TX-08).
 * Whoever wrote a title, a comment or a server's answer chose them.
 */
const hiddenRanges = [
  "\\u0000-\\u001f\\u007f-\\u009f", // control characters, escape sequences begin here
  "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f", // shown as nothing
  "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f", // zero width, line separators, direction
  "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb", // fillers, variation selectors, byte order mark
  "\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}", // hieroglyphs, shorthand, music, tags
].join("");

/** Stacked marks grow out of their line and over others. No script puts more than eight on a letter. */
const heapedMark = "\\p{M}(?<=\\p{M}{9})";
const hidden = new RegExp(`[${hiddenRanges}]|${heapedMark}`, "gu");

/** Joiners and selectors inside an emoji are part of a picture and hide nothing. */
const picture = "\\p{Extended_Pictographic}";
const joinsEmoji = `(?<=${picture})\\ufe0f|(?<=${picture}[\\ufe0f\\p{Emoji_Modifier}]?)\\u200d(?=${picture})`;
const hiddenInText = new RegExp(`(?!${joinsEmoji})[${hiddenRanges}]|${heapedMark}`, "gu");

const loneSurrogate = /\p{Surrogate}/gu;

/**
 * The text as it may stand on one line of a terminal, a page or a message; every untrusted string must pass through
 * here. Hidden and control characters, and marks after the eighth on a letter, become `\u{…}`; a lone surrogate becomes
 * U+FFFD; a text longer than `max` code points ends in `…`. The result never contains a line feed: split first if lines
 * are wanted.
 */
export function printable(text: string, max = 2000): string {
  // Escaping never shortens, so the first code points decide; a whole description may be many MiB.
  const head = text.slice(0, 2 * max + 2);
  const shown = head.replace(loneSurrogate, "\ufffd").replace(hiddenInText, escapeForReader);
  const codePoints = [...shown];
  return codePoints.length > max ? `${withoutJoiner(codePoints.slice(0, max - 1).join(""))}…` : shown;
}

/** A picture that was cut in two must join nothing. */
function withoutJoiner(text: string): string {
  return text.endsWith("\u200d") ? text.slice(0, -1) : text;
}

function escapeForReader(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * JSON that a terminal shows safely and any parser reads as exactly `value`: hidden characters are written as JSON
 * escapes, so nothing is lost. One line without an indent; with one, as many lines as it takes.
 */
export function printableJson(value: object, indent = 0): string {
  const lines = JSON.stringify(value, null, indent).split("\n");
  return lines.map((line) => line.replace(hidden, escapeForParser)).join("\n");
}

function escapeForParser(character: string): string {
  let escaped = "";
  for (let at = 0; at < character.length; at++) {
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}

const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
const regionalIndicator = /^\p{Regional_Indicator}$/u;
const alwaysPicture = /^\p{Emoji_Presentation}$/u;

/** East Asian Wide and Fullwidth, Unicode Standard Annex 11. */
const wide = new RegExp(
  `^[${[
    "\\u1100-\\u115f\\u2329\\u232a\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3",
    "\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6b\\uff01-\\uff60\\uffe0-\\uffe6",
    "\\u{16fe0}-\\u{18cff}\\u{1b000}-\\u{1b2ff}\\u{20000}-\\u{3fffd}",
  ].join("")}]$`,
  "u",
);

/**
 * Terminal columns that `text`, already printable, takes at most. Where terminals differ (emoji joined into one
 * picture), the larger figure is given, so that nothing runs over its column.
 */
export function displayWidth(text: string): number {
  let columns = 0;
  let last = 0;
  for (const character of text) {
    // A variation selector turns the symbol before it into a picture two columns wide.
    const width = character === "\ufe0f" && last === 1 ? 1 : codePointWidth(character);
    columns += width;
    if (width > 0) last = width;
  }
  return columns;
}

function codePointWidth(character: string): number {
  if (character < "\u0300") return 1;
  if (zeroWidth.test(character)) return 0;
  if (regionalIndicator.test(character)) return 1;
  return wide.test(character) || alwaysPicture.test(character) ? 2 : 1;
}

let segmenter: Intl.Segmenter | undefined;

/** Made when a text is cut for the first time: to begin with Intl takes as long as half of a short command. */
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * `text`, already printable, cut to at most `columns` terminal columns and ending in `…` where something was cut.
 * Never cuts through an emoji or a letter with its marks. Zero columns give the empty string.
 */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    used += displayWidth(segment);
    if (used > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * `text` with lone surrogates replaced by U+FFFD. A lone surrogate from somebody's JSON has no UTF-8 form: written and
 * read back it would be another string, and an honest record would fail verification (SECURITY TX-04).
 */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
