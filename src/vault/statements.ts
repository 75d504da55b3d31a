import type Database from "better-sqlite3";

const kept = new WeakMap<Database.Database, Map<string, Database.Statement>>();

/**
 * A statement that is prepared once for each database: preparing takes longer than running one. Only for statements with
 * fixed text that are run or asked for one row, since one that is being iterated cannot be used a second time.
 */
export function prepared(database: Database.Database, sql: string): Database.Statement {
  const statements = kept.get(database) ?? new Map<string, Database.Statement>();
  kept.set(database, statements);
  const known = statements.get(sql);
  if (known) return known;
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  return statement;
}
