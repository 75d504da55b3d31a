import { cellName } from "../../core/lists/cell-name.js";
import { addressInFormula, makesLink } from "../../core/lists/link-formula.js";
import type { SheetContent } from "../../core/lists/sheet-table.js";
import { listLimits, refuseLongCell, refuseManyColumns, refuseManyRows } from "../../core/lists/text.js";
import { wellFormed } from "../../core/words/printable.js";
import { type NumberFormat, numberText } from "./cell-format.js";
import { readXml, type XmlEvents } from "./xml-events.js";
import { damaged } from "./zip-parts.js";

/** What the cells of a sheet refer to. */
export interface SheetContext {
  readonly strings: readonly string[];
  /** By the number of a cell's style. */
  readonly formats: readonly NumberFormat[];
  readonly from1904: boolean;
  /** The targets of the sheet's links by their id. */
  readonly targets: ReadonlyMap<string, string>;
}

interface Range {
  readonly from: Place;
  readonly to: Place;
}

interface Place {
  readonly row: number;
  /** From 0. */
  readonly column: number;
}

interface OpenCell {
  readonly place: Place;
  readonly type: string;
  readonly format: NumberFormat;
  value: string;
  formula: string;
  /** The number of the formula that several cells have, which stands in the first of them alone; null for its own. */
  shared: string | null;
  text: string;
}

/** Everything that is collected while the sheet is read. */
interface Sheet {
  readonly rows: Map<number, string[]>;
  readonly links: Map<number, Map<number, string>>;
  readonly hiddenRows: number[];
  readonly hiddenColumns: Set<number>;
  readonly merges: Range[];
  readonly uncalculated: string[];
  readonly madeLinks: string[];
  readonly sharedFormulas: Map<string, string>;
  /** How many cells of ranges have been looked at. */
  ranged: number;
}

/** Rows that a spreadsheet can have. */
const mostRows = 1_048_576;
/** Cells of links and merged cells that are looked at one by one: a range may be as large as the sheet, and there may be many. */
const mostCellsOfRanges = 5_000_000;

/** Reads the XML of one sheet. Throws `usage` beyond the limits of SECURITY §4, and if it is damaged. */
export function readSheet(bytes: Uint8Array, context: SheetContext): SheetContent {
  const sheet: Sheet = {
    rows: new Map(),
    links: new Map(),
    hiddenRows: [],
    hiddenColumns: new Set(),
    merges: [],
    uncalculated: [],
    madeLinks: [],
    sharedFormulas: new Map(),
    ranged: 0,
  };
  readXml(bytes, sheetEvents(sheet, context));
  const merged = fillMerged(sheet);
  const rows = [...sheet.rows]
    .sort(([a], [b]) => a - b)
    .filter(([row, cells]) => sheet.links.has(row) || cells.some((cell) => cell.trim() !== ""));
  // One more for the header.
  refuseManyRows(rows.length - 1);
  const shown = new Set(rows.map(([row]) => row));
  return {
    rows: rows.map(([number, cells]) => ({
      number,
      cells: Array.from(cells, (cell) => cell ?? ""),
      links: sheet.links.get(number) ?? new Map(),
    })),
    hiddenRows: sheet.hiddenRows.filter((row) => shown.has(row)),
    hiddenColumns: [...sheet.hiddenColumns].filter((column) =>
      rows.some(([, cells]) => (cells[column] ?? "").trim() !== ""),
    ),
    merged,
    uncalculated: sheet.uncalculated,
    madeLinks: sheet.madeLinks,
  };
}

