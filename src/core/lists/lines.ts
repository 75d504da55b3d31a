import { HoldfastError } from "../words/error.js";
import { wellFormed } from "../words/printable.js";
import { commentStart } from "./cell-address.js";
import { columnNames, type ListRow, type ListTable, rowsNote } from "./table.js";
import { refuseLongCell, refuseManyColumns, refuseManyRows } from "./text.js";

/**
 * A list with one address per line, like yt-dlp's batch files. `#`, `;` or `]` at the start of a line makes it a
 * comment; `#` after a blank begins one. A hashtag before an address does neither. A row's number is its line.
 */
export function readLines(text: string): ListTable {
  const rows: ListRow[] = [];
  const comments: number[] = [];
  for (const { number, line } of linesOf(text)) {
    if (line.trim() === "") continue;
    const written = line.trimStart();
    const cell = /^[;\]]/.test(written) ? "" : written.slice(0, commentStart(written)).trimEnd();
    if (cell === "") {
      comments.push(number);
      continue;
    }
    refuseLongCell(cell, number);
    rows.push({ number, cells: [cell] });
    refuseManyRows(rows.length);
  }
  const notes = rowsNote("lines left out as comments", comments);
  return { delimiter: null, columns: ["url"], hasHeader: true, rows, notes };
}

/**
 * A list with one JSON object per line, or one address as a JSON string. Strings stay as they are. A number, a list or
 * an object becomes its JSON text without blanks, with every digit kept; null becomes an empty cell. Columns are in the
 * order in which their names first appear. Throws `usage` for a line that is neither.
 */
export function readJsonLines(text: string): ListTable {
  const columns = new Map<string, number>();
  const rows: { readonly number: number; readonly members: ReadonlyMap<string, string> }[] = [];
  for (const { number, line } of linesOf(text)) {
    if (line.trim() === "") continue;
    const members = membersOf(line, number);
    for (const [name, cell] of members) {
      if (!columns.has(name)) columns.set(name, columns.size);
      refuseLongCell(cell, number);
    }
    refuseManyColumns(columns.size, number);
    if ([...members.values()].some((cell) => cell.trim() !== "")) rows.push({ number, members });
    refuseManyRows(rows.length);
  }
  const names = [...columns.keys()];
  return {
    delimiter: null,
    columns: columnNames(names, names.length),
    hasHeader: true,
    rows: rows.map(({ number, members }) => ({
      number,
      cells: names.map((name) => members.get(name) ?? ""),
    })),
    notes: [],
  };
}

function membersOf(line: string, number: number): ReadonlyMap<string, string> {
  const value = parseJson(line);
  if (typeof value === "string") return new Map([["url", textOf(line)]]);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HoldfastError(
      "usage",
      `line ${number} of the list is not a JSON object`,
      'write one object per line, such as {"url": "https://…"}',
    );
  }
  return new Map(topMembers(line));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * The names and cells of the object in `json`, which must be valid. They are read from the text and not from its value,
 * because a number of 19 digits would lose the last ones.
 */
function* topMembers(json: string): Generator<readonly [string, string]> {
  let depth = 0;
  let name: string | null = null;
  let value: string[] = [];
  for (const token of tokensOf(json)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (depth === 0 || (depth === 1 && token === ",")) {
      if (name !== null) yield [name, cellOf(value.join(""))];
      name = null;
      value = [];
    } else if (depth === 1 && name === null) {
      name = textOf(token);
    } else if (depth > 1 || closes || token !== ":") {
      value.push(token);
    }
    if (token === "{" || token === "[") depth += 1;
  }
}

/** Brackets, commas, colons, strings with their quotes, and every other value; no blanks in between. */
function* tokensOf(json: string): Generator<string> {
  const start = /["{}[\],:]|[^\s"{}[\],:]+/g;
  for (let found = start.exec(json); found !== null; found = start.exec(json)) {
    if (found[0] === '"') start.lastIndex = stringEnd(json, found.index);
    yield json.slice(found.index, start.lastIndex);
  }
}

/**
 * Where the string that opens at `open` ends. A single pattern for a whole string would overflow the stack on a hostile
 * one.
 */
function stringEnd(json: string, open: number): number {
  const mark = /[\\"]/g;
  mark.lastIndex = open + 1;
  for (let found = mark.exec(json); found !== null; found = mark.exec(json)) {
    if (found[0] === '"') return mark.lastIndex;
    mark.lastIndex += 1;
  }
  return json.length;
}

function cellOf(json: string): string {
  if (json === "null") return "";
  return json.startsWith('"') ? textOf(json) : json;
}

function textOf(json: string): string {
  const text: unknown = JSON.parse(json);
  // Escapes can spell characters that no text file can hold.
  return typeof text === "string" ? wellFormed(text).replaceAll("\0", "\ufffd") : json;
}

/** The lines of a text with their numbers from 1; CRLF, LF and CR end a line. */
function* linesOf(text: string): Generator<{ readonly number: number; readonly line: string }> {
  const end = /\r\n|\r|\n/g;
  let from = 0;
  for (let number = 1; from < text.length; number += 1) {
    end.lastIndex = from;
    const found = end.exec(text);
    yield { number, line: text.slice(from, found?.index ?? text.length) };
    from = found === null ? text.length : end.lastIndex;
  }
}
