import type { RememberedHead, WrittenEntries, WrittenLine } from "../core/capture/remembered-log.js";
import { HoldfastError } from "../core/words/error.js";
import type { EntryMemory, LogGlance } from "../vault/entry-memory.js";
import type { World } from "../world.js";
import { tellSettings } from "./settings-change.js";
import { readKnownSettings, readMemory, rememberLine, rememberSettings } from "./signer-memory.js";

/** Decides what to do with a log that differs from the remembered one. */
export type OnOther = (difference: HoldfastError) => void;

/** Refuses it: nothing is appended to such a log. */
export const refuseOther: OnOther = (difference) => {
  throw difference;
};

/** The memory of one vault for `openVault`, kept in files in the configuration folder (FORMAT.md §14.1). */
export function entryMemory(world: World, vaultId: string, onOther: OnOther = refuseOther): EntryMemory {
  const { env } = world;
  return {
    refuseOther: (log) => {
      const { head, written, isBlank } = readMemory(env, vaultId);
      if (isBlank) tellBlank(world, log);
      const difference = differenceOf(head, written, log);
      if (difference === null) return;
      // A log without entries cannot be continued: it would begin another vault under the same name.
      if (log.entries === 0) throw difference;
      onOther(difference);
    },
    refuseSetBack: onOther,
    settingsSeen: (text, logged) => tellSettings(world, readKnownSettings(env, vaultId), text, logged),
    settingsLogged: (text) => {
      if (readKnownSettings(env, vaultId) !== text) rememberSettings(env, vaultId, text);
    },
    beforeCommit: (seq, hash) => rememberLine(env, vaultId, { is: "begun", seq, hash }, { synced: true }),
    afterCommit: (seq, hash) => noteDone(env, vaultId, { is: "done", seq, hash }),
    journalling: (hash) => rememberLine(env, vaultId, { is: "journal", seq: 0, hash }, { synced: true }),
    journalEnded: (hash) => noteDone(env, vaultId, { is: "ended", seq: 0, hash }),
    hasJournalled: (digest) => readMemory(env, vaultId).written.journalled(digest),
  };
}

/**
 * The entry is already committed, so a disk that refuses this note must not make the commit look failed. The next entry
 * meets the same disk before it is written.
 */
function noteDone(env: World["env"], vaultId: string, line: WrittenLine): void {
  try {
    rememberLine(env, vaultId, line, { synced: false });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}

function tellBlank(world: World, { entries }: LogGlance): void {
  if (entries === 0) return;
  world.tell(
    "this machine has no memory of this vault: it starts from the newest checkpoint signed by one of your keys, and signs only what continues from it",
  );
}

/** How a log differs from the memory of it, as far as single entries show; null if it does not. */
function differenceOf(
  head: RememberedHead | null,
  { committed }: WrittenEntries,
  log: LogGlance,
): HoldfastError | null {
  const known = [...committed].map(([seq, hash]) => ({ seq, hash }));
  const all = head === null ? known : [{ seq: head.size, hash: head.last }, ...known];
  const differing = all.filter(({ seq, hash }) => log.hashOf(seq) !== hash).map(({ seq }) => seq);
  if (differing.length === 0) return null;
  return otherLog(Math.min(...differing), Math.max(...all.map(({ seq }) => seq)), head, log.entries);
}

function otherLog(first: number, remembered: number, head: RememberedHead | null, entries: number) {
  const signed = head === null ? "none of them signed" : `${head.size} of them signed, on ${head.at}`;
  const what =
    first > entries
      ? `entry ${entries + 1} and all after it are missing`
      : `entry ${first} is not the one this machine ${head !== null && first <= head.size ? "signed" : "wrote"}`;
  return notAsRemembered(
    "opening the log",
    `this machine remembers ${remembered} entries (${signed}), vault.db has ${entries}: ${what}`,
    first > entries ? "; if it is lost, move this vault.db away and run 'holdfast rebuild'" : "",
  );
}

/** The error for a log that is older than the signed one, cut short or rewritten; `remedy` goes on after the right copy. */
export function notAsRemembered(doing: string, what: string, remedy = ""): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `${doing}: ${what}`,
    `nothing was written or signed; restore the right copy of the vault${remedy}; or, if you restored this backup on purpose, run: holdfast checkpoint --accept-rollback`,
  );
}
