import { wellFormed } from "../words/printable.js";
import type { Delimiter } from "./delimited-text.js";
import { guardCell, guardFirstCell, keepCell } from "./guarded-cell.js";
import type { SourceList, SourceRow } from "./source-list.js";

/** What became of one row of a list. Texts from a page (title, date, reason) are hostile and may hold anything. */
export interface ResultRow {
  readonly row: SourceRow;
  readonly status: string;
  readonly capture: string | null;
  /** Of the original, lower-case hex. */
  readonly sha256: string | null;
  readonly title: string | null;
  readonly claimedDate: string | null;
  readonly reason: string | null;
  /** The grade and the codes of its reasons, empty where nothing is known. */
  readonly rendition: string;
  /** What the strict decode found; null where nothing was decoded. */
  readonly decode: string | null;
  readonly seconds: number | null;
}

/** A table uses the delimiter of the list it came from, and commas if that list has one column or none. */
type Listed = Pick<SourceList, "kind" | "columns" | "urlColumn" | "delimiter">;

const byteOrderMark = "\ufeff";

/**
 * One row of a CSV file with its CRLF (RFC 4180). No cell begins a formula, whichever delimiter the reader takes.
 * `readSourceList` gives back exactly the cells, except that NUL and lone surrogates, which no text file can hold,
 * become U+FFFD. From the cell `keepFrom` on, a spreadsheet leaves the texts as they are too (`keepCell`).
 */
export function csvLine(
  cells: readonly string[],
  delimiter: Delimiter,
  keepFrom = Number.POSITIVE_INFINITY,
): string {
  const written = cells.map((cell, index) => {
    const text = wellFormed(cell).replaceAll("\0", "\ufffd");
    if (index === 0) return quoted(guardFirstCell(text));
    return quoted(index >= keepFrom ? keepCell(text) : guardCell(text));
  });
  return `${written.join(delimiter)}\r\n`;
}

/** Quotes everything that any delimiter could divide, so that a reader can tell the delimiter from the file. */
function quoted(text: string): string {
  return /[",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The lines of results.csv: the rows of `resultRows`. The first line begins with a byte order mark, by which spreadsheets
 * recognise UTF-8.
 */
export function* resultLines(list: Listed, results: Iterable<ResultRow>): Generator<string> {
  let mark = byteOrderMark;
  for (const cells of resultRows(list, results)) {
    yield mark + csvLine(cells, list.delimiter ?? ",");
    mark = "";
  }
}

/** The cells of a table of results, a header first: the row's number, the list's own columns, then what became of the row. */
export function* resultRows(list: Listed, results: Iterable<ResultRow>): Generator<readonly string[]> {
  const [number = "row", ...outcome] = ["row", ...outcomeNames].map((name) => ownName(name, list.columns));
  yield [number, ...list.columns, ...outcome];
  for (const result of results) {
    const { row } = result;
    yield [String(row.number), ...row.cells, ...outcomeOf(result)];
  }
}

/** The columns that holdfast puts after those of the list, before `ownName` tells them apart. */
export const outcomeNames: readonly string[] = [
  "status",
  "capture",
  "sha256",
  "title",
  "claimed date",
  "reason",
  "rendition",
  "decode",
  "seconds",
];

/** Those of tables from before `rendition` and `decode` were among them: people keep such tables, and add to them. */
export const olderOutcomeNames: readonly string[] = outcomeNames.filter(
  (name) => name !== "rendition" && name !== "decode",
);

function outcomeOf(result: ResultRow): readonly string[] {
  const { status, capture, sha256, title, claimedDate, reason, rendition, decode, seconds } = result;
  return [status, capture, sha256, title, claimedDate, reason, rendition, decode, seconds].map((value) =>
    String(value ?? ""),
  );
}

/** One of holdfast's names, made distinct from every column of the list, whatever the case of the letters. */
function ownName(name: string, columns: readonly string[]): string {
  const taken = columns.some((column) => column.trim().toLowerCase() === name);
  return taken ? ownName(`holdfast ${name}`, columns) : name;
}

/**
 * The lines of failed.csv, itself a list that `readSourceList` reads: the list's columns and cells, for `rows` only.
 * For a txt or jsonl list, the address column comes first.
 */
export function* failedLines(list: Listed, rows: Iterable<SourceRow>): Generator<string> {
  const delimiter = list.delimiter ?? ",";
  const isTable = list.kind !== "txt" && list.kind !== "jsonl";
  const order = (cells: readonly string[]) => (isTable ? cells : addressFirst(cells, list.urlColumn));
  yield byteOrderMark + csvLine(order(isTable ? list.columns : withUrl(list)), delimiter);
  for (const row of rows) yield csvLine(order(row.cells), delimiter);
}

function addressFirst(cells: readonly string[], urlColumn: number): readonly string[] {
  return [cells[urlColumn] ?? "", ...cells.toSpliced(urlColumn, 1)];
}

/** Called `url`, so that the column is found again, unless another column has that name. */
function withUrl({ columns, urlColumn }: Listed): readonly string[] {
  return columns.includes("url") ? columns : columns.with(urlColumn, "url");
}

/** The columns of `find --csv` before those of annotations, in order. */
export const foundColumns = [
  "id",
  "captured",
  "status",
  "method",
  "url",
  "host",
  "title",
  "uploader",
  "claimed date",
  "length",
  "bytes",
  "sha256",
  "entry",
  "time-stamp",
  "reason",
  "matched",
] as const;
