import { printable } from "../words/printable.js";
import { addressesIn, hasNoScheme, hasOtherWords, holdsOnlyAddresses } from "./cell-address.js";
import { cellName } from "./cell-name.js";
import { type Delimiter, findDelimiter } from "./delimited-text.js";
import { readJsonLines, readLines } from "./lines.js";
import { otherSheetsHint, sheetTable, type WorkbookSheet } from "./sheet-table.js";
import { judgedCells, type ListRow, type ListTable, numbersOf, readTable, rowsNote } from "./table.js";
import { decodeList, type ListEncoding, refuseManyRows } from "./text.js";
import { namesAddresses, urlColumnOf } from "./url-column.js";

/**
 * csv: cells separated by a comma, `;` or `|`. tsv: by tabs. xlsx: a sheet of a workbook. txt: one address per line. jsonl:
 * one JSON value per line.
 */
export type ListKind = "csv" | "tsv" | "xlsx" | "txt" | "jsonl";

/** One address of a list, or a row that has none. */
export interface SourceRow {
  /** As a spreadsheet shows it: the header is row 1, and blank rows and comments count. For txt and jsonl, the line. */
  readonly number: number;
  /** From 1; higher only if one cell holds several addresses. */
  readonly part: number;
  /** What to capture, to be judged by `parseSourceUrl`; "" if the row has no address. */
  readonly url: string;
  /** `url` if a scheme was added to what the list says; otherwise null. */
  readonly readAs: string | null;
  /**
   * As in the list, aligned to its columns, without NUL or lone surrogates. If one cell holds several addresses, each
   * row has its own in the address column, with the words that follow it.
   */
  readonly cells: readonly string[];
}

/** A researcher's list as it is. */
export interface SourceList {
  readonly kind: ListKind;
  /** Of text; null for a workbook. */
  readonly encoding: ListEncoding | null;
  /** The name of the sheet; null for text. */
  readonly sheet: string | null;
  /** Null if every row is one cell, and for txt and jsonl. */
  readonly delimiter: Delimiter | null;
  /** As in the header, made unique; never blank. */
  readonly columns: readonly string[];
  /** Index of the address column. */
  readonly urlColumn: number;
  readonly rows: readonly SourceRow[];
  /** What a person should know about how the list was read, one short sentence each. */
  readonly notes: readonly string[];
}

/** What a person says of a list beside its bytes. */
export interface ListReading {
  /** The file's name; null for standard input. */
  readonly name: string | null;
  /** The address column by its header or its number from 1; null to find it. */
  readonly column: string | null;
  /** The sheet of a workbook by its name or its number from 1; null for the first that is not hidden. */
  readonly sheet?: string | null;
}

/**
 * Reads a list of sources from text: the bytes of a file. Only blank rows and comments are left out. Throws `usage` for a list
 * that cannot be used: not text, a broken quote, no address column, beyond SECURITY §4.
 */
export function readSourceList(bytes: Uint8Array, as: Omit<ListReading, "sheet">): SourceList {
  const { text, encoding } = decodeList(bytes);
  const form = formOf(text, as.name);
  const table =
    form === "table" ? readTable(text, as.column) : form === "txt" ? readLines(text) : readJsonLines(text);
  const kind = form !== "table" ? form : table.delimiter === "\t" ? "tsv" : "csv";
  const elsewhere =
    "links behind a text are not in such a file: save the table as .xlsx and give that, or put the addresses into a column of their own";
  return sourceListOf(table, { kind, encoding, sheet: null }, as.column, elsewhere);
}

/** The list of sources that a sheet of a workbook is. Throws `usage` for one that cannot be used. */
export function sheetSourceList(sheet: WorkbookSheet, column: string | null): SourceList {
  const table = sheetTable(sheet, column);
  const elsewhere =
    otherSheetsHint(sheet) ??
    "links that a formula puts together are not read: put their addresses into cells";
  return sourceListOf(table, { kind: "xlsx", encoding: null, sheet: table.sheet }, column, elsewhere);
}

function sourceListOf(
  table: ListTable,
  read: Pick<SourceList, "kind" | "encoding" | "sheet">,
  column: string | null,
  elsewhere: string,
): SourceList {
  const urlColumn = urlColumnOf(table.columns, table.rows.map(judgedCells), column, elsewhere);
  const rows = sourceRows(table.rows, urlColumn);
  return {
    ...read,
    delimiter: table.delimiter,
    columns: table.hasHeader ? table.columns : withUrlName(table.columns, urlColumn),
    urlColumn,
    rows,
    notes: notesOf(table, read.encoding, rows, urlColumn, column),
  };
}

/** Column name and cell of everything in a row except its address; blank cells are left out. */
export function otherCells(
  list: Pick<SourceList, "columns" | "urlColumn">,
  row: Pick<SourceRow, "cells">,
): readonly (readonly [column: string, cell: string])[] {
  return list.columns.flatMap((column, index) => {
    const cell = row.cells[index] ?? "";
    return index === list.urlColumn || cell.trim() === "" ? [] : [[column, cell] as const];
  });
}

/**
 * Why a row without an address has none, naming the cell, and the one that holds an address instead. `row` is the row's
 * number.
 */
