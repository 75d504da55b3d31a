import { HoldfastError } from "./core/words/error.js";
import type { VaultState } from "./upkeep/doctor.js";
import type { World } from "./outcome.js";
import { sealState } from "./seal/seal-state.js";
import { vaultCounts } from "./vault/index/captures.js";
import { readVault } from "./vault/reader.js";

/** What a vault holds and what is left to do in it. A vault that cannot be read is a result, not an error. */
export async function vaultState(vault: string, env: World["env"]): Promise<VaultState> {
  try {
    return readVault(vault, (reader) => {
      return { path: vault, ...vaultCounts(reader.database), seal: sealState(reader, env) };
    });
  } catch (error) {
    if (error instanceof HoldfastError) return { problem: error.message };
    throw error;
  }
}
