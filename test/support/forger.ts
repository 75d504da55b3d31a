import { join } from "node:path";
import Database from "better-sqlite3";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { genesisPrev, lineHash } from "../../src/audit/entry.js";
import { recordReader } from "../../src/vault/index/record-reader.js";
import { rebuildIndex } from "../../src/vault/index/reindex.js";
import { vaultLayout } from "../../src/vault/layout.js";

/** What a line says, as a forger edits it. */
export type EditableEntry = Record<string, unknown> & { body: Record<string, unknown> };

/** Every line of the log, in order. */
export function linesOf(root: string): readonly string[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const lines = database.prepare<[], string>("SELECT line FROM entry ORDER BY seq").pluck().all();
  database.close();
  return lines;
}

/**
 * Writes the log of a vault anew as somebody would who can write to the vault and has no key: `edit` gets the entries and
 * answers others; numbers, links and columns are worked out anew, and with `index` the
 * stored tree and every other table too.
 */
export function rewriteLog(
  root: string,
  edit: (entries: readonly EditableEntry[]) => readonly EditableEntry[],
  { index }: { readonly index: boolean } = { index: true },
): void {
  const entries: EditableEntry[] = linesOf(root).map((line) => JSON.parse(line));
  const { database, close } = openUnlocked(root);
  database.exec("DELETE FROM entry");
  let prev = genesisPrev;
  for (const [at, entry] of edit(entries).entries()) {
    const line = encodeCanonical({ ...entry, seq: at + 1, prev });
    const hash = lineHash(line);
    database
      .prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)")
      .run(at + 1, prev, line, hash);
    prev = hash;
  }
  if (index) rebuildIndex(database, recordReader(vaultLayout(root)));
  close();
}

/** A database whose triggers are out of the way until it is closed. */
export function openUnlocked(root: string): { readonly database: Database.Database; close(): void } {
  const database = new Database(join(root, "vault.db"));
  database.pragma("foreign_keys = OFF");
  const triggers = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
  const close = () => {
    for (const { sql } of triggers) database.exec(sql);
    database.pragma("wal_checkpoint(TRUNCATE)");
    database.close();
  };
  return { database, close };
}
