import { acceptRollback, acceptTail } from "./seal/accept-log.js";
import { closeAfterWriting, type HeadReport, type SealOptions } from "./seal/checkpoint.js";
import { type Checkpoint, parseCheckpoint } from "./audit/checkpoint.js";
import { HoldfastError } from "./core/words/error.js";
import { FormatError } from "./core/format-error.js";
import { openForWriting } from "./seal/open-vault.js";
import type { World } from "./outcome.js";
import { type OnOther, refuseOther } from "./seal/remembering.js";
import { vaultLayout } from "./vault/layout.js";
import { newestCheckpoint } from "./vault/log-folder.js";
import { refuseMissingVault } from "./vault/reader.js";
import { closeVault } from "./vault/vault.js";

/** What a person looked at and takes: entries of others at the end, or a log that is not the one that is remembered. */
export type Acceptance = "tail" | "rollback";

/**
 * Seals the head of the log of an existing vault, after what `accept` says was taken. Throws `no-vault`, `vault-busy`,
 * `not-as-recorded`, and what `acceptTail` or `acceptRollback` throws; what `sealHead` finds is in the report.
 */
export async function checkpointNow(
  root: string,
  options: SealOptions,
  world: World,
  accept: Acceptance | null = null,
): Promise<HeadReport> {
  refuseMissingVault(root);
  let difference: HoldfastError | null = null;
  const onOther: OnOther = accept === "rollback" ? (found) => (difference = found) : refuseOther;
  const vault = await openForWriting(root, world, () => undefined, undefined, onOther);
  try {
    if (accept === "tail") await acceptTail(vault, world);
    if (accept === "rollback") await acceptRollback(vault, world, difference);
  } catch (error) {
    closeVault(vault);
    throw error;
  }
  return closeAfterWriting(vault, world, options);
}

/**
 * The text of the newest signed checkpoint. Reads only, and judges nothing: `verify` does. Throws `no-vault`,
 * `not-found` where there is none, `not-as-recorded` for something that is no checkpoint.
 */
export function newestSigned(vault: string): { readonly checkpoint: Checkpoint; readonly text: string } {
  refuseMissingVault(vault);
  const newest = newestCheckpoint(vaultLayout(vault));
  if (newest === null || newest.body === null || newest.signature === null) {
    throw new HoldfastError(
      "not-found",
      "there is no signed checkpoint in this vault yet",
      "make one: holdfast checkpoint",
    );
  }
  const text = Buffer.from(newest.body).toString("latin1");
  try {
    return { checkpoint: parseCheckpoint(text), text };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = `reading ${newest.path}: ${error.message}`;
    throw new HoldfastError("not-as-recorded", message, "run 'holdfast verify' to see what is wrong", error);
  }
}
