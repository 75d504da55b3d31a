import { statSync } from "node:fs";
import { readAnchors } from "../vault/index/anchors.js";
import { capturesAfter, readStatistics, type Statistics } from "../vault/index/statistics.js";
import { readVault } from "../vault/reader.js";

/** What a vault holds, by its index; one line with `--json`. */
export interface VaultStatistics extends Omit<Statistics, "bytes"> {
  /** Sizes in bytes; `database` is that of `vault.db`. */
  readonly bytes: Statistics["bytes"] & { readonly database: number };
  /** Stored captures whose entry no outside time-stamp covers yet. */
  readonly without_time_stamp: number;
  /** Whether any authority is asked for time-stamps. */
  readonly asks_for_time_stamps: boolean;
}

/** Counts what a vault holds. Only reads; the index alone, so that it takes no longer the larger the clips are. */
export function countVault(vault: string): VaultStatistics {
  return readVault(vault, (reader) => {
    const { bytes, ...counts } = readStatistics(reader.database);
    const { stamped, proven, expected } = readAnchors(reader);
    const covered = Math.max(proven, stamped.at(-1)?.checkpoint ?? 0);
    return {
      ...counts,
      bytes: { ...bytes, database: statSync(reader.layout.database).size },
      without_time_stamp: capturesAfter(reader.database, covered),
      asks_for_time_stamps: expected,
    };
  });
}
