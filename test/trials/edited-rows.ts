import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { Figures, Round } from "../soak/rounds.js";
import { type DamagedVault, findingsIn, workingTables } from "./damaged-vault.js";

/** One edit of one row. */
interface Edit {
  readonly table: string;
  readonly row: number;
  readonly what: "change" | "null" | "delete" | "duplicate" | "insert" | "swap";
  readonly column: string | null;
}

/** Tables that SQLite keeps for its own look-up in the search index (FORMAT.md §4.6). */
const inner = /^capture_text_/;

/** Every edit of every row and column of the tables that are not working state. */
export function everyEdit({ root }: DamagedVault): readonly Edit[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  try {
    return tablesOf(database).flatMap((table) => editsOf(database, table));
  } finally {
    database.close();
  }
}

function tablesOf(database: Database.Database): readonly string[] {
  return database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all()
    .filter((table) => !workingTables.includes(table) && !inner.test(table));
}

function editsOf(database: Database.Database, table: string): readonly Edit[] {
  const columns = columnsOf(database, table).map(({ name }) => name);
  const rows = database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  const edits: Edit[] = [{ table, row: 0, what: "insert", column: null }];
  for (let row = 0; row < rows; row += 1) {
    for (const column of columns)
      edits.push({ table, row, what: "change", column }, { table, row, what: "null", column });
    edits.push({ table, row, what: "delete", column: null }, { table, row, what: "duplicate", column: null });
    if (row > 0) for (const column of columns) edits.push({ table, row, what: "swap", column });
  }
  return edits;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

function columnsOf(database: Database.Database, table: string): readonly Column[] {
  return database.prepare<[], Column>(`SELECT name, type FROM pragma_table_info('${table}')`).all();
}

/**
 * Makes some of the edits, one at a time, as somebody does who takes the guards away and puts them back. Each that SQLite takes
 * and that changed something must be reported, whatever was edited.
 */
export async function editRows(
  vault: DamagedVault,
  { random }: Round,
  edits: readonly Edit[],
  count: number,
): Promise<Figures> {
  const path = join(vault.root, "vault.db");
  let made = 0;
  for (let turn = 0; turn < count; turn += 1) {
    const edit = edits[Math.floor(random() * edits.length)];
    if (edit === undefined || !makeEdit(path, edit)) {
      writeFileSync(path, vault.database);
      continue;
    }
    made += 1;
    const found = await findingsIn(vault.root, false);
    writeFileSync(path, vault.database);
    expect([edit, found.filter(({ code }) => code !== "anchor-pending").length]).not.toEqual([edit, 0]);
  }
  return { "edits of rows tried": count, "of them made and reported": made };
}

/** False where the table does not take it, or nothing is another afterwards. */
function makeEdit(path: string, edit: Edit): boolean {
  const database = new Database(path);
  try {
    database.unsafeMode();
    database.pragma("foreign_keys = OFF");
    database.pragma("synchronous = OFF");
    const guards = database
      .prepare<[], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
      )
      .all();
    for (const { name } of guards) database.exec(`DROP TRIGGER ${name}`);
    const before = dump(database, edit.table);
    const taken = edited(database, edit);
    for (const { sql } of guards) database.exec(sql);
    const changed = dump(database, edit.table) !== before;
    return taken && changed;
  } finally {
    database.close();
  }
}

function dump(database: Database.Database, table: string): string {
  return JSON.stringify(database.prepare(`SELECT * FROM ${table}`).raw().all());
}

function edited(database: Database.Database, edit: Edit): boolean {
  try {
    database.exec(sqlOf(database, edit));
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && /CONSTRAINT|MISMATCH|ERROR/.test(error.code)) return false;
    throw error;
  }
}

function sqlOf(database: Database.Database, { table, row, what, column }: Edit): string {
  const columns = columnsOf(database, table);
  const own = at(database, table, row);
  if (what === "delete") return `DELETE FROM ${table} WHERE ${own}`;
  if (what === "insert" || what === "duplicate") {
    const values = columns.map(({ name, type }, index) =>
      what === "insert" || index === 0 ? fresh(type, name) : name,
    );
    const from = what === "insert" ? "" : ` FROM ${table} WHERE ${own}`;
    return `INSERT INTO ${table} (${columns.map(({ name }) => name).join(", ")}) SELECT ${values.join(", ")}${from}`;
  }
  if (what === "null") return `UPDATE ${table} SET ${column} = NULL WHERE ${own}`;
  if (what === "swap")
    return `UPDATE ${table} SET ${column} = (SELECT ${column} FROM ${table} WHERE ${at(database, table, row - 1)}) WHERE ${own}`;
  const { type = "" } = columns.find(({ name }) => name === column) ?? {};
  return `UPDATE ${table} SET ${column} = ${another(type, column ?? "")} WHERE ${own}`;
}

/** A condition that holds for one row, by its key. */
function at(database: Database.Database, table: string, row: number): string {
  const key = keyOf(database, table);
  return `(${key}) = (SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT 1 OFFSET ${row})`;
}

function keyOf(database: Database.Database, table: string): string {
  if (table === "capture_text") return "rowid";
  return database
    .prepare<[], string>(`SELECT name FROM pragma_table_info('${table}') WHERE pk > 0 ORDER BY pk`)
    .pluck()
    .all()
    .join(", ");
}

function another(type: string, column: string): string {
  if (type === "INTEGER") return `coalesce(${column}, 0) + 1`;
  if (type === "BLOB") return "zeroblob(32)";
  return `coalesce(${column}, '') || 'x'`;
}

function fresh(type: string, name: string): string {
  if (type === "INTEGER") return "77";
  return type === "BLOB" ? "zeroblob(32)" : `'another ${name}'`;
}
