import { HoldfastError } from "./words/error.js";

/** What a list of sources may hold (SECURITY §4, "input table"). Cells are counted in UTF-16 units. */
export const listLimits = {
  bytes: 64 * 1024 * 1024,
  rows: 100_000,
  columns: 200,
  cell: 64 * 1024,
} as const;

/** The failure of a list that goes beyond one of the limits; `what` says which and where. */
export function listTooLarge(what: string): HoldfastError {
  return new HoldfastError("usage", what, "divide the list into smaller ones");
}

/** Throws where a cell is longer than `listLimits.cell`. `row` is as a spreadsheet counts. */
export function refuseLongCell(cell: string, row: number): void {
  if (cell.length > listLimits.cell) {
    throw listTooLarge(`row ${row} of the list has a cell longer than ${listLimits.cell} characters`);
  }
}

/** Throws where a row is wider than `listLimits.columns`. */
export function refuseManyColumns(columns: number, row: number): void {
  if (columns > listLimits.columns) {
    throw listTooLarge(`row ${row} of the list has more than ${listLimits.columns} columns`);
  }
}

/** Throws where a list has more rows than `listLimits.rows`. */
export function refuseManyRows(rows: number): void {
  if (rows > listLimits.rows) throw listTooLarge(`the list has more than ${listLimits.rows} rows`);
}
