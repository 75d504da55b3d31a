import { isVault } from "../vault/layout.js";
import { finishInterrupted } from "../vault/recovery.js";
import { closeVault, openVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { refuseKeyInside } from "./key-store.js";
import { firstKey, newKey } from "./make-key.js";
import { entryMemory, type OnOther, refuseOther } from "./remembering.js";

/**
 * Opens a vault for writing and finishes what a killed process left in it. Makes the vault if it does not exist, with the
 * signing key from `makeKey` (by default a new one). Calls `onWait` while another process holds the vault. If the log is
 * not the one this machine remembers, or was set back over stored objects, `onOther` decides before anything is appended; by default it refuses. Throws
 * `no-vault`, `vault-busy`, `not-as-recorded`, and for a new vault whatever `firstKey` throws.
 */
export async function openForWriting(
  root: string,
  world: World,
  onWait: () => void,
  makeKey = (vaultId: string): Promise<string> => firstKey(root, vaultId, newKey, world),
  onOther: OnOther = refuseOther,
): Promise<Vault> {
  // Checked before anything is made, so that a refusal leaves nothing behind.
  if (!isVault(root)) refuseKeyInside(root, world.env, null);
  const memory = (vaultId: string) => entryMemory(world, vaultId, onOther);
  const vault = await openVault(root, { ...world, onWait, makeKey, memory });
  try {
    finishInterrupted(vault);
    return vault;
  } catch (error) {
    closeVault(vault);
    throw error;
  }
}
