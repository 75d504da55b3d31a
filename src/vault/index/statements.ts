import type Database from "better-sqlite3";

const kept = new WeakMap<Database.Database, Map<string, Database.Statement>>();

/**
 * A statement that is prepared once for each database, because preparing takes longer than running. Only for statements
 * with fixed text that are run or asked for one row: a statement that is being iterated cannot be used a second time.
 */
export function prepared<Row = unknown>(
  database: Database.Database,
  sql: string,
): Database.Statement<unknown[], Row> {
  const statements = kept.get(database) ?? new Map<string, Database.Statement>();
  kept.set(database, statements);
  const statement = statements.get(sql) ?? database.prepare(sql);
  statements.set(sql, statement);
  // Whoever wrote the statement says what a row holds, as with `prepare`.
  return statement as Database.Statement<unknown[], Row>;
}
