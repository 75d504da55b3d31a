import { olderOutcomeNames, outcomeNames } from "../lists/result-table.js";
import { judgedCells, type ListRow, type ListTable } from "../lists/table.js";
import { namesAddresses, urlColumnOf } from "../lists/url-column.js";
import { HoldfastError } from "../words/error.js";

/** How a row of a list says which captures it is about. */
export type CaptureName =
  /** An id, or a part that only one id contains. */
  | { readonly by: "id"; readonly text: string }
  /** The SHA-256 of a file: every capture that has this file. */
  | { readonly by: "sha256"; readonly text: string }
  /** An address: every capture of it. */
  | { readonly by: "url"; readonly text: string };

/** A row of a list of annotations. */
export interface AnnotatedRow {
  /** As a spreadsheet shows it. */
  readonly number: number;
  /** Null if the row names no capture. */
  readonly name: CaptureName | null;
  /** Header and cell of every other column. */
  readonly pairs: readonly (readonly [column: string, cell: string])[];
}

const idNames = ["id", "capture", "capture id", "capture_id"];
const digestNames = ["sha256", "sha-256", "sha 256", "sha_256"];

/**
 * Reads a table whose columns name captures: by id, else by SHA-256, else by address. Columns that holdfast itself
 * writes into a table of results add nothing, so a set of them is left out if most of it is present: people take columns
 * out that they do not need. `own` lists such sets besides that of `results.csv`. Throws `usage` for a table without a header or without a column that names
 * captures.
 */
export function annotatedRows(
  table: ListTable,
  own: readonly (readonly string[])[],
): readonly AnnotatedRow[] {
  if (!table.hasHeader) throw unusable("its first row is not a header");
  const names = table.columns.map((name) => name.trim().toLowerCase());
  const find = (wanted: readonly string[]) => names.findIndex((name) => wanted.includes(name));
  const [id, digest] = [find(idNames), find(digestNames)];
  const url = id === -1 && digest === -1 ? addressColumn(table) : table.columns.findIndex(namesAddresses);
  const written = [["row", ...outcomeNames], ["row", ...olderOutcomeNames], ...own].filter((set) =>
    isMostlyIn(set, names),
  );
  const left = new Set(written.flat().flatMap((name) => indexOrNone(names, name)));
  const isValue = (index: number) => ![id, digest, url].includes(index) && !left.has(index);
  return table.rows.map((row) => ({
    number: row.number,
    name: nameOf(row, { id, digest, url }),
    pairs: table.columns.flatMap((column, index) =>
      isValue(index) ? [[column, row.cells[index] ?? ""] as const] : [],
    ),
  }));
}

/** Two thirds tell a table of holdfast from one in which a person has a column called `status` or `title`. */
function isMostlyIn(set: readonly string[], names: readonly string[]): boolean {
  return set.filter((name) => names.includes(name)).length * 3 >= set.length * 2;
}

function indexOrNone(names: readonly string[], name: string): readonly number[] {
  const index = names.indexOf(name);
  return index === -1 ? [] : [index];
}

function addressColumn({ columns, rows }: ListTable): number {
  try {
    return urlColumnOf(columns, rows.map(judgedCells), null, "");
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw unusable("none of its columns names captures");
  }
}

function nameOf(
  row: ListRow,
  at: { readonly id: number; readonly digest: number; readonly url: number },
): CaptureName | null {
  // Ids and digests have no blanks: what follows one is the link behind it.
  const word = (index: number) => /\S+/.exec(row.cells[index] ?? "")?.[0] ?? "";
  if (word(at.id) !== "") return { by: "id", text: word(at.id) };
  if (word(at.digest) !== "") return { by: "sha256", text: word(at.digest).toLowerCase() };
  const url = (judgedCells(row)[at.url] ?? "").trim();
  return url === "" ? null : { by: "url", text: url };
}

function unusable(why: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `reading the list: ${why}`,
    "give it a header with a column named id, sha256 or url, and one column for each thing to note",
  );
}
