import { type Entry, lineHash } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey } from "../audit/ssh-key.js";
import { encodeEntry } from "../core/capture/new-entry.js";
import { HoldfastError } from "../core/words/error.js";
import { keyHistoryOf, lastRow } from "../vault/log.js";
import { logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { entryWords, eventWords, rangeWords, refuseStrangeKey } from "./foreign-entries.js";
import { readOwnLog } from "./own-log.js";
import { beginAnew, readMemory } from "./signer-memory.js";

/**
 * Accepts the foreign entries at the end of the log because a person decided to: shows them, and logs a `recovery` entry
 * that names them (FORMAT.md §14.1). The next checkpoint covers them. Throws `usage` if there are none, `not-as-recorded`
 * if the log does not continue from the signed entries, and `foreign-entries` if one of them names an unknown key.
 */
export async function acceptTail(vault: Vault, world: World): Promise<void> {
  const { head } = readMemory(world.env, vault.settings.vault_id);
  const { foreign } = await readOwnLog(vault, world, keyHistoryOf(vault.database), [], head);
  if (foreign.length === 0) {
    throw nothingToAccept("--accept-tail", "this machine wrote every entry, or one of your keys signed it");
  }
  refuseStrangeKeys(vault, world, foreign);
  tellEntries(world, foreign);
  const detail = `a person accepted ${rangeWords(foreign)}, which this machine did not write: ${eventWords(foreign)}`;
  logEntry(vault, "recovery", { what: "tail-accepted", capture: null, detail });
}

/**
 * Accepts a log that differs from the one this machine remembers because a person decided to, for instance after a
 * restore: logs a `recovery` entry that says what was remembered, and restarts the memory there. `difference` is what
 * opening the vault found; null if comparing single entries showed nothing. Throws `usage` if the log is the remembered
 * one, `not-as-recorded` if its chain is broken, and `foreign-entries` if it names an unknown key.
 */
export async function acceptRollback(
  vault: Vault,
  world: World,
  difference: HoldfastError | null,
): Promise<void> {
  const id = vault.settings.vault_id;
  const { head, written } = readMemory(world.env, id);
  const keys = keyHistoryOf(vault.database);
  const found = difference ?? (await otherLines(vault, world));
  if (found === null) {
    throw nothingToAccept("--accept-rollback", "this is the log that this machine remembers");
  }
  const { foreign } = await readOwnLog(vault, world, keys, [], null);
  refuseStrangeKeys(vault, world, foreign);
  world.tell(found.message);
  tellEntries(world, foreign);
  const signed =
    head === null ? "no signed entry" : `${head.size} signed entries with the root ${head.root} (${head.at})`;
  const last = Math.max(head?.size ?? 0, ...written.committed.keys());
  const detail = `a person accepted this log of ${lastRow(vault.database)?.seq ?? 0} entries instead of the one this machine remembered: ${signed}, ${last} entries in all`;
  const entry = logEntry(vault, "recovery", { what: "rollback-accepted", capture: null, detail });
  beginAnew(world.env, id, entry.seq, lineHash(encodeEntry(entry)));
}

/** Compares every line with the memory, which finds differences that single entries do not show. */
async function otherLines(vault: Vault, world: World): Promise<HoldfastError | null> {
  const { head } = readMemory(world.env, vault.settings.vault_id);
  try {
    await readOwnLog(vault, world, keyHistoryOf(vault.database), [], head);
    return null;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "not-as-recorded") return error;
    throw error;
  }
}

/** No person can accept an unknown key: whoever holds it would sign every entry from then on. */
function refuseStrangeKeys(vault: Vault, world: World, entries: readonly Entry[]): void {
  for (const { seq, event, body } of entries) {
    if (event !== "key-rotated") continue;
    refuseStrangeKey(
      vault,
      world,
      seq,
      typeof body.public_key === "string" ? readKey(body.public_key) : null,
    );
  }
}

function readKey(line: string) {
  try {
    return parsePublicKey(line);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

const mostShown = 50;

function tellEntries(world: World, entries: readonly Entry[]): void {
  if (entries.length === 0) return;
  world.tell(`${rangeWords(entries)}, written elsewhere (${eventWords(entries)}):`);
  for (const entry of entries.slice(0, mostShown)) world.tell(`  ${entryWords(entry)}`);
  if (entries.length > mostShown) world.tell(`  and ${entries.length - mostShown} more`);
}

function nothingToAccept(option: string, why: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `${option}: nothing to accept: ${why}`,
    "run it without the option: holdfast checkpoint",
  );
}
