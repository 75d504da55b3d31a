import { existsSync } from "node:fs";
import { closeAfterWriting, type HeadReport, type SealOptions } from "./checkpoint.js";
import { HoldfastError } from "./core/error.js";
import { openForWriting } from "./open-vault.js";
import type { World } from "./outcome.js";
import { makeFolder } from "./vault/durable.js";
import { type VaultLayout, vaultLayout } from "./vault/layout.js";
import { rebuildDatabase } from "./vault/rebuild.js";
import { readSettings } from "./vault/settings.js";
import { unnamedAnnexes, unnamedObjects } from "./vault/unnamed-folders.js";
import { logEntry, refuseOddParts, type Vault } from "./vault/vault.js";
import { takeWriterLock } from "./vault/writer-lock.js";

export interface RebuildReport {
  /** Entries that were found in `log/`. */
  readonly entries: number;
  /** Size of the newest checkpoint among them; null where there is none. */
  readonly checkpoint: number | null;
  /** The entry that says that the database was rebuilt. */
  readonly entry: number;
  /** Objects, versions and annexes on disk that no entry names, by their paths relative to the vault. */
  readonly strays: readonly string[];
  readonly head: HeadReport;
}

/** How long another writer is waited for. */
const lockWaitMs = 15_000;

/**
 * Makes `vault.db` again from `log/` and `objects/`, and says what is not in it. Throws `no-vault`, `usage` where there is
 * a database already, `not-as-recorded` where the segments are not one log that its checkpoints cover, `vault-busy`.
 */
export async function rebuildVault(root: string, seal: SealOptions, world: World): Promise<RebuildReport> {
  const layout = vaultLayout(root);
  const settings = settingsOf(layout);
  refuseOddParts(layout);
  makeFolder(layout.staging, 0o700);
  const lock = await takeWriterLock(layout.writerLock, lockWaitMs, () => undefined);
  const { now, random, tool } = world;
  const made = await rebuildDatabase(layout, settings.vault_id, (database, log) =>
    noteRebuilt({ layout, settings, database, lock, now, random, tool }, log),
  ).finally(() => lock.release());
  const vault = await openForWriting(root, world, () => undefined);
  return { ...made, head: await closeAfterWriting(vault, world, seal) };
}

function settingsOf(layout: VaultLayout) {
  if (existsSync(layout.settings)) return readSettings(layout.settings).settings;
  throw new HoldfastError(
    "no-vault",
    `rebuilding ${layout.root}: there is no holdfast.json`,
    "name the folder of a vault with --vault",
  );
}

function noteRebuilt(
  vault: Vault,
  { entries, checkpoint }: { readonly entries: number; readonly checkpoint: number | null },
): Pick<RebuildReport, "entry" | "strays"> {
  const strays = [...unnamedObjects(vault), ...unnamedAnnexes(vault)];
  const unsigned = entries - (checkpoint ?? 0);
  const detail = [
    `made from log/ and objects/: ${entries} entries`,
    ...(unsigned === 0 ? [] : [`the last ${unsigned} of them are covered by no checkpoint`]),
    "entries newer than the last segment, and the journal of unfinished commits, could not be recovered",
    strays.length === 0
      ? "every object and annex on disk is named by an entry"
      : `no entry names ${strays.length} paths on disk: ${strays.slice(0, 20).join(", ")}`,
  ].join("; ");
  const { seq } = logEntry(vault, "recovery", { what: "database-rebuilt", capture: null, detail });
  return { entry: seq, strays };
}
