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
import { type RebuiltLog, rebuildDatabase } from "../vault/index/rebuild.js";
import { type VaultLayout, vaultLayout } from "../vault/layout.js";
import { glanceAt } from "../vault/log.js";
import { readSettings } from "../vault/settings.js";
import { logEntry, refuseOddParts, type Vault } from "../vault/vault.js";
import { takeWriterLock } from "../vault/writer-lock.js";
import type { World } from "../world.js";

export interface RebuildReport {
  /** Entries that were found in `log/`. */
  readonly entries: number;
  /** Size of the newest checkpoint among them; null where there is none. */
  readonly checkpoint: number | null;
  /** The entry that says that the database was rebuilt. */
  readonly entry: number;
  /** Numbers of entries that this machine wrote and that are in no segment: they are gone, for all that is known here. */
  readonly lost: readonly number[];
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
  const memory = entryMemory(world, settings.vault_id);
  // Committed is what is in the vault, not what is in a file on its way there.
  const onItsWay: EntryMemory = { ...memory, afterCommit: () => undefined };
  const { hash, ...made } = await rebuildDatabase(layout, settings.vault_id, (database, log) => {
    refuseShorter(database, settings.vault_id, world);
    const lost = rememberLost(world.env, settings.vault_id, log.entries);
    return noteRebuilt({ layout, settings, database, lock, now, random, tool, memory: onItsWay }, log, lost);
  }).finally(() => lock.release());
  memory.afterCommit(made.entry, hash);
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
  { entries, checkpoint }: RebuiltLog,
  lost: readonly number[],
): Pick<RebuildReport, "entry" | "lost" | "strays"> & { readonly hash: string } {
  const strays = [...unnamedObjects(vault), ...unnamedAnnexes(vault)];
  const unsigned = entries - (checkpoint ?? 0);
  const detail = [
    `made from log/ and objects/: ${entries} entries`,
    ...(unsigned === 0 ? [] : [`the last ${unsigned} of them are covered by no checkpoint`]),
    ...(lost.length === 0
      ? []
      : [`${lost.length} entries that this machine had written are lost: ${lost[0]} to ${lost.at(-1)}`]),
    "entries newer than the last segment, and the journal of unfinished commits, could not be recovered",
    strays.length === 0
      ? "every object and annex on disk is named by an entry"
      : `no entry names ${strays.length} paths on disk: ${strays.slice(0, 20).join(", ")}`,
  ].join("; ");
  const entry = logEntry(vault, "recovery", { what: "database-rebuilt", capture: null, detail });
  return { entry: entry.seq, lost, strays, hash: lineHash(encodeEntry(entry)) };
}

/** A `log/` that ends before what was signed is no log to begin from: that would be a rollback. */
function refuseShorter(database: Vault["database"], vaultId: string, world: World): void {
  const { head } = readMemory(world.env, vaultId);
  if (head === null || glanceAt(database).hashOf(head.size) === head.last) return;
  throw notAsRemembered(
    "rebuilding vault.db",
    `this machine remembers ${head.size} signed entries (${head.at}), and log/ does not hold them`,
  );
}
