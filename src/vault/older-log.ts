import type Database from "better-sqlite3";
import { HoldfastError } from "../core/words/error.js";
import type { VaultLayout } from "./layout.js";
import { lastRow } from "./log.js";
import { listSegments, newestCheckpoint } from "./log-lookup.js";

/**
 * Refuses a log that is older than what lies in `log/`: a `vault.db` restored from an earlier copy. An entry added to
 * it would begin another history beside one that was signed already. Throws `not-as-recorded`.
 */
export function refuseOlderLog(layout: VaultLayout, database: Database.Database): void {
  const entries = lastRow(database)?.seq ?? 0;
  const size = Math.max(newestCheckpoint(layout)?.size ?? 0, ...listSegments(layout).map(({ last }) => last));
  if (size <= entries) return;
  throw new HoldfastError(
    "not-as-recorded",
    `writing to the log: vault.db has ${entries} entries, but log/ already holds ${size}`,
    "it looks like an older copy of vault.db: put the newest one back, or move it away and run 'holdfast rebuild'",
  );
}
