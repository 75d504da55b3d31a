import { wellFormed } from "../words/printable.js";
import type { Delimiter } from "./delimited-text.js";
import { guardCell, guardFirstCell } from "./guarded-cell.js";
import type { SourceList, SourceRow } from "./source-list.js";

/** What became of one row of a list. Texts of a page (title, date, reason) are hostile and may be of any kind. */
export interface ResultRow {
  readonly row: SourceRow;
  readonly status: string;
  readonly capture: string | null;
  /** Of the original, lower-case hex. */
  readonly sha256: string | null;
  readonly title: string | null;
  readonly claimedDate: string | null;
  readonly reason: string | null;
  readonly seconds: number | null;
}

/** A table is written as the list it came from is divided; where that has one column or none, by commas. */
type Listed = Pick<SourceList, "kind" | "columns" | "urlColumn" | "delimiter">;

const byteOrderMark = "\ufeff";

/**
 * One row of a CSV file with its CRLF (RFC 4180). No cell begins a formula, whichever delimiter the reader takes;
 * `readSourceList` gives back exactly the cells, but NUL and half characters, which no text file holds, are U+FFFD.
 */
export function csvLine(cells: readonly string[], delimiter: Delimiter): string {
  const written = cells.map((cell, index) => {
    const text = wellFormed(cell).replaceAll("\0", "\ufffd");
    return quoted(index === 0 ? guardFirstCell(text) : guardCell(text));
  });
  return `${written.join(delimiter)}\r\n`;
}

/** Quotes around everything that any delimiter could divide, so that the delimiter can be told from the file. */
function quoted(text: string): string {
  return /[",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The lines of results.csv: the row's number, the list's own columns, then what became of it. The first line is the
 * header and begins with a byte order mark, by which spreadsheets know UTF-8.
 */
export function* resultLines(list: Listed, results: Iterable<ResultRow>): Generator<string> {
  const delimiter = list.delimiter ?? ",";
  const [number = "row", ...outcome] = ["row", ...outcomeNames].map((name) => ownName(name, list.columns));
  yield byteOrderMark + csvLine([number, ...list.columns, ...outcome], delimiter);
  for (const result of results) {
    const { row } = result;
    yield csvLine([String(row.number), ...row.cells, ...outcomeOf(result)], delimiter);
  }
}

/** Its columns behind those of the list, unless the list has one of the same name. */
export const outcomeNames: readonly string[] = [
  "status",
  "capture",
  "sha256",
  "title",
  "claimed date",
  "reason",
  "seconds",
];

function outcomeOf(result: ResultRow): readonly string[] {
  const { status, capture, sha256, title, claimedDate, reason, seconds } = result;
  return [status, capture, sha256, title, claimedDate, reason, seconds].map((value) => String(value ?? ""));
}

/** A name of ours, told apart from a column of the list with the same name in any letters. */
function ownName(name: string, columns: readonly string[]): string {
  const taken = columns.some((column) => column.trim().toLowerCase() === name);
  return taken ? ownName(`holdfast ${name}`, columns) : name;
}

/**
 * The lines of failed.csv, itself a list that `readSourceList` reads: the columns and cells of the list, for `rows`
 * only. What came from txt or jsonl has its address column first.
 */
export function* failedLines(list: Listed, rows: Iterable<SourceRow>): Generator<string> {
  const delimiter = list.delimiter ?? ",";
  const isTable = list.kind === "csv" || list.kind === "tsv";
  const order = (cells: readonly string[]) => (isTable ? cells : addressFirst(cells, list.urlColumn));
  yield byteOrderMark + csvLine(order(isTable ? list.columns : withUrl(list)), delimiter);
  for (const row of rows) yield csvLine(order(row.cells), delimiter);
}

function addressFirst(cells: readonly string[], urlColumn: number): readonly string[] {
  return [cells[urlColumn] ?? "", ...cells.toSpliced(urlColumn, 1)];
}

/** Called `url`, so that it is found again, unless another column has that name. */
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
