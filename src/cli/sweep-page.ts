import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { SweepReport, SweptOrphan } from "../upkeep/sweep.js";
import { padEnd, wrap } from "./text-layout.js";

/** The findings of `doctor --sweep`, and the next command. */
export function sweepPage({ orphans, busy, entries, head }: SweepReport, columns: number): readonly string[] {
  const lines = orphans.flatMap((orphan) => orphanLines(orphan, head !== null, columns));
  const open = orphans.filter(({ fate, done }) => fate !== "keep" && !done).length;
  const conclusion = [
    ...(busy ? ["another holdfast process is writing: its work in progress was not inspected"] : []),
    ...(orphans.length === 0 ? ["no leftovers found"] : []),
    ...(entries.length === 0
      ? []
      : [`${counted(entries.length, "log entry states", "log entries state")} this: ${entries.join(", ")}`]),
    ...(head === null && open > 0 ? ["next  holdfast doctor --sweep --remove"] : []),
  ];
  return [...lines, ...conclusion];
}

const wordWidth = 11;

function orphanLines(orphan: SweptOrphan, wasSwept: boolean, columns: number): readonly string[] {
  const [first = "", ...rest] = wrap(printable(`${orphan.path}: ${orphan.why}`), columns - wordWidth);
  return [
    padEnd(wordOf(orphan, wasSwept), wordWidth) + first,
    ...rest.map((line) => " ".repeat(wordWidth) + line),
  ];
}

function wordOf({ fate, done }: SweptOrphan, wasSwept: boolean): string {
  if (fate === "keep") return wasSwept ? "kept" : "keep";
  if (!wasSwept) return fate;
  if (!done) return "remains";
  return fate === "finish" ? "finished" : "removed";
}
