import { isVault } from "../vault/layout.js";
import { finishInterrupted } from "../vault/recovery.js";
import { closeVault, openVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { refuseKeyInside } from "./key-store.js";
import { firstKey, newKey } from "./make-key.js";
import { entryMemory, type OnOther, refuseOther } from "./remembering.js";

/**
 * Opens a vault for writing and finishes what a killed process left in it. A vault that does not exist yet is made,
 * with the first signing key that `makeKey` answers: a new one where nothing else is given. `onWait` is called when
 * another process holds the vault. A log that is not the one this machine remembers goes to `onOther` before anything is
 * appended: it is refused where nothing else is given. Throws `no-vault`, `vault-busy`, `not-as-recorded`, and for a new
 * vault what `firstKey` throws.
 */
export async function openForWriting(
  root: string,
  world: World,
  onWait: () => void,
  makeKey = (vaultId: string): Promise<string> => firstKey(root, vaultId, newKey, world),
  onOther: OnOther = refuseOther,
): Promise<Vault> {
  // Before anything is made: a refused vault leaves nothing behind.
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