function sheetEvents(sheet: Sheet, context: SheetContext): XmlEvents {
  let row = 0;
  let column = -1;
  let cell: OpenCell | null = null;
  let into: "value" | "formula" | "text" | null = null;
  let phonetic = false;
  const open: Readonly<Record<string, (attribute: (name: string) => string | undefined) => void>> = {
    row: (attribute) => {
      row = rowNumber(attribute("r")) ?? row + 1;
      column = -1;
      if (isOn(attribute("hidden"))) sheet.hiddenRows.push(row);
    },
    c: (attribute) => {
      const place = placeOf(attribute("r") ?? "") ?? { row, column: column + 1 };
      column = place.column;
      const format = context.formats[Number(attribute("s") ?? 0)] ?? { shows: "number" };
      cell = { place, type: attribute("t") ?? "n", format, value: "", formula: "", shared: null, text: "" };
    },
    v: () => {
      into = "value";
    },
    f: (attribute) => {
      into = "formula";
      if (cell !== null && attribute("t") === "shared") cell.shared = attribute("si") ?? null;
    },
    t: () => {
      into = phonetic ? null : "text";
    },
    rPh: () => {
      phonetic = true;
    },
    col: (attribute) => {
      if (!isOn(attribute("hidden"))) return;
      const from = Math.max(1, Number(attribute("min")));
      const to = Math.min(Number(attribute("max")), listLimits.columns);
      for (let index = from; index <= to; index += 1) sheet.hiddenColumns.add(index - 1);
    },
    mergeCell: (attribute) => {
      const range = rangeOf(attribute("ref") ?? "");
      if (range !== null) sheet.merges.push(range);
    },
    hyperlink: (attribute) => addLink(sheet, context, attribute),
  };
  return {
    onOpen: (name, attribute) => {
      if (Object.hasOwn(open, name)) open[name]?.(attribute);
    },
    onText: (text) => {
      if (cell !== null && into !== null) cell[into] += text;
    },
    onClose: (name) => {
      if (name === "v" || name === "f" || name === "t") into = null;
      if (name === "rPh") phonetic = false;
      if (name !== "c" || cell === null) return;
      addCell(sheet, cell, context);
      cell = null;
    },
  };
}

function addCell(sheet: Sheet, cell: OpenCell, context: SheetContext): void {
  const { row, column } = cell.place;
  const text = textOf(cell, context);
  const formula = formulaOf(sheet, cell);
  const address = addressInFormula(`=${formula}`);
  const isUncalculated = text === "" && formula !== "";
  if (isUncalculated && address === null) sheet.uncalculated.push(cellName(row, column));
  if (address === null && makesLink(formula)) sheet.madeLinks.push(cellName(row, column));
  // Of a formula for several cells the text is that of the first: the others name other cells.
  const unread = cell.formula === "" ? "" : `=${cell.formula}`;
  const shown = isUncalculated ? (address ?? unread) : text;
  if (shown === "") return;
  // A sheet may be coloured to its last column: only what holds a text is counted.
  refuseManyColumns(column + 1, row);
  refuseLongCell(shown, row);
  setCell(sheet, cell.place, shown);
  if (address !== null) linksOf(sheet, row).set(column, address);
}

/** The formula of a cell, or of the first cell that has the same one; "" if there is none. */
function formulaOf({ sharedFormulas }: Sheet, { shared, formula }: OpenCell): string {
  if (shared === null) return formula;
  if (formula !== "") sharedFormulas.set(shared, formula);
  return sharedFormulas.get(shared) ?? "";
}

function setCell(sheet: Sheet, { row, column }: Place, text: string): void {
  const cells = sheet.rows.get(row) ?? [];
  cells[column] = text;
  sheet.rows.set(row, cells);
  if (sheet.rows.size > listLimits.rows + 1) refuseManyRows(sheet.rows.size - 1);
}

/** The text that a cell shows. */
function textOf({ type, value, text, format }: OpenCell, { strings, from1904 }: SheetContext): string {
  switch (type) {
    case "s":
      return sharedText(strings, value);
    case "inlineStr":
      return unescaped(text);
    case "str":
      return unescaped(value);
    case "b":
      return value === "" ? "" : value.trim() === "1" ? "TRUE" : "FALSE";
    case "e":
      return value;
    case "d":
      return value.replace(/T00:00(?::00(?:\.0+)?)?Z?$/, "");
    default:
      return value === "" ? "" : numberText(value, format, from1904);
  }
}

