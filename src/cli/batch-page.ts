import type { BatchReport, RowCounts } from "../batch/batch.js";
import type { BatchPlan, PlannedRow, StoredBatch } from "../batch/list.js";
import type { PageResult } from "../capture/page.js";
import { counted, formatCount } from "../core/words/counted.js";
import { displayWidth, printable, printableJson } from "../core/words/printable.js";
import type { Session } from "./session.js";
import { type Column, renderTable } from "./table.js";
import { columnsOf } from "./terminal.js";
import { labelled } from "./text-layout.js";

const words: Readonly<Record<keyof RowCounts, string>> = {
  captured: "captured",
  "already-captured": "already captured",
  incomplete: "incomplete",
  failed: "failed",
  refused: "refused",
  expanded: "lists",
  skipped: "skipped",
  waiting: "not reached",
};

/** For instance `350 captured, 12 already captured, 9 failed`. */
export function countWords(counts: RowCounts, without: readonly (keyof RowCounts)[] = []): string {
  const parts: string[] = [];
  for (const status of Object.keys(words)) {
    const key = keyOfCounts(status);
    if (key === null || without.includes(key) || counts[key] === 0) continue;
    parts.push(`${formatCount(counts[key])} ${words[key]}`);
  }
  return parts.join(", ");
}

function keyOfCounts(status: string): keyof RowCounts | null {
  return status in words ? (status as keyof RowCounts) : null;
}

/** The lines printed before the first row begins. */
export function beginLines(batch: StoredBatch, counts: RowCounts): readonly string[] {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const name = batch.record.name === null ? "the list" : printable(batch.record.name, 100);
  const left = batch.goesOn
    ? `continuing ${name}: ${formatCount(counts.waiting)} of ${counted(total, "row")} left`
    : `${name}: ${counted(total, "row")}`;
  return [`batch ${batch.record.id}: ${left}`, ...batch.notes.map((note) => `  ${printable(note, 300)}`)];
}

const stops: Readonly<Record<NonNullable<BatchReport["stopped"]>, string>> = {
  interrupted: "the batch was interrupted",
  disk: "the disk has too little free space",
  "max-disk": "the batch stored as much as --max-disk allows",
  silence: "no host has answered for two hours: the network seems to be down",
};

export interface BatchNotes {
  /** Posts with something that was not taken. */
  readonly leftOut: number;
  /** Rows that stopped between two attempts. */
  readonly keptInPart: number;
  /** What became of the pages around clips; null if none was taken. */
  readonly pages: Readonly<Record<PageResult["status"], number>> | null;
}

function pagesWords({ captured, wall, failed }: NonNullable<BatchNotes["pages"]>): string {
  const others = [
    ...(wall === 0 ? [] : [counted(wall, "wall")]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
  ];
  return [`${formatCount(captured)} taken`, ...others].join(", ");
}

/**
 * The lines printed at the end. `again`: the options without which the list would not go on as it began. */
export function batchSummary(
  report: BatchReport,
  { leftOut, keptInPart, pages }: BatchNotes,
  columns: number,
  again: string,
): readonly string[] {
  const { counts, reduced, unsound, stopped, results, failed } = report;
  return [
    `batch ${report.id}: ${countWords(counts) || "no rows"}`,
    ...labelled(
      [
        ["results", `${printable(results)}  (as a workbook: results.xlsx)`],
        ["failed", failed === null ? null : `${printable(failed)}  (usable as a new list)`],
        ["in part", keptWords(keptInPart)],
        ["damaged", unsoundWords(unsound)],
        ["reduced", reducedWords(reduced)],
        ["not taken", leftOutWords(leftOut)],
        ["pages", pages === null ? null : pagesWords(pages)],
        ["stopped", stopped === null ? null : stops[stopped]],
        ["next", ...(stopped === null ? [] : [`holdfast batch --resume${again === "" ? "" : ` ${again}`}`])],
      ],
      columns,
    ),
  ];
}

function keptWords(rows: number): string | null {
  if (rows === 0) return null;
  return `${counted(rows, "row")} not finished: what came is kept as an incomplete capture, and the list goes on with a further attempt`;
}

function unsoundWords(unsound: number): string | null {
  if (unsound === 0) return null;
  return `${counted(unsound, "row")} whose clip is damaged or ends early: the column decode of the results says which`;
}

function leftOutWords(posts: number): string | null {
  if (posts === 0) return null;
  return `something of ${counted(posts, "post")}, which is no video: holdfast show ID says what`;
}

function reducedWords(reduced: number): string | null {
  if (reduced === 0) return null;
  return `${counted(reduced, "row")}: the column rendition of the results says why; holdfast batch --resume takes them again once the cause is gone`;
}

const plans: Readonly<Record<PlannedRow["plan"], string>> = {
  capture: "capture",
  "already-captured": "already captured",
  duplicate: "same as another row",
  refused: "refused",
  "no-address": "no address",
};

/** Shows what would happen to each row: a table or, with `--json`, one line per row. */
export function showPlan(session: Session, { rows, column, notes }: BatchPlan): void {
  const { screen } = session;
  if (session.json) for (const row of rows) screen.data(printableJson(row));
  else if (rows.length > 0) screen.answer(planTable(rows, columnsOf(session.io.stdout)).join("\n"));
  if (session.quiet) return;
  if (column !== null) screen.note(`addresses are taken from ${printable(column, 100)}`);
  for (const note of notes) screen.note(printable(note, 300));
  const count = (plan: PlannedRow["plan"]) => rows.filter((row) => row.plan === plan).length;
  const parts = (["capture", "already-captured", "duplicate", "refused", "no-address"] as const)
    .filter((plan) => count(plan) > 0)
    .map((plan) => `${formatCount(count(plan))} ${plans[plan]}`);
  screen.note(`${parts.join(", ") || "no rows"}; nothing was written`);
}

/** Why a row is refused, and what to do, is never cut: where it does not fit the terminal, it stands below its row. */
function planTable(rows: readonly PlannedRow[], columns: number): readonly string[] {
  const shown: readonly Column<PlannedRow>[] = [
    { title: "row", cell: ({ row }) => String(row), shrinkTo: null, dropOrder: 0, right: true },
    { title: "plan", cell: ({ plan }) => plans[plan], shrinkTo: null, dropOrder: 0 },
    { title: "address", cell: ({ url }) => printable(url), shrinkTo: 20, dropOrder: 1 },
  ];
  const why: Column<PlannedRow> = { title: "why", cell: whyOf, shrinkTo: null, dropOrder: 0 };
  const beside = renderTable(rows, [...shown, why], Number.POSITIVE_INFINITY);
  if (beside.every((line) => displayWidth(line) <= columns)) return beside;
  return renderTable(rows, shown, columns, whyOf);
}

function whyOf({ capture, same_as, reason, problems }: PlannedRow): string {
  const parts = [capture, same_as === null ? null : `row ${same_as}`, reason, ...problems];
  return printable(parts.filter((part) => part !== null).join("; "));
}