export function whyNoAddress(
  list: Pick<SourceList, "kind" | "columns" | "urlColumn">,
  row: number,
  cells: readonly string[],
): string {
  if (list.kind === "txt" || list.kind === "jsonl") return "the row has no address";
  const at = (index: number) => `${cellName(row, index)} (${printable(list.columns[index] ?? "", 60)})`;
  const other = cells.findIndex((cell, index) => index !== list.urlColumn && holdsOnlyAddresses(cell));
  const where = other === -1 ? "" : `; there is one in ${at(other)}`;
  return `there is no address in ${at(list.urlColumn)}${where}`;
}

/** A problem with a row's other cells, which begins with the name of its column, with the cell that a spreadsheet shows. */
export function inCell(list: Pick<SourceList, "kind" | "columns">, row: number, problem: string): string {
  if (list.kind === "txt" || list.kind === "jsonl") return problem;
  const column = list.columns.findIndex((name) => name.trim() !== "" && problem.startsWith(`${name}: `));
  return column === -1 ? problem : `cell ${cellName(row, column)}, ${problem}`;
}

type Form = "table" | "txt" | "jsonl";

function formOf(text: string, name: string | null): Form {
  switch (/\.([^./\\]+)$/.exec(name ?? "")?.[1]?.toLowerCase()) {
    case "csv":
    case "tsv":
      return "table";
    case "jsonl":
    case "ndjson":
      return "jsonl";
    case "txt":
      // Spreadsheets save "Unicode text" as .txt: a table with tabs.
      return findDelimiter(text) === "\t" ? "table" : "txt";
    default:
      return formByContent(text);
  }
}

function formByContent(text: string): Form {
  const lines = text
    .slice(0, 64 * 1024)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [first = ""] = lines;
  if (first.startsWith("{")) return "jsonl";
  // An address may contain a comma, so lines that are addresses as a whole are not a table.
  if (lines.every(holdsOnlyAddresses)) return "txt";
  const isColumn = first.startsWith('"') || namesAddresses(first);
  return isColumn || findDelimiter(text) !== null ? "table" : "txt";
}

/** Names the address column of a list without a header, so that a list written from it is read the same way. */
function withUrlName(columns: readonly string[], urlColumn: number): readonly string[] {
  return columns.map((name, index) => (index === urlColumn ? "url" : name));
}

function sourceRows(rows: readonly ListRow[], urlColumn: number): readonly SourceRow[] {
  const found: SourceRow[] = [];
  for (const { number, cells } of rows) {
    const addresses = addressesIn(cells[urlColumn] ?? "");
    if (addresses.length === 0) found.push({ number, part: 1, url: "", readAs: null, cells });
    for (const [index, { text, url, readAs }] of addresses.entries()) {
      found.push({ number, part: index + 1, url, readAs, cells: cells.with(urlColumn, text) });
    }
    refuseManyRows(found.length);
  }
  return found;
}

/** What to say of the encoding that a list has; null for a workbook. */
export function encodingNotes(encoding: ListEncoding | null): readonly string[] {
  const isGuessed = encoding === "windows-1251";
  return isGuessed ? ["read as windows-1251: if letters look wrong, save the list as UTF-8"] : [];
}

function notesOf(
  table: ListTable,
  encoding: ListEncoding | null,
  rows: readonly SourceRow[],
  urlColumn: number,
  wanted: string | null,
): readonly string[] {
  const where = (what: string, is: (row: SourceRow) => boolean) =>
    rowsNote(what, [...new Set(numbersOf(rows.filter(is)))]);
  return [
    ...encodingNotes(encoding),
    ...(table.hasHeader
      ? []
      : ["the first row holds an address, so the list was read as one without a header"]),
    ...table.notes,
    ...where("rows without an address", ({ url }) => url === ""),
    ...where(
      "rows whose address is read with https:// before it",
      ({ readAs, cells }) => readAs !== null && hasNoScheme(cells[urlColumn] ?? ""),
    ),
    ...where(
      "rows whose address is read out of a formula or a disguise",
      ({ readAs, cells }) => readAs !== null && !hasNoScheme(cells[urlColumn] ?? ""),
    ),
    ...emptyColumns(table, rows, urlColumn),
    ...(wanted === null ? otherColumns(table, rows, urlColumn) : []),
    ...where("rows with other words beside an address", ({ cells }) => hasOtherWords(cells[urlColumn] ?? "")),
    ...where("rows with several addresses, each captured by itself", ({ part }) => part === 2),
  ];
}

/** Columns that are named for addresses and have none: the addresses were taken from another. */
function emptyColumns(
  { columns, hasHeader }: ListTable,
  rows: readonly SourceRow[],
  urlColumn: number,
): readonly string[] {
  const taken = printable(columns[urlColumn] ?? "", 60);
  return columns.flatMap((column, index) => {
    const isEmpty = rows.length > 0 && rows.every(({ cells }) => (cells[index] ?? "").trim() === "");
    if (!hasHeader || index === urlColumn || !namesAddresses(column) || !isEmpty) return [];
    return [
      `the column ${printable(column, 60)} is empty in every row: the addresses were taken from ${taken}`,
    ];
  });
}

/** Columns that hold addresses too: these are kept with each capture as words, and not captured. */
function otherColumns(
  { columns }: ListTable,
  rows: readonly SourceRow[],
  urlColumn: number,
): readonly string[] {
  return columns.flatMap((column, index) => {
    if (index === urlColumn || !rows.some(({ cells }) => holdsOnlyAddresses(cells[index] ?? ""))) return [];
    const letters = cellName(0, index).slice(0, -1);
    return [
      `column ${letters} (${printable(column, 60)}) holds addresses too, which are not captured: --column takes it`,
    ];
  });
}
