/**
 * A spreadsheet reads a cell that begins with one of these as a formula (OWASP, "CSV injection"). A title or file name
 * that somebody hostile chose could then run programs or send the sheet away. A leading apostrophe makes the cell text.
 */
const formula = "=+\\-@\\t\uff1d\uff0b\uff0d\uff20";

// Quotes in between: under another delimiter, `"";""=1` is an empty quoted text followed by a formula. Some readers
// strip leading blanks.
/**
 * What a spreadsheet in English, Russian or Kazakh takes for a number or a date and writes in another way: `14/2`, `2026-01-05`,
 * `007`, `1.50`, `43,2`, `14:30`, `1E5`, `12 %`, a number of twelve digits and more, `5 янв`, `TRUE`.
 */
const months =
  "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|қаң|ақп|нау|сәу|мам|мау|шіл|там|қыр|қаз|қар|жел)\\p{L}*\\.?";
const rewritable = [
  "0\\d+",
  "\\d{12,}",
  "\\d+[.,]\\d*0|\\d+,\\d+|[.,]\\d+|(?=[\\d.]{12})\\d+\\.\\d+",
  "\\d{1,3}(?:[ \\u00a0\\u202f]\\d{3})+(?:[.,]\\d+)?",
  "\\d{1,40}(?:[.,]\\d{1,40})?e[+-]?\\d{1,3}",
  "(?:\\d{1,2}|\\d{4})[/-]\\d{1,4}(?:[/-]\\d{1,4})?(?: \\d{1,2}:\\d{2}(?::\\d{2})?)?",
  "\\d{1,2}\\.(?:\\d{1,2}|\\d{4})(?:\\.\\d{2,4})?(?: \\d{1,2}:\\d{2}(?::\\d{2})?)?|\\d{4}\\.\\d{1,2}(?:\\.\\d{1,2})?",
  "\\d{1,4}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?(?: ?[ap]m)?",
  `\\d{1,4}[ ./-]?${months}(?:[ ./-]\\d{1,4})?(?: ?г\\.?)?|${months}[ ./-]?\\d{1,4}(?:, ?\\d{4})?`,
  "\\d+(?:[.,]\\d+)? ?[%$€£₽₸]|[$€£₽₸] ?\\d+(?:[.,]\\d+)?|\\(\\d+(?:[.,]\\d+)?\\)",
  "\\d+ \\d+/\\d+",
  "true|false|истина|ложь|ақиқат|жалған",
].join("|");

const blank = " \u00a0\u3000\ufeff";
const atStart = `['${blank}]*(?:"+[${blank}]*)?[${formula}\\r\\n]|'+#|'+(?:${rewritable})$`;
const inside = `(?<=[;,|\\t\\r\\n])(?='*"*[${formula}])`;

const toGuard = new RegExp(`^(?=${atStart})|${inside}`, "giu");
const toGuardFirst = new RegExp(`^(?=${atStart}|#)|${inside}`, "giu");
const toKeep = new RegExp(`^(?=${atStart}|(?:${rewritable})$)|${inside}`, "giu");
const guarded = new RegExp(`(?:^(?='(?:${atStart}|#|(?:${rewritable})$))|${inside})'`, "giu");

const plainNumber = /^[+-]\d+(?:[.,]\d+)?$/;

/**
 * The text of a cell with an apostrophe wherever a spreadsheet would begin a formula: at the start, and after anything
 * that another locale may take for the end of a cell (`;` `,` `|`, tab, a line break). A plain number such as -43.2
 * stays as it is. `unguardCell` gives back exactly `text`, for every text.
 */
export function guardCell(text: string): string {
  return plainNumber.test(text) ? text : text.replace(toGuard, "'");
}

/** A number that spreadsheets leave as it is: a telephone number loses its plus sign, and a long one its digits. */
const keptNumber = /^-(?:0|[1-9]\d{0,9})(?:\.\d{0,8}[1-9])?$/;

/** `guardCell` that also keeps a spreadsheet from taking the text for a number or a date and writing it in another way. */
export function keepCell(text: string): string {
  return keptNumber.test(text) ? text : text.replace(toKeep, "'");
}

/**
 * `guardCell` for the first cell of a row. A number gets an apostrophe too, because under another delimiter the cells
 * after it belong to it. So does `#`, which would make the row a comment.
 */
export function guardFirstCell(text: string): string {
  return text.replace(toGuardFirst, "'");
}

/**
 * The text that `guardCell`, `keepCell` or `guardFirstCell` was given. A cell that neither of them wrote loses such apostrophes
 * too.
 */
export function unguardCell(text: string): string {
  return text.replace(guarded, "");
}
