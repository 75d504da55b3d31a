import { HoldfastError } from "../words/error.js";

export type ListEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1251";

export interface ListText {
  /** Without a byte order mark. */
  readonly text: string;
  readonly encoding: ListEncoding;
}

/**
 * The text of a list. A byte order mark decides the encoding. Without one, it is UTF-8 if every byte fits, and
 * otherwise windows-1251, which spreadsheets write in Russian and Kazakh locales. Throws `usage` for a list that is too
 * large, empty, or not text in any of these.
 */
export function decodeList(bytes: Uint8Array): ListText {
  refuseLargeList(bytes);
  const marked = markedEncoding(bytes);
  const decoded =
    marked === null ? (decode(bytes, "utf-8") ?? decode(bytes, "windows-1251")) : decode(bytes, marked);
  if (decoded === null || !isText(decoded)) throw notText();
  if (decoded.text.trim() === "") throw listIsEmpty("the list is empty");
  return decoded;
}

/** The error for a list without a row; `hint` says where one may be instead. */
export function listIsEmpty(what: string, hint: string | null = null): HoldfastError {
  return new HoldfastError("usage", what, hint ?? "give a list that holds at least one address");
}

function markedEncoding(bytes: Uint8Array): ListEncoding | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return null;
}

function decode(bytes: Uint8Array, encoding: ListEncoding): ListText | null {
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
  } catch {
    return null;
  }
}

/** windows-1251 gives nearly every byte a letter, so any control character shows that the file is something else. */
function isText({ text, encoding }: ListText): boolean {
  const control = encoding === "windows-1251" ? /[\0-\x08\x0b\x0e-\x1f\x7f\x98]/ : /\0/;
  return !control.test(text);
}

function notText(): HoldfastError {
  return new HoldfastError(
    "usage",
    "the list is not text",
    "save it in the spreadsheet program as CSV UTF-8, or give a .txt file with one address a line",
  );
}

/** What a list of sources may hold (SECURITY §4, "input table"). Cells are counted in UTF-16 units. */
export const listLimits = {
  bytes: 64 * 1024 * 1024,
  rows: 100_000,
  columns: 200,
  cell: 64 * 1024,
} as const;

/** The error for a list beyond one of the limits; `what` says which limit and where. */
function listTooLarge(what: string): HoldfastError {
  return new HoldfastError("usage", what, "split the list into smaller ones");
}

/** Throws if a list has more than `listLimits.bytes`. */
export function refuseLargeList({ length }: Uint8Array): void {
  if (length > listLimits.bytes) {
    throw listTooLarge(`the list is larger than ${listLimits.bytes / 1024 / 1024} MiB`);
  }
}

/** Throws if a cell is longer than `listLimits.cell`. `row` is as a spreadsheet counts. */
export function refuseLongCell(cell: string, row: number): void {
  if (cell.length > listLimits.cell) {
    throw listTooLarge(`row ${row} of the list has a cell longer than ${listLimits.cell} characters`);
  }
}

/** Throws if a row is wider than `listLimits.columns`. */
export function refuseManyColumns(columns: number, row: number): void {
  if (columns > listLimits.columns) {
    throw listTooLarge(`row ${row} of the list has more than ${listLimits.columns} columns`);
  }
}

/** Throws if a list has more rows than `listLimits.rows`. */
export function refuseManyRows(rows: number): void {
  if (rows > listLimits.rows) throw listTooLarge(`the list has more than ${listLimits.rows} rows`);
}
