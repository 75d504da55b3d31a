import type { KeyPeriod } from "../audit/key-history.js";
import { HoldfastError } from "../core/words/error.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import type { Vault } from "../vault/vault.js";
import { removeWithdrawn, scrubDatabase, withdrawals, withdrawnRemains } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { readOwnLog } from "./own-log.js";
import { readMemory } from "./signer-memory.js";

/**
 * Removes what withdrawals took out of the vault and what is still here (FORMAT.md §7.1): only where a checkpoint that
 * this machine signed, and remembers, covers the entry. So nobody who can merely write to the vault has holdfast remove
 * anything, and no byte is gone before the entry that says so is signed. Throws as `readOwnLog`, and what the disk throws.
 */
export async function finishWithdrawals(
  vault: Vault,
  keys: readonly KeyPeriod[],
  world: World,
): Promise<void> {
  const open = withdrawals(vault.database).filter((one) => withdrawnRemains(vault, one).length > 0);
  const newest = newestCheckpoint(vault.layout);
  if (open.length === 0 || newest === null || newest.signature === null) return;
  const { head } = readMemory(world.env, vault.settings.vault_id);
  const own = await readOwnLog(vault, world, keys, [newest.size], head);
  const covered = Math.min(newest.size, own.head?.size ?? 0);
  const due = open.filter(({ entry }) => entry <= covered);
  if (due.length === 0) return;
  // Before the files go: a kill in between leaves them here, and both are done again. Their removal makes room for it.
  const isScrubbed = scrubDatabase(vault);
  for (const withdrawal of due) removeWithdrawn(vault, withdrawal);
  if (isScrubbed || scrubDatabase(vault)) return;
  throw new HoldfastError(
    "io",
    "withdrawing: the files are gone, but vault.db could not be written anew, so pages of it can still hold texts of the record: the disk is full, or another program is reading vault.db",
    "free some space and end what reads it, then run: sqlite3 vault.db VACUUM",
  );
}
