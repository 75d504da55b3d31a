import { printable } from "../words/printable.js";
import { cellName } from "./cell-name.js";
import { unguardCell } from "./guarded-cell.js";
import { linkedCell } from "./linked-cell.js";
import { type ListTable, type RawRow, rowsNote, tableOf } from "./table.js";
import { listIsEmpty } from "./text.js";

/** A row of a sheet. `cells` may be shorter than the sheet is wide. */
interface SheetRow extends RawRow {
  readonly links: ReadonlyMap<number, string>;
}

/** A sheet as it was read. The names of cells and ranges are as the spreadsheet shows them. */
export interface SheetContent {
  /** Without blank rows. */
  readonly rows: readonly SheetRow[];
  readonly hiddenRows: readonly number[];
  readonly hiddenColumns: readonly number[];
  /** Ranges of several rows of which one cell's text counts for each row. */
  readonly merged: readonly string[];
  /** Cells with a formula whose result the file does not hold: their text is the formula. */
  readonly uncalculated: readonly string[];
  /** Cells with a link whose address a formula puts together, which is not in the file. */
  readonly madeLinks: readonly string[];
}

/** A sheet of a workbook by its name. */
export interface SheetName {
  readonly name: string;
  /** Whether the spreadsheet program hides it. */
  readonly isHidden: boolean;
}

export interface WorkbookSheet extends SheetContent, SheetName {
  /** Whether the file counts days from 1904 and not from 1900. */
  readonly from1904: boolean;
  /** The sheets that were not read. */
  readonly others: readonly SheetName[];
}

/** A table that one sheet of a workbook is. */
export interface SheetTable extends ListTable {
  /** The sheet's name. */
  readonly sheet: string;
}

/**
 * The table that a sheet is, by the rules of `readTable`. Rows and columns that the spreadsheet hides are taken like others; a
 * text over several rows counts for each of them; the link behind a text is taken. Notes name all of that. Throws `usage` for
 * an empty sheet.
 */
export function sheetTable(sheet: WorkbookSheet, wanted: string | null): SheetTable {
  if (sheet.rows.length === 0) {
    throw listIsEmpty(`the sheet ${printable(sheet.name, 60)} is empty`, otherSheetsHint(sheet));
  }
  const table = tableOf(sheet.rows, null, wanted);
  const columns = sheet.hiddenColumns.map((column) => cellName(0, column).slice(0, -1));
  const linked = sheet.rows.flatMap(({ number, cells, links }) =>
    [...links].map(([column, link]) => ({
      name: cellName(number, column),
      ...linkedCell(unguardCell(cells[column] ?? ""), link),
    })),
  );
  return {
    ...table,
    sheet: sheet.name,
    notes: [
      ...sheetNotes(sheet, sheet.others),
      ...(sheet.from1904
        ? ["this workbook counts days from 1904: a bare number in a column of dates is another day there"]
        : []),
      ...table.notes,
      ...rowsNote("rows that the spreadsheet hides, read like the others", sheet.hiddenRows),
      ...rowsNote("columns that the spreadsheet hides, read like the others", columns),
      ...rowsNote("cells over several rows, whose text counts for each of these rows", sheet.merged),
      ...rowsNote("cells whose formula has no result in the file", sheet.uncalculated),
      ...rowsNote("cells whose link a formula puts together, which is not read", sheet.madeLinks),
      ...rowsNote(
        "cells whose address stands in the link behind their text",
        linked.filter(({ cell, judged }) => judged !== cell).map(({ name }) => name),
      ),
      ...rowsNote(
        "cells that show another address than the link behind them: the one that is shown was taken",
        linked.filter(({ differs }) => differs).map(({ name }) => name),
      ),
    ],
  };
}

/** Where else in the workbook the list may be; null where there is no other sheet. */
export function otherSheetsHint({ name, others }: WorkbookSheet): string | null {
  if (others.length === 0) return null;
  return `that is the sheet ${printable(name, 60)}; --sheet takes another one: ${sheetNames(others)}`;
}

function sheetNotes({ name, isHidden }: SheetName, others: readonly SheetName[]): readonly string[] {
  if (others.length === 0) return isHidden ? [`read from ${printable(name, 60)}, a hidden sheet`] : [];
  const which = isHidden ? ", a hidden sheet" : "";
  return [
    `read from the sheet ${printable(name, 60)}${which}; not read: ${sheetNames(others)} (--sheet takes another one)`,
  ];
}

function sheetNames(sheets: readonly SheetName[]): string {
  const named = ({ name, isHidden }: SheetName) => `${printable(name, 40)}${isHidden ? " (hidden)" : ""}`;
  const more = sheets.length > 5 ? ` and ${sheets.length - 5} more` : "";
  return `${sheets.slice(0, 5).map(named).join(", ")}${more}`;
}
