import { counted, formatCount } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { CaptureRow } from "../search/captures.js";
import { flawWords } from "./result-summary.js";
import type { Style } from "./style.js";
import { type Column, renderTable } from "./table.js";
import { formatBytes, formatLength, formatTime } from "./units.js";

/** The table of `list`, at most `columns` wide. */
export function captureTable(rows: readonly CaptureRow[], columns: number, style: Style): readonly string[] {
  return paintHeader(renderTable(rows, captureColumns(style), columns), style);
}

export function paintHeader(lines: readonly string[], style: Style): readonly string[] {
  return lines.map((line, at) => (at === 0 ? style.bold(line) : line));
}

/** The columns that describe a capture; the title comes last. */
export function captureColumns(style: Style): readonly Column<CaptureRow>[] {
  return [
    { title: "ID", cell: (row) => printable(row.id, 40), shrinkTo: null, dropOrder: 0 },
    {
      title: "CAPTURED (UTC)",
      cell: (row) => formatTime(row.at).slice(0, 16),
      shrinkTo: null,
      dropOrder: 1,
    },
    {
      title: "STATUS",
      cell: statusCell,
      shrinkTo: null,
      dropOrder: 0,
      paint: (text, row) => paintStatus(text, row, style),
    },
    { title: "TIME-STAMP (UTC)", cell: anchorCell, shrinkTo: null, dropOrder: 7 },
    { title: "KEYFRAMES", cell: (row) => row.derivation ?? "", shrinkTo: null, dropOrder: 6 },
    {
      title: "LENGTH",
      cell: (row) => (row.duration === null ? "" : formatLength(row.duration)),
      shrinkTo: null,
      dropOrder: 4,
      right: true,
    },
    { title: "SIZE", cell: (row) => formatBytes(row.bytes), shrinkTo: null, dropOrder: 5, right: true },
    { title: "HOST", cell: (row) => printable(row.host ?? row.method, 60), shrinkTo: 10, dropOrder: 3 },
    { title: "UPLOADER", cell: (row) => printable(row.uploader ?? "", 40), shrinkTo: 10, dropOrder: 2 },
    { title: "TITLE", cell: titleOf, shrinkTo: 18, dropOrder: 0 },
  ];
}

/** A clip that is damaged, or not the best that its platform has, must not look like another, however narrow the table. */
function statusCell(row: CaptureRow): string {
  return `${row.status}${flawWords(row)}`;
}

/**
 * The time of the first time-stamp over the entry, according to the index. Only a check shows whether it leads to a
 * trusted root.
 */
function anchorCell({ anchor, stamped_at }: CaptureRow): string {
  if (stamped_at !== null) return formatTime(stamped_at).slice(0, 16);
  return anchor === "none" ? "" : anchor === "pending" ? "pending" : "OpenTimestamps";
}

/** What identifies a row for a person. For a failed attempt: the address or file name, and the reason. */
function titleOf(row: CaptureRow): string {
  const asked = row.url ?? row.file_name;
  if (row.status === "failed") {
    const reason = row.reason ?? "no reason stated";
    return printable(asked === null ? reason : `${asked} (${reason})`, 300);
  }
  return printable(row.title ?? asked ?? "", 300);
}

function paintStatus(text: string, row: CaptureRow, style: Style): string {
  if (row.status === "captured" && flawWords(row) !== "") return style.warn(text);
  if (row.status === "captured") return style.good(text);
  return row.status === "incomplete" ? style.warn(text) : style.bad(text);
}

/** How many rows there are of each status, and what the stored ones hold. */
function totals(rows: readonly CaptureRow[]): string {
  const counts = (["captured", "incomplete", "failed"] as const)
    .map((status) => [status, rows.filter((row) => row.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${formatCount(count)} ${status}`);
  return `${counts.join(", ")}; ${formatBytes(rows.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

/** Totals, then what is left to do. `pending`: the authorities that have not answered, and why. */
export function listNotes(
  rows: readonly CaptureRow[],
  pending: readonly { readonly authority: string; readonly reason: string }[] = [],
): readonly string[] {
  if (rows.length === 0) return ["no captures match"];
  const waiting = rows.filter((row) => row.derivation === "pending").length;
  const reduced = rows.filter(({ rendition }) => rendition?.grade === "reduced").length;
  const unstamped = rows.filter((row) => row.anchor === "pending").length;
  return [
    totals(rows),
    ...(waiting === 0 ? [] : [`${counted(waiting, "capture")} without keyframes yet: holdfast derive`]),
    ...(reduced === 0
      ? []
      : [
          `${counted(reduced, "capture")} reduced: holdfast show ID says why, holdfast archive --again ID fetches it again`,
        ]),
    ...(unstamped === 0
      ? []
      : [`${counted(unstamped, "capture")} without an outside time-stamp yet: holdfast checkpoint`]),
    ...(unstamped === 0
      ? []
      : pending.map(({ authority, reason }) => `  ${printable(authority, 40)}: ${printable(reason, 200)}`)),
  ];
}
