import { sheetTable } from "../../core/lists/sheet-table.js";
import {
  encodingNotes,
  type ListReading,
  readSourceList,
  type SourceList,
  sheetSourceList,
} from "../../core/lists/source-list.js";
import { type ListTable, readTable } from "../../core/lists/table.js";
import { decodeList, refuseLargeList } from "../../core/lists/text.js";
import { HoldfastError } from "../../core/words/error.js";
import { listFormat } from "./list-format.js";
import { readWorkbook } from "./workbook.js";

/**
 * Reads a list of sources, text or a workbook. Throws `usage` for a list that cannot be used: neither of them, damaged, no
 * address column, no such sheet, beyond SECURITY §4.
 */
export function readList(bytes: Uint8Array, as: ListReading): SourceList {
  if (isWorkbook(bytes, as)) return sheetSourceList(readWorkbook(bytes, as.sheet ?? null), as.column);
  return readSourceList(bytes, as);
}

/** Reads a list whose columns say what each row is about as the table that it is, whatever its name says. Throws likewise. */
export function readListTable(bytes: Uint8Array, as: Omit<ListReading, "column">): ListTable {
  if (isWorkbook(bytes, as)) return sheetTable(readWorkbook(bytes, as.sheet ?? null), null);
  const { text, encoding } = decodeList(bytes);
  const table = readTable(text, null);
  return { ...table, notes: [...encodingNotes(encoding), ...table.notes] };
}

function isWorkbook(bytes: Uint8Array, { name, sheet = null }: Omit<ListReading, "column">): boolean {
  refuseLargeList(bytes);
  if (listFormat(bytes, name) === "xlsx") return true;
  if (sheet === null) return false;
  throw new HoldfastError("usage", "--sheet is only for workbooks, and this list is text", "leave it out");
}
