import { commentStart, holdsOnlyAddresses } from "./cell-address.js";
import { type Delimiter, findDelimiter, readDelimited } from "./delimited-text.js";
import { unguardCell } from "./guarded-cell.js";
import { linkedCell } from "./linked-cell.js";
import { refuseManyRows } from "./text.js";
import { columnNamed, mayNameAddresses, namesAddresses } from "./url-column.js";

/** A row of a list as it was read. `number` is as a spreadsheet shows it; `cells` are aligned to the columns. */
export interface ListRow {
  readonly number: number;
  readonly cells: readonly string[];
  /** What the cells are judged by where one of them has a link behind its text: where the link leads. */
  readonly judged?: readonly string[];
}

/** The cells of a row as a file holds them. `number` is as the spreadsheet shows it. */
export interface RawRow {
  readonly number: number;
  readonly cells: readonly string[];
  /** By column from 0: where the link behind a cell leads. */
  readonly links?: ReadonlyMap<number, string>;
}

/** The cells by which the column of addresses is chosen. */
export function judgedCells({ cells, judged }: ListRow): readonly string[] {
  return judged ?? cells;
}

/** The form into which every kind of list is read. */
export interface ListTable {
  readonly delimiter: Delimiter | null;
  /** Unique, and none is blank. */
  readonly columns: readonly string[];
  /** False if the list has no header and its columns are named by their numbers. */
  readonly hasHeader: boolean;
  readonly rows: readonly ListRow[];
  /** What a person should know about how it was read: sentences without a full stop. */
  readonly notes: readonly string[];
}

/**
 * Reads a list in delimited text. Blank rows are skipped; so are comments, and a note says how many. The first
 * remaining row is the header unless it holds an address or is a title above the header; it is the header in any case if
 * it has a column named `wanted`. Cells lose the apostrophes that `guardCell` gave them. Throws `usage` as `readDelimited` does.
 */
export function readTable(text: string, wanted: string | null): ListTable {
  const marked = /^"?\s*sep\s*=\s*(?:([,;|\t])|(\\t|tab))\s*"?[,;|\t]*[ ]*(?:\r\n|\r|\n|$)/i.exec(text);
  const delimiter = delimiterNamed(marked?.[2] === undefined ? marked?.[1] : "\t") ?? findDelimiter(text);
  return tableOf(numbered(readDelimited(text, delimiter, marked?.[0].length ?? 0)), delimiter, wanted);
}

function* numbered(rows: Iterable<readonly string[]>): Generator<RawRow> {
  let number = 0;
  for (const cells of rows) {
    number += 1;
    yield { number, cells };
  }
}

/** The table that rows of cells are, by the rules of `readTable`. `delimiter` is null where nothing divided them. */
export function tableOf(
  raw: Iterable<RawRow>,
  delimiter: Delimiter | null,
  wanted: string | null,
): ListTable {
  const { rows, comments } = dataRows(raw);
  const at = headerAt(rows, wanted);
  const hasHeader = at !== null;
  const header = hasHeader ? (rows[at]?.cells ?? []) : [];
  const data = hasHeader ? rows.slice(at + 1) : rows;
  refuseManyRows(data.length);
  const width = data.reduce((widest, { cells }) => Math.max(widest, cells.length), header.length);
  const columns = columnNames(header, width);
  const beyond = hasHeader ? data.filter(({ cells }) => cells.length > header.length) : [];
  const aligned = (cells: readonly string[]) => columns.map((_, index) => cells[index] ?? "");
  return {
    delimiter,
    columns,
    hasHeader,
    rows: data.map(({ number, cells, judged }) => ({
      number,
      cells: aligned(cells),
      ...(judged === undefined ? {} : { judged: aligned(judged) }),
    })),
    notes: [
      ...rowsNote("rows above the header, which hold no address", numbersOf(rows.slice(0, at ?? 0))),
      ...rowsNote("rows left out as comments, because they begin with #", comments),
      ...rowsNote(
        "rows longer than the header, whose further cells have columns of their own",
        numbersOf(beyond),
      ),
    ],
  };
}

interface DataRows {
  readonly rows: readonly ListRow[];
  /** Numbers of the rows left out. */
  readonly comments: readonly number[];
}

