import type { RememberedHead, WrittenEntries, WrittenLine } from "../core/capture/remembered-log.js";
import { HoldfastError } from "../core/words/error.js";
import type { EntryMemory, LogGlance } from "../vault/entry-memory.js";
import type { World } from "../world.js";
import { tellSettings } from "./settings-change.js";
import { readKnownSettings, readMemory, rememberLine, rememberSettings } from "./signer-memory.js";

/** What to do about a log that is not the one that was remembered. */
export type OnOther = (difference: HoldfastError) => void;

/** Nothing is appended to such a log. */
export const refuseOther: OnOther = (difference) => {
  throw difference;
};

/** The memory of one vault as `openVault` takes it, with its files in the configuration folder (FORMAT.md §14.1). */
export function entryMemory(world: World, vaultId: string, onOther: OnOther = refuseOther): EntryMemory {
  const { env } = world;
  return {
    refuseOther: (log) => {
      const { head, written, isBlank } = readMemory(env, vaultId);
      if (isBlank) tellBlank(world, log);
      const difference = differenceOf(head, written, log);
      if (difference === null) return;
      // From a log without a single entry nobody can go on: it would begin as another vault under the same name.
      if (log.entries === 0) throw difference;
      onOther(difference);
    },
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
 * What is committed is committed: a disk that does not take this note must not make it look as if it were not. The next
 * entry finds the same disk before it is written.
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
    "this machine remembers nothing of this vault: it begins from the newest checkpoint that a key of yours signed, and signs only what goes on from there",
  );
}

/** How a log differs from what is remembered of it, as far as single entries show; null where it does not. */
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
      ? `the entries from ${entries + 1} on are missing`
      : `entry ${first} is not the one that was ${head !== null && first <= head.size ? "signed" : "written"} here`;
  return notAsRemembered(
    "opening the log",
    `this machine remembers ${remembered} entries (${signed}), vault.db has ${entries}: ${what}`,
  );
}

/** The error of a log that is older than what was signed, cut or rewritten. */
export function notAsRemembered(doing: string, what: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `${doing}: ${what}`,
    "nothing was written or signed: put the right copy of the vault back; after a restore from a backup on purpose: holdfast checkpoint --accept-rollback",
  );
}
