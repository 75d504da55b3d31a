import { existsSync } from "node:fs";
import { HoldfastError } from "../core/words/error.js";
import { isMachineFault, olderVersion } from "./database.js";
import type { OpenDatabase } from "./database-copy.js";
import { migratedCopy } from "./database-for-writing.js";
import { recordReader } from "./index/record-reader.js";
import { rebuildIndex } from "./index/reindex.js";
import type { VaultLayout } from "./layout.js";
import { isReadFailure, openAtRestOrInPlace, type VaultReader, vaultAt } from "./open-database.js";
import { damagedDatabase, refuseDatabaseObstacle, refuseOtherSchema } from "./refused-database.js";

/**
 * Answers a question about a vault. The schema is compared before anything is read. Throws `no-vault`, or
 * `not-as-recorded` where SQLite or the system cannot read the database.
 */
export function readVault<Answer>(root: string, ask: (reader: VaultReader) => Answer): Answer {
  const layout = existingVault(root);
  let opened: OpenDatabase | null = null;
  try {
    opened = upToDate(openAtRestOrInPlace(layout), layout);
    refuseOtherSchema(opened.database, layout.database);
    return ask({ layout, ...opened });
  } catch (error) {
    // What the system refuses says nothing about the evidence.
    if (isMachineFault(error)) throw error;
    throw isReadFailure(error) ? damagedDatabase(error, layout.database) : error;
  } finally {
    opened?.close();
  }
}

/** A database with an older schema as a copy in memory with this version's, which takes as long as its log is: nothing is written. */
function upToDate(opened: OpenDatabase, layout: VaultLayout): OpenDatabase {
  if (olderVersion(opened.database) === null) return opened;
  try {
    const database = migratedCopy(opened.database, (copy) => rebuildIndex(copy, recordReader(layout)));
    return { database, file: null, close: () => database.close() };
  } finally {
    opened.close();
  }
}

/** Throws `no-vault` if there is no vault with a database. */
export function refuseMissingVault(root: string): void {
  existingVault(root);
}

function existingVault(root: string): VaultLayout {
  const layout = vaultAt(root);
  refuseDatabaseObstacle(layout);
  if (existsSync(layout.database)) return layout;
  throw new HoldfastError(
    "no-vault",
    `opening ${root}: vault.db is missing`,
    "put it back from a copy of this vault, or make it again with 'holdfast rebuild'; if 'holdfast init' was interrupted, run it again",
  );
}
