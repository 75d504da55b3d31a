import type { Delimiter } from "../core/lists/delimited-text.js";
import { csvLine, foundColumns } from "../core/lists/result-table.js";
import { shownCell } from "../core/lists/rewritten-cell.js";
import { printable } from "../core/words/printable.js";
import type { FoundCapture } from "../search/find.js";
import { captureColumns, renderCaptures, type TableView } from "./capture-list.js";

/** The table of `find`: the table of `list`, plus where each match was found. */
export function foundTable(rows: readonly FoundCapture[], view: TableView): readonly string[] {
  const own = captureColumns(view);
  const matched = {
    title: "FOUND IN",
    cell: (row: FoundCapture) => printable(row.matched.join(", "), 60),
    shrinkTo: 12,
    dropOrder: 4,
  };
  return renderCaptures(rows, [...own.slice(0, -1), matched, ...own.slice(-1)], view);
}

const byteOrderMark = "\ufeff";

/**
 * The lines of `find --csv` without line ends: a header with a byte order mark, so that spreadsheets recognise UTF-8, then
 * the captures. After the fixed columns, there is one column for each annotation key, whose cells a spreadsheet leaves as they
 * are. Control characters, tabs among them, appear as text: a page's words must not move a cursor. Where `;` divides the
 * cells, a comma divides the decimals.
 */
export function foundLines(rows: readonly FoundCapture[], separator: Delimiter): readonly string[] {
  const lines = foundCells(rows, separator === ";" ? "," : ".").map((cells) =>
    csvLine(cells, separator, foundColumns.length).replace(/\r\n$/, ""),
  );
  return lines.map((line, index) => (index === 0 ? byteOrderMark + line : line));
}

/** The cells of that table as texts, a header first. `decimal` divides the decimals of a length. */
export function foundCells(rows: readonly FoundCapture[], decimal: string): readonly (readonly string[])[] {
  const keys = [...new Set(rows.flatMap(({ annotations }) => annotations.map(({ key }) => key)))].sort();
  const cells = rows.map((row) => {
    const noted = new Map(row.annotations.map(({ key, value }) => [key, value]));
    return [...fixedCells(row, decimal), ...keys.map((key) => noted.get(key) ?? "")];
  });
  return [[...foundColumns, ...keys], ...cells].map((line) => line.map(shownCell));
}

function fixedCells(row: FoundCapture, decimal: string): readonly string[] {
  const cells: Readonly<Record<(typeof foundColumns)[number], string | number | null>> = {
    id: row.id,
    captured: row.at,
    status: row.status,
    method: row.method,
    url: row.url,
    host: row.host,
    title: row.title,
    uploader: row.uploader,
    "claimed date": row.claimed_date,
    length: row.duration === null ? null : String(row.duration).replace(".", decimal),
    bytes: row.bytes,
    sha256: row.sha256,
    entry: row.entry,
    "time-stamp": row.stamped_at,
    reason: row.reason,
    matched: row.matched.join(", "),
  };
  return foundColumns.map((column) => String(cells[column] ?? ""));
}
