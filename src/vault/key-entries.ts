import type Database from "better-sqlite3";
import { checkLineBytes, firstLink } from "../core/chain.js";
import type { Entry } from "../core/entry.js";
import { type KeyPeriod, keyHistory } from "../core/key-history.js";

/**
 * The signing keys of a vault by its log, in the order in which they were in force. Lines that are no entries are
 * passed over: an audit names them.
 */
export function keyHistoryOf(database: Database.Database): readonly KeyPeriod[] {
  const lines = database
    .prepare<[], Buffer>(
      `SELECT CAST(line AS BLOB) FROM entry WHERE seq = 1 OR json_extract(line, '$.event') = 'key-rotated' ORDER BY seq`,
    )
    .pluck()
    .all();
  return keyHistory(lines.flatMap(readEntry));
}

/** The vault's id by entry 1, which the log is chained to; null where that entry does not state one. */
export function loggedVaultId(database: Database.Database): string | null {
  const line = database
    .prepare<[], Buffer>("SELECT CAST(line AS BLOB) FROM entry WHERE seq = 1")
    .pluck()
    .get();
  const id = line === undefined ? undefined : readEntry(line)[0]?.body.vault_id;
  return typeof id === "string" && /^[0-9a-f]{32}$/.test(id) ? id : null;
}

function readEntry(line: Uint8Array): readonly Entry[] {
  const { entry } = checkLineBytes(line, firstLink);
  return entry ? [entry] : [];
}