function dataRows(raw: Iterable<RawRow>): DataRows {
  const rows: ListRow[] = [];
  const comments: number[] = [];
  for (const { number, cells, links } of raw) {
    if (cells.every((cell) => cell.trim() === "")) continue;
    if (isComment(cells)) comments.push(number);
    else rows.push(listRow(number, cells.map(unguardCell), links));
    // One more for the header.
    refuseManyRows(rows.length - 1);
  }
  return { rows, comments };
}

function listRow(
  number: number,
  cells: readonly string[],
  links: ReadonlyMap<number, string> | undefined,
): ListRow {
  if (links === undefined || links.size === 0) return { number, cells };
  const linked = cells.map((cell, column) => linkedCell(cell, links.get(column)));
  return { number, cells: linked.map(({ cell }) => cell), judged: linked.map(({ judged }) => judged) };
}

/**
 * A column of numbers may be headed `#` or contain `#1`: if another cell holds an address or heads such a column, the
 * row is data.
 */
function isComment(cells: readonly string[]): boolean {
  const [first = "", ...others] = cells;
  if (!first.startsWith("#") || commentStart(first) > 0) return false;
  if (first.trim() === "#" && others.some((cell) => cell.trim() !== "")) return false;
  if (holdsOnlyAddresses(first.replace(/^#+/, ""))) return true;
  return !others.some((cell) => holdsOnlyAddresses(cell) || namesAddresses(cell));
}

/** How far down a header is looked for below titles. */
const titleRows = 10;

/**
 * Index of the header; null if the first row is data. A header below titles is a row with a column named `wanted`, or
 * named for addresses, or with several cells right above the first address, where the row above it has a single one.
 */
function headerAt(rows: readonly ListRow[], wanted: string | null): number | null {
  const isWanted = ({ cells }: ListRow) =>
    wanted !== null && !/^\s*\d+\s*$/.test(wanted) && columnNamed(cells, wanted) !== null;
  const address = rows.findIndex((row) => judgedCells(row).some(holdsOnlyAddresses));
  if (rows[0] === undefined || (address === 0 && !isWanted(rows[0]))) return null;
  const above = rows.slice(0, Math.min(address === -1 ? 1 : Math.max(1, address), titleRows));
  const named = [isWanted, namesThem(namesAddresses), namesThem(mayNameAddresses)];
  const found = named.map((is) => above.findIndex(is)).find((index) => index !== -1);
  if (found !== undefined) return found;
  const last = above.length - 1;
  return isTitle(rows[0]) && !isTitle(above[last] ?? rows[0]) ? last : 0;
}

function namesThem(names: (header: string) => boolean): (row: ListRow) => boolean {
  return ({ cells }) => cells.some(names);
}

function isTitle({ cells }: ListRow): boolean {
  return cells.filter((cell) => cell.trim() !== "").length === 1;
}

function delimiterNamed(character: string | undefined): Delimiter | null {
  return character === "," || character === ";" || character === "\t" || character === "|" ? character : null;
}

/** One name for each of `width` columns: those of `header`, numbers where it is blank or too short, each only once. */
export function columnNames(header: readonly string[], width: number): readonly string[] {
  const taken = new Set(header.filter((name) => name.trim() !== ""));
  const used = new Set<string>();
  return Array.from({ length: width }, (_, index) => {
    const given = header[index] ?? "";
    const name = given.trim() === "" ? `column ${index + 1}` : given;
    const free = given === name && !used.has(name) ? name : freeName(name, taken);
    used.add(free);
    taken.add(free);
    return free;
  });
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${name} (${count})`;
  return free;
}

/** The numbers of rows, as notes name them. */
export function numbersOf(rows: readonly { readonly number: number }[]): readonly number[] {
  return rows.map(({ number }) => number);
}

/** A note that lists the rows or cells it applies to, only the first ones if there are many; no note if there is none. */
export function rowsNote(what: string, numbers: readonly (number | string)[]): readonly string[] {
  if (numbers.length === 0) return [];
  const more = numbers.length > 5 ? ` and ${numbers.length - 5} more` : "";
  return [`${what}: ${numbers.slice(0, 5).join(", ")}${more}`];
}
