import { displayWidth, fitWidth } from "../core/words/printable.js";
import { padEnd, padStart, wrap } from "./text-layout.js";

export interface Column<Row> {
  readonly title: string;
  /** The cell's printable text. */
  readonly cell: (row: Row) => string;
  /** The width that cells may be cut to at least; null for cells that are never cut. */
  readonly shrinkTo: number | null;
  /** If the table is still too wide, columns are dropped in this order, highest first; 0 always stays. */
  readonly dropOrder: number;
  readonly right?: boolean;
  readonly paint?: (text: string, row: Row) => string;
  /** How many times as wide as others it may stay when cells are cut; 1 if not stated. */
  readonly share?: number;
}

interface Fitted<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  width: number;
}

const gap = "  ";

/** What stands below a row, indented. */
const belowIndent = "    ";

/**
 * A table of at most `columns` terminal columns, without empty columns. To fit, it first cuts the widest cells that may be
 * cut, then drops columns, then puts the last column below its row, and finally cuts lines. The first line holds the
 * titles. `below`: further printable text for a row, wrapped below it.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminalColumns: number,
  below: (row: Row) => string = () => "",
): readonly string[] {
  const all = fitColumns(rows, columns, terminalColumns);
  const lowered = all.length > 2 && smallest(all) > terminalColumns ? all.at(-1) : undefined;
  const fitted = lowered === undefined ? all : all.slice(0, -1);
  const titles = fitted.map((part, at) => align(part, part.column.title, at === fitted.length - 1)).join(gap);
  return [
    cutLine(titles, terminalColumns),
    ...rows.flatMap((row, at) => [
      renderRow(row, at, fitted, terminalColumns),
      ...[lowered?.cells[at] ?? "", ...wrap(below(row), terminalColumns - belowIndent.length)]
        .filter((line) => line !== "")
        .map((line) => cutLine(belowIndent + line, terminalColumns)),
    ]),
  ];
}

function fitColumns<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminalColumns: number,
): readonly Fitted<Row>[] {
  let kept: Fitted<Row>[] = columns
    .map((column) => ({ column, cells: rows.map(column.cell) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .map((part) => ({ ...part, width: widest([part.column.title, ...part.cells]) }));
  while (smallest(kept) > terminalColumns) {
    const drop = Math.max(...kept.map((part) => part.column.dropOrder));
    if (drop === 0) break;
    kept = kept.filter((part) => part.column.dropOrder !== drop);
  }
  shrink(kept, terminalColumns);
  return kept;
}

function shrink<Row>(parts: readonly Fitted<Row>[], terminalColumns: number): void {
  while (total(parts.map((part) => part.width)) > terminalColumns) {
    const cuttable = parts.filter((part) => part.width > leastWidth(part));
    const widestPart = cuttable.sort((a, b) => weightOf(b) - weightOf(a))[0];
    if (widestPart === undefined) return;
    widestPart.width -= 1;
  }
}

function weightOf<Row>({ width, column }: Fitted<Row>): number {
  return width / (column.share ?? 1);
}

function leastWidth<Row>(part: Fitted<Row>): number {
  return part.column.shrinkTo === null ? part.width : Math.min(part.width, part.column.shrinkTo);
}

function smallest<Row>(parts: readonly Fitted<Row>[]): number {
  return total(parts.map(leastWidth));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap.length * Math.max(0, widths.length - 1));
}

function widest(cells: readonly string[]): number {
  return cells.reduce((most, cell) => Math.max(most, displayWidth(cell)), 0);
}

function renderRow<Row>(
  row: Row,
  at: number,
  fitted: readonly Fitted<Row>[],
  terminalColumns: number,
): string {
  const plain = fitted.map((part, column) => align(part, part.cells[at] ?? "", column === fitted.length - 1));
  // Colour is added last, because an escape sequence must not be measured or cut.
  if (displayWidth(plain.join(gap)) > terminalColumns) return cutLine(plain.join(gap), terminalColumns);
  return fitted.map((part, column) => paint(part, plain[column] ?? "", row)).join(gap);
}

function paint<Row>(part: Fitted<Row>, text: string, row: Row): string {
  return part.column.paint ? part.column.paint(text, row) : text;
}

function align<Row>(part: Fitted<Row>, text: string, isLast: boolean): string {
  const cut = fitWidth(text, part.width);
  if (part.column.right === true) return padStart(cut, part.width);
  return isLast ? cut : padEnd(cut, part.width);
}

function cutLine(line: string, terminalColumns: number): string {
  return fitWidth(line, terminalColumns).trimEnd();
}
