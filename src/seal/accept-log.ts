import { type Entry, encodeEntry, lineHash } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey } from "../audit/ssh-key.js";
import { HoldfastError } from "../core/words/error.js";
import { keyHistoryOf, lastRow } from "../vault/log.js";
import { logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { entryWords, eventWords, rangeWords, refuseStrangeKey } from "./foreign-entries.js";
import { readOwnLog } from "./own-log.js";
import { beginAnew, readMemory } from "./signer-memory.js";

/**
 * Takes the entries of others at the end of the log as a person's decision: shows them, and logs a `recovery` entry that
 * says which (FORMAT.md §14.1). The next checkpoint covers them. Throws `usage` where there are none, `not-as-recorded`
 * for a log that does not go on from what is signed, `foreign-entries` where one of them names a stranger's key.
 */
export async function acceptTail(vault: Vault, world: World): Promise<void> {
  const { head } = readMemory(world.env, vault.settings.vault_id);
  const { foreign } = await readOwnLog(vault, world, keyHistoryOf(vault.database), [], head);
  if (foreign.length === 0) {
    throw nothingToAccept(
      "--accept-tail",
      "every entry is this machine's own, or under a signature of yours",
    );
  }
  refuseStrangeKeys(vault, world, foreign);
  tellEntries(world, foreign);
  const detail = `a person took ${rangeWords(foreign)}, which this machine did not write: ${eventWords(foreign)}`;
  logEntry(vault, "recovery", { what: "tail-accepted", capture: null, detail });
}

/**
 * Takes a log that is not the one this machine remembers as a person's decision, for instance after a restore: logs a
 * `recovery` entry that says what was remembered, and begins the memory anew from there. `difference` is what opening the
 * vault found, null where single entries showed nothing. Throws `usage` where the log is the one that is remembered,
 * `not-as-recorded` where its chain is broken, `foreign-entries` where it names a stranger's key.
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
    throw nothingToAccept("--accept-rollback", "the log is the one that this machine remembers");
  }
  const { foreign } = await readOwnLog(vault, world, keys, [], null);
  refuseStrangeKeys(vault, world, foreign);
  world.tell(found.message);
  tellEntries(world, foreign);
  const signed =
    head === null ? "no signed entry" : `${head.size} signed entries with the root ${head.root} (${head.at})`;
  const last = Math.max(head?.size ?? 0, ...written.committed.keys());
  const detail = `a person took this log of ${lastRow(vault.database)?.seq ?? 0} entries in place of the one that this machine remembered: ${signed}, ${last} entries in all`;
  const entry = logEntry(vault, "recovery", { what: "rollback-accepted", capture: null, detail });
  beginAnew(world.env, id, entry.seq, lineHash(encodeEntry(entry)));
}

/** What a pass over all lines finds that single entries do not show. */
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

/** A stranger's key is taken by nobody's word: whoever has it would sign from there on. */
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
    `${option}: there is nothing to accept: ${why}`,
    "leave it out: holdfast checkpoint",
  );
}