function sharedText(strings: readonly string[], index: string): string {
  if (index === "") return "";
  const text = strings[Number(index)];
  if (text === undefined) throw damaged("a cell names a text that is not there");
  return text;
}

/** Undoes `_x000D_`, by which a spreadsheet writes what XML cannot hold. What no text file can hold becomes U+FFFD. */
export function unescaped(text: string): string {
  return wellFormed(text)
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => characterOf(Number.parseInt(code, 16)))
    .replace(/\r\n?/g, "\n");
}

function characterOf(code: number): string {
  return code === 0 || (code >= 0xd800 && code <= 0xdfff) ? "\ufffd" : String.fromCharCode(code);
}

function linksOf(sheet: Sheet, row: number): Map<number, string> {
  const links = sheet.links.get(row) ?? new Map<number, string>();
  sheet.links.set(row, links);
  return links;
}

/** Only links to the web are addresses; others lead to a cell, a mail or a file of somebody's own machine. */
function addLink(
  sheet: Sheet,
  { targets }: SheetContext,
  attribute: (name: string) => string | undefined,
): void {
  const target = targets.get(attribute("id") ?? "");
  const range = rangeOf(attribute("ref") ?? "");
  if (target === undefined || range === null || !/^https?:\/\//i.test(target)) return;
  const location = attribute("location");
  const address = location === undefined ? target : `${target}#${location}`;
  // The cells before: a link belongs to a cell that shows something.
  for (const { row, column } of cellsOf(sheet, range)) {
    if ((sheet.rows.get(row)?.[column] ?? "") !== "") linksOf(sheet, row).set(column, address);
  }
}

/** A text over several rows counts for each of them. Gives back the ranges in which that is so. */
function fillMerged(sheet: Sheet): readonly string[] {
  const names: string[] = [];
  for (const { from, to } of sheet.merges) {
    const text = sheet.rows.get(from.row)?.[from.column] ?? "";
    if (to.row === from.row || text === "") continue;
    names.push(`${cellName(from.row, from.column)}:${cellName(to.row, to.column)}`);
    const link = sheet.links.get(from.row)?.get(from.column);
    for (const { row, column } of cellsOf(sheet, { from, to: { row: to.row, column: from.column } })) {
      // A range may go on to the end of the sheet: rows that hold nothing else stay blank.
      if (!sheet.rows.has(row)) continue;
      setCell(sheet, { row, column }, text);
      if (link !== undefined) linksOf(sheet, row).set(column, link);
    }
  }
  return names;
}

function* cellsOf(sheet: Sheet, { from, to }: Range): Generator<Place> {
  sheet.ranged += Math.max(0, to.row - from.row + 1) * Math.max(0, to.column - from.column + 1);
  if (sheet.ranged > mostCellsOfRanges) throw damaged("its links and merged cells cover too much");
  for (let row = from.row; row <= to.row; row += 1) {
    for (let column = from.column; column <= to.column; column += 1) yield { row, column };
  }
}

function rangeOf(text: string): Range | null {
  const [first = "", last = first] = text.split(":");
  const [from, to] = [placeOf(first), placeOf(last)];
  return from === null || to === null ? null : { from, to };
}

function placeOf(name: string): Place | null {
  const [, letters = "", digits = ""] = /^\$?([A-Za-z]{1,3})\$?(\d{1,7})$/.exec(name) ?? [];
  const row = rowNumber(digits);
  if (row === null) return null;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row, column: column - 1 };
}

function rowNumber(text: string | undefined): number | null {
  const row = Number(text);
  return text !== undefined && Number.isInteger(row) && row >= 1 && row <= mostRows ? row : null;
}

function isOn(value: string | undefined): boolean {
  return value === "1" || value === "true";
}
