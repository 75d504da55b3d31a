import { closeAfterWriting, type HeadReport, type SealOptions } from "./checkpoint.js";
import { type Checkpoint, parseCheckpoint } from "./core/checkpoint.js";
import { HoldfastError } from "./core/error.js";
import { FormatError } from "./core/format-error.js";
import { openForWriting } from "./open-vault.js";
import type { World } from "./outcome.js";
import { vaultLayout } from "./vault/layout.js";
import { newestCheckpoint } from "./vault/log-folder.js";
import { refuseMissingVault } from "./vault/reader.js";

/** Seals the head of the log of an existing vault. Throws `no-vault`, `vault-busy`; what `sealHead` finds is in the report. */
export async function checkpointNow(vault: string, options: SealOptions, world: World): Promise<HeadReport> {
  refuseMissingVault(vault);
  return closeAfterWriting(await openForWriting(vault, world, () => undefined), world, options);
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
