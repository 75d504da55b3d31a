import { tellOfClock } from "../capture/clock-check.js";
import { clockDoubts } from "../core/capture/clock-doubts.js";
import { HoldfastError } from "../core/words/error.js";
import { type HeadReport, type SealOptions, sealHead } from "../seal/checkpoint.js";
import { findKey } from "../seal/key-store.js";
import { firstKey, type KeyChoice, refuseKeyChoice } from "../seal/make-key.js";
import { openOrMake } from "../seal/open-vault.js";
import { isVault } from "../vault/layout.js";
import { keyHistoryOf, newestTime } from "../vault/log.js";
import { closeVault } from "../vault/vault.js";
import type { World } from "../world.js";

/** The answer of `init`. */
export interface InitReport {
  readonly id: string;
  /** False if the vault already existed. */
  readonly created: boolean;
  /**
   * Fingerprint of the signing key, and the file with the key or the note about it; null if there is none, or not on
   * this machine.
   */
  readonly key: string | null;
  readonly place: string | null;
  /** Why the first checkpoint could not be signed; null if it was. */
  readonly problem: string | null;
  /** What to do about the problem. */
  readonly hint: string | null;
}

/**
 * Makes a vault, or finishes one whose creation was interrupted. Leaves an existing vault as it is. Throws whatever
 * `openOrMake` throws, and `usage` if a key was chosen for a vault that already has one.
 */
export async function initVault(
  vault: string,
  choice: KeyChoice,
  seal: SealOptions,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<InitReport> {
  const created = !isVault(vault);
  refuseKeyChoice(vault, choice, world.env);
  let chosen = choice.file === null && !choice.passphrase;
  const makeKey = (vaultId: string) => {
    chosen = true;
    return firstKey(vault, vaultId, choice, world);
  };
  const opened = await openOrMake(vault, world, { makeKey });
  try {
    if (!chosen) throw hasKeyAlready(vault);
    const now = world.now();
    tellOfClock(clockDoubts(now, { log: newestTime(opened.database), downloader: null }), now, world);
    const key = keyHistoryOf(opened.database).at(-1)?.key ?? null;
    const stored = key && findKey(world.env, key);
    const head = await sealHead(opened, world, seal);
    onHead(head);
    const { problem, failure } = head;
    return {
      id: opened.settings.vault_id,
      created,
      key: key?.fingerprint ?? null,
      place: stored?.keyFile ?? stored?.path ?? null,
      problem,
      hint: failure?.hint ?? null,
    };
  } finally {
    closeVault(opened);
  }
}

function hasKeyAlready(vault: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `choosing a signing key for ${vault}: the vault already exists`,
    "change to another key with: holdfast key rotate",
  );
}
