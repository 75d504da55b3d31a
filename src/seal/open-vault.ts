import { isVault } from "../vault/layout.js";
import { vaultAt } from "../vault/open-database.js";
import { finishInterrupted } from "../vault/recovery.js";
import { closeVault, openVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { refuseKeyInside } from "./key-store.js";
import { firstKey, newKey } from "./make-key.js";
import { refusePlaceOfVault } from "./new-vault.js";
import { entryMemory, type OnOther, refuseOther } from "./remembering.js";

/**
 * Opens a vault for writing and finishes what a killed process left in it. Makes none. While another process has its turn,
 * waits and says for whom. If the log is not the one this machine remembers, or was set back over stored objects, `onOther` decides
 * before anything is appended; by default it refuses. Throws `no-vault`, `vault-busy`, `not-as-recorded`.
 */
export async function openForWriting(
  root: string,
  world: World,
  { onOther = refuseOther }: { readonly onOther?: OnOther } = {},
): Promise<Vault> {
  vaultAt(root);
  return opened(root, world, { makeKey: keyMaker(root, world), onOther, alone: false });
}

/** The same, once no other command shares the vault: for what replaces or removes what others may be reading. */
export async function openAlone(root: string, world: World): Promise<Vault> {
  vaultAt(root);
  return opened(root, world, { makeKey: keyMaker(root, world), onOther: refuseOther, alone: true });
}

/**
 * The same, but makes the vault if it does not exist, with the signing key from `makeKey` (by default a new one). Only for
 * commands whose user asked for a new vault. Throws `usage` for a place where no vault is made, and whatever `firstKey`
 * throws.
 */
export async function openOrMake(
  root: string,
  world: World,
  { makeKey = keyMaker(root, world) }: { readonly makeKey?: (vaultId: string) => Promise<string> } = {},
): Promise<Vault> {
  // Checked before anything is made, so that a refusal leaves nothing behind.
  if (!isVault(root)) {
    refusePlaceOfVault(root);
    refuseKeyInside(root, world.env, null);
  }
  return opened(root, world, { makeKey, onOther: refuseOther, alone: false });
}

function keyMaker(root: string, world: World): (vaultId: string) => Promise<string> {
  return (vaultId) => firstKey(root, vaultId, newKey, world);
}

async function opened(
  root: string,
  world: World,
  how: {
    readonly makeKey: (vaultId: string) => Promise<string>;
    readonly onOther: OnOther;
    readonly alone: boolean;
  },
): Promise<Vault> {
  const memory = (vaultId: string) => entryMemory(world, vaultId, how.onOther);
  const vault = await openVault(root, { ...world, ...how, onWait: world.tell, memory });
  try {
    finishInterrupted(vault);
    return vault;
  } catch (error) {
    closeVault(vault);
    throw error;
  }
}
