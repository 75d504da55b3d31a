/**
 * A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV injection"); a title or a file
 * name that somebody hostile chose could run programs or send the sheet away. An apostrophe in front makes it text.
 */
const formula = "=+\\-@\\t\uff1d\uff0b\uff0d\uff20";

// Quotes in between: read with another delimiter, `"";""=1` is an empty quoted text with a formula after it.
// Blanks in front are cut by some readers.
const blank = " \u00a0\u3000\ufeff";
const atStart = `['${blank}]*(?:"+[${blank}]*)?[${formula}\\r\\n]|'+#`;
const inside = `(?<=[;,|\\t\\r\\n])(?='*"*[${formula}])`;

const toGuard = new RegExp(`^(?=${atStart})|${inside}`, "g");
const toGuardFirst = new RegExp(`^(?=${atStart}|#)|${inside}`, "g");
const guarded = new RegExp(`(?:^(?='(?:${atStart}|#))|${inside})'`, "g");

const plainNumber = /^[+-]\d+(?:[.,]\d+)?$/;

/**
 * The text of a cell with an apostrophe wherever a spreadsheet would begin a formula: at the start, and after what
 * another locale may take for the end of a cell (`;` `,` `|`, tab, a line break). A plain number such as -43.2 stays.
 * `unguardCell` gives back exactly `text`, for every text.
 */
export function guardCell(text: string): string {
  return plainNumber.test(text) ? text : text.replace(toGuard, "'");
}

/**
 * `guardCell` for the first cell of a row: a number too gets its apostrophe, since read with another delimiter the
 * cells behind it belong to it, and so does `#`, which would make the row a comment.
 */
export function guardFirstCell(text: string): string {
  return text.replace(toGuardFirst, "'");
}

/** The text that `guardCell` or `guardFirstCell` was given; a cell that neither wrote loses such apostrophes too. */
export function unguardCell(text: string): string {
  return text.replace(guarded, "");
}
