import type { VaultState } from "./doctor.js";
import { HoldfastError } from "./core/error.js";
import { vaultCounts } from "./vault/captures.js";
import { readVault } from "./vault/reader.js";

/** What a vault holds and what is left to do in it. A vault that cannot be read is a result, not an error. */
export async function vaultState(vault: string): Promise<VaultState> {
  try {
    return { path: vault, ...readVault(vault, ({ database }) => vaultCounts(database)) };
  } catch (error) {
    if (error instanceof HoldfastError) return { problem: error.message };
    throw error;
  }
}
