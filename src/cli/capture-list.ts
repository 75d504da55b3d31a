import { counted, formatCount } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { CaptureRow } from "../search/captures.js";
import { flawWords } from "./result-summary.js";
import type { Session } from "./session.js";
import type { Style } from "./style.js";
import { type Column, renderTable } from "./table.js";
import { columnsOf } from "./terminal.js";
import { inSameVault } from "./typed-again.js";
import { formatBytes, formatLength, formatTime, localTime } from "./units.js";

/** How a table of captures is shown. */
export interface TableView {
  /** Its greatest width; without limit where each capture must stay on one line, as in a file. */
  readonly columns: number;
  readonly style: Style;
  /** The time zone of the reader, as IANA names it. */
  readonly zone: string;
  /** How commands are named that are to work with the same vault. */
  readonly inVault?: (words: string) => string;
}

/** The view for stdout of a session. */
export function viewOf(session: Pick<Session, "io" | "style" | "vault" | "vaultBy">): TableView {
  const { io, style } = session;
  const inVault = (words: string) => inSameVault(words, session);
  return { columns: columnsOf(io.stdout), style, zone: io.zone ?? "UTC", inVault };
}

/** The table of `list`. */
export function captureTable(rows: readonly CaptureRow[], view: TableView): readonly string[] {
  return renderCaptures(rows, captureColumns(view), view);
}

/** On a terminal, why a capture failed stands below it; in a file, in a column of its own. */
export function renderCaptures<Row extends CaptureRow>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  view: TableView,
): readonly string[] {
  const why: Column<Row> = { title: "WHY", cell: whyOf, shrinkTo: null, dropOrder: 0 };
  return Number.isFinite(view.columns)
    ? paintHeader(renderTable(rows, columns, view.columns, whyOf), view.style)
    : paintHeader(renderTable(rows, [...columns, why], view.columns), view.style);
}

/** Why an attempt failed or only part arrived; empty for what was captured. */
function whyOf({ status, reason }: CaptureRow): string {
  if (status === "captured") return "";
  return printable(reason ?? (status === "failed" ? "no reason stated" : ""), 300);
}

function paintHeader(lines: readonly string[], style: Style): readonly string[] {
  return lines.map((line, at) => (at === 0 ? style.bold(line) : line));
}

/** The columns that describe a capture; the title comes last. */
export function captureColumns({ columns, style, zone }: TableView): readonly Column<CaptureRow>[] {
  return [
    { title: "ID", cell: (row) => printable(row.id, 40), shrinkTo: null, dropOrder: 0 },
    {
      title: "CAPTURED (UTC)",
      cell: (row) => formatTime(row.at).slice(0, 16),
      shrinkTo: null,
      dropOrder: 1,
    },
    { title: zone, cell: (row) => localTime(row.at, zone) ?? "", shrinkTo: null, dropOrder: 2 },
    {
      title: "STATUS",
      cell: statusCell,
      shrinkTo: null,
      dropOrder: 0,
      paint: (text, row) => paintStatus(text, row, style),
    },
    { title: "TIME-STAMP (UTC)", cell: anchorCell, shrinkTo: null, dropOrder: 7 },
    {
      title: "KEYFRAMES",
      cell: ({ derivation }) => (derivation === "done" ? "" : (derivation ?? "")),
      shrinkTo: null,
      dropOrder: 8,
    },
    {
      title: "LENGTH",
      cell: (row) => (row.duration === null ? "" : formatLength(row.duration)),
      shrinkTo: null,
      dropOrder: 5,
      right: true,
    },
    {
      title: "SIZE",
      cell: ({ status, bytes }) => (status === "failed" ? "" : formatBytes(bytes)),
      shrinkTo: null,
      dropOrder: 6,
      right: true,
    },
    { title: "HOST", cell: (row) => printable(row.host ?? row.method, 60), shrinkTo: 10, dropOrder: 4 },
    { title: "UPLOADER", cell: (row) => printable(row.uploader ?? "", 40), shrinkTo: 10, dropOrder: 3 },
    { title: "TITLE", cell: titleOf, shrinkTo: titleColumns(columns), dropOrder: 0, share: 3 },
  ];
}

/** The wider the terminal, the larger the share of the title: what else there is can be left out. */
function titleColumns(columns: number): number {
  return Number.isFinite(columns) ? Math.max(18, Math.round(columns * 0.45) - 18) : 18;
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

/** What identifies a row for a person: for a failed attempt, the address or file name. */
function titleOf({ title, url, file_name }: CaptureRow): string {
  return printable(title ?? url ?? file_name ?? "", 300);
}

function paintStatus(text: string, row: CaptureRow, style: Style): string {
  if (row.status === "captured" && flawWords(row) !== "") return style.warn(text);
  if (row.status === "captured") return style.good(text);
  return row.status === "incomplete" ? style.warn(text) : style.bad(text);
}

/** How many rows there are of each status, and what the stored ones hold. */
function totals(rows: readonly CaptureRow[]): string {
  const counts = (["captured", "incomplete", "failed", "withdrawn"] as const)
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
