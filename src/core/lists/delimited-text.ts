import { HoldfastError } from "../words/error.js";
import { holdsOnlyAddresses } from "./cell-address.js";
import { refuseLongCell, refuseManyColumns } from "./text.js";
import { namesAddresses } from "./url-column.js";

/** What may separate two cells. Spreadsheets write `;` where the comma is the decimal separator. */
export type Delimiter = "," | ";" | "\t" | "|";

const delimiters: readonly Delimiter[] = [",", ";", "\t", "|"];

/** `open`: the quote never closes. `stray`: quotes where RFC 4180 has none. `runs-on`: the same, over several lines. */
type Fault = "open" | "stray" | "runs-on";

interface Cell {
  readonly value: string;
  readonly start: number;
  /** Where the delimiter or the end of the row stands. */
  readonly end: number;
  readonly fault: Fault | null;
}

/**
 * The rows of delimited text by RFC 4180, one for each row that a spreadsheet shows, blank rows included. Without a
 * delimiter, each row is one cell. CRLF, LF and CR end a row. Quotes inside a cell that does not begin with one, and
 * text after a closing quote, are kept as they stand. Throws `usage` beyond the limits of SECURITY §4, and for a quote
 * that does not close or that closes on another line in the middle of a cell (the rows in between would be lost). The
 * first row begins at `from`.
 */
export function readDelimited(
  text: string,
  delimiter: Delimiter | null,
  from: number,
): Generator<readonly string[]> {
  return rowsOf(text, delimiter, from, (cell, row, column) => {
    refuseManyColumns(column, row);
    if (cell.fault === "open" || cell.fault === "runs-on") throw brokenQuote(text, cell, row);
    refuseLongCell(cell.value, row);
  });
}

/** `look` receives every cell with its row and column, both from 1, and may throw. */
function* rowsOf(
  text: string,
  delimiter: Delimiter | null,
  from: number,
  look: (cell: Cell, row: number, column: number) => void,
): Generator<readonly string[]> {
  const ends = new RegExp(delimiter === null ? "[\\r\\n]" : `[\\r\\n${delimiter}]`, "g");
  let at = from;
  for (let row = 1; at < text.length; row += 1) {
    const cells: string[] = [];
    let cell: Cell;
    do {
      cell = cellAt(text, at, ends);
      look(cell, row, cells.length + 1);
      cells.push(cell.value);
      at = cell.end + 1;
    } while (text[cell.end] === delimiter);
    if (text.startsWith("\r\n", cell.end)) at += 1;
    yield cells;
  }
}

function cellAt(text: string, start: number, ends: RegExp): Cell {
  if (text[start] !== '"') {
    const end = endFrom(text, start, ends);
    const value = text.slice(start, end);
    return { value, start, end, fault: value.includes('"') ? "stray" : null };
  }
  const close = closingQuote(text, start);
  if (close === -1) return { value: text.slice(start), start, end: text.length, fault: "open" };
  const end = endFrom(text, close + 1, ends);
  if (/^ *$/.test(text.slice(close + 1, end))) {
    return { value: text.slice(start + 1, close).replaceAll('""', '"'), start, end, fault: null };
  }
  const value = text.slice(start, end);
  return { value, start, end, fault: /[\r\n]/.test(value) ? "runs-on" : "stray" };
}

function endFrom(text: string, from: number, ends: RegExp): number {
  ends.lastIndex = from;
  return ends.exec(text)?.index ?? text.length;
}

function closingQuote(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1);
  while (quote !== -1 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function brokenQuote(text: string, cell: Cell, row: number): HoldfastError {
  const line = text.slice(0, cell.start).split(/\r\n|\r|\n/).length;
  const what = cell.fault === "open" ? "never closes" : "closes on another line in the middle of a cell";
  return new HoldfastError(
    "usage",
    `row ${row} of the list has a quote that ${what} (it opens on line ${line})`,
    "double each quote inside a cell, or save the list with a spreadsheet program",
  );
}

/** Enough rows to tell, and a bound on the work that one hostile file can ask for. */
const looksAt = { characters: 256 * 1024, rows: 200 };

/**
 * The delimiter under which the rows look most like a table: as many rows as possible are as wide as the first, and no
 * quotes stand in odd places. Null if every row is one cell under all delimiters.
 */
export function findDelimiter(text: string): Delimiter | null {
  const scores = delimiters.map((delimiter) => ({ delimiter, ...fitOf(text, delimiter) }));
  const [best] = scores.sort((a, b) => b.score - a.score || b.width - a.width);
  if (best !== undefined && best.score > 0) return best.delimiter;
  // A broken quote spoils every row below it; the header still shows what the table is, and the quote can be named.
  const header = /^[^\r\n]{0,4096}/.exec(text)?.[0] ?? "";
  const shown = (one: Delimiter) => header.includes(one) && header.split(one).some(namesAddresses);
  return text.includes('"') ? (delimiters.find(shown) ?? null) : null;
}

function fitOf(text: string, delimiter: Delimiter): { readonly score: number; readonly width: number } {
  const head = text.slice(0, looksAt.characters);
  const all: { readonly cells: readonly string[]; readonly faulty: boolean }[] = [];
  let faulty = false;
  const rows = rowsOf(head, delimiter, 0, ({ fault }) => {
    // In a text cut short, the last quote may close after the cut.
    if (fault !== null && (fault !== "open" || head.length === text.length)) faulty = true;
  });
  for (const cells of rows) {
    if (cells.length > 1 || cells[0]?.trim() !== "") all.push({ cells, faulty });
    faulty = false;
    if (all.length === looksAt.rows) break;
  }
  const data = all.filter(({ cells }) => !cells[0]?.startsWith("#"));
  const judged = data.length === 0 ? all : data;
  const width = judged[0]?.cells.length ?? 0;
  const alike = judged.filter(({ cells }) => cells.length === width).length;
  const fit =
    width > 1
      ? alike
      : isTableBelow(
            judged.map(({ cells }) => cells),
            delimiter,
          )
        ? 0.5
        : 0;
  return { score: fit - judged.filter((row) => row.faulty).length, width };
}

/**
 * True for rows of several cells below a first row of one cell, such as a title. An address may contain a comma, and
 * cutting it there would capture something else, so rows that are addresses as a whole are not a table.
 */
function isTableBelow(rows: readonly (readonly string[])[], delimiter: Delimiter): boolean {
  const wide = rows.filter((cells) => cells.length > 1);
  return wide.length * 2 > rows.length && !wide.every((cells) => holdsOnlyAddresses(cells.join(delimiter)));
}
