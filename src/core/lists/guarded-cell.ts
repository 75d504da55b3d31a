/**
 * A spreadsheet reads a cell that begins with one of these as a formula (OWASP, "CSV injection"). A title or file name
 * that somebody hostile chose could then run programs or send the sheet away. A leading apostrophe makes the cell text.
 */
const formula = "=+\\-@\\t\uff1d\uff0b\uff0d\uff20";

// Quotes in between: under another delimiter, `"";""=1` is an empty quoted text followed by a formula. Some readers
// strip leading blanks.
const blank = " \u00a0\u3000\ufeff";
const atStart = `['${blank}]*(?:"+[${blank}]*)?[${formula}\\r\\n]|'+#`;
const inside = `(?<=[;,|\\t\\r\\n])(?='*"*[${formula}])`;

const toGuard = new RegExp(`^(?=${atStart})|${inside}`, "g");
const toGuardFirst = new RegExp(`^(?=${atStart}|#)|${inside}`, "g");
const guarded = new RegExp(`(?:^(?='(?:${atStart}|#))|${inside})'`, "g");

const plainNumber = /^[+-]\d+(?:[.,]\d+)?$/;

/**
 * The text of a cell with an apostrophe wherever a spreadsheet would begin a formula: at the start, and after anything
 * that another locale may take for the end of a cell (`;` `,` `|`, tab, a line break). A plain number such as -43.2
 * stays as it is. `unguardCell` gives back exactly `text`, for every text.
 */
export function guardCell(text: string): string {
  return plainNumber.test(text) ? text : text.replace(toGuard, "'");
}

/**
 * `guardCell` for the first cell of a row. A number gets an apostrophe too, because under another delimiter the cells
 * after it belong to it. So does `#`, which would make the row a comment.
 */
export function guardFirstCell(text: string): string {
  return text.replace(toGuardFirst, "'");
}

/**
 * The text that `guardCell` or `guardFirstCell` was given. A cell that neither of them wrote loses such apostrophes
 * too.
 */
export function unguardCell(text: string): string {
  return text.replace(guarded, "");
}
