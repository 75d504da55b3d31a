import { existsSync } from "node:fs";
import { lineHash } from "../audit/entry.js";
import { encodeEntry } from "../core/capture/new-entry.js";
import { HoldfastError } from "../core/words/error.js";
import { closeAfterWriting, type HeadReport, type SealOptions } from "../seal/checkpoint.js";
import { openForWriting } from "../seal/open-vault.js";
import { entryMemory, notAsRemembered } from "../seal/remembering.js";
import { readMemory, rememberLost } from "../seal/signer-memory.js";
import { unnamedAnnexes, unnamedObjects } from "../vault/check/unnamed-folders.js";
import { makeFolder } from "../vault/durable.js";
import type { EntryMemory } from "../vault/entry-memory.js";
import { Hold } from "../vault/hold.js";
import { type RebuiltLog, rebuildDatabase } from "../vault/index/rebuild.js";
import { type VaultLayout, vaultLayout } from "../vault/layout.js";
import { glanceAt } from "../vault/log.js";
import { readSettings } from "../vault/settings.js";
import { logEntry, refuseOddParts, takeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";

export interface RebuildReport {
  /** The number of entries found in `log/`. */
  readonly entries: number;
  /** Size of the newest checkpoint; null if there is none. */
  readonly checkpoint: number | null;
  /** The entry that states the rebuild. */
  readonly entry: number;
  /**
   * Numbers of entries that this machine wrote but that are in no segment: as far as this machine knows, they are lost.
   */
  readonly lost: readonly number[];
  /** Objects, versions and annexes on disk that no entry names, as paths relative to the vault. */
  readonly strays: readonly string[];
  readonly head: HeadReport;
}

/**
 * Rebuilds `vault.db` from `log/` and `objects/`, and reports what is missing from it. Throws `no-vault`, `usage` if there
 * already is a database, `not-as-recorded` if the segments are not one log that matches its checkpoints, `vault-busy`.
 */
export async function rebuildVault(root: string, seal: SealOptions, world: World): Promise<RebuildReport> {
  const layout = vaultLayout(root);
  const settings = settingsOf(layout);
  refuseOddParts(layout);
  makeFolder(layout.staging, 0o700);
  const { signal, tell: onWait } = world;
  const lock = await takeVault(layout, { signal, onWait, alone: true });
  const { now, random, tool } = world;
  const memory = entryMemory(world, settings.vault_id);
  // The new file is not the vault yet: what is written to it does not count as committed.
  const onItsWay: EntryMemory = { ...memory, afterCommit: () => undefined };
  const { hash, ...made } = await rebuildDatabase(layout, settings.vault_id, (database, log) => {
    refuseShorter(database, settings.vault_id, world);
    const lost = rememberLost(world.env, settings.vault_id, log.entries);
    return noteRebuilt(
      { layout, settings, database, hold: new Hold(lock, settings), now, random, tool, memory: onItsWay },
      log,
      lost,
    );
  }).finally(() => lock.release());
  memory.afterCommit(made.entry, hash);
  const vault = await openForWriting(root, world);
  return { ...made, head: await closeAfterWriting(vault, world, seal) };
}

function settingsOf(layout: VaultLayout) {
  if (existsSync(layout.settings)) return readSettings(layout.settings).settings;
  throw new HoldfastError(
    "no-vault",
    `rebuilding ${layout.root}: the folder has no holdfast.json`,
    "give the folder of a vault with --vault",
  );
}

function noteRebuilt(
  vault: Vault,
  { entries, checkpoint }: RebuiltLog,
  lost: readonly number[],
): Pick<RebuildReport, "entry" | "lost" | "strays"> & { readonly hash: string } {
  const strays = [...unnamedObjects(vault), ...unnamedAnnexes(vault)];
  const unsigned = entries - (checkpoint ?? 0);
  const detail = [
    `rebuilt from log/ and objects/ with ${entries} entries`,
    ...(unsigned === 0 ? [] : [`no checkpoint covers the last ${unsigned} of them`]),
    ...(lost.length === 0
      ? []
      : [`${lost.length} entries written by this machine are lost: ${lost[0]} to ${lost.at(-1)}`]),
    "entries newer than the last segment, and the journal of unfinished commits, could not be recovered",
    strays.length === 0
      ? "the entries name every object and annex on disk"
      : `no entry names ${strays.length} paths on disk: ${strays.slice(0, 20).join(", ")}`,
  ].join("; ");
  const entry = logEntry(vault, "recovery", { what: "database-rebuilt", capture: null, detail });
  return { entry: entry.seq, lost, strays, hash: lineHash(encodeEntry(entry)) };
}

/** Refuses a `log/` that ends before the last signed entry: rebuilding from it would be a rollback. */
function refuseShorter(database: Vault["database"], vaultId: string, world: World): void {
  const { head } = readMemory(world.env, vaultId);
  if (head === null || glanceAt(database).hashOf(head.size) === head.last) return;
  throw notAsRemembered(
    "rebuilding vault.db",
    `this machine remembers ${head.size} signed entries (${head.at}), but log/ does not contain them`,
  );
}
