import type { World } from "./outcome.js";
import { finishInterrupted } from "./vault/recovery.js";
import { closeVault, isVault, openVault } from "./vault/vault.js";

/** Makes a vault, or finishes one whose making was interrupted. An existing vault is left as it is. */
export async function initVault(
  vault: string,
  world: World,
): Promise<{ readonly vaultId: string; readonly created: boolean }> {
  const created = !isVault(vault);
  const opened = await openVault(vault, { ...world, onWait: () => undefined });
  try {
    finishInterrupted(opened);
    return { vaultId: opened.settings.vault_id, created };
  } finally {
    closeVault(opened);
  }
}
