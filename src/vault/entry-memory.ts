import type { HoldfastError } from "../core/words/error.js";

/** A log, as far as it takes to see whether it is the one that was remembered. */
export interface LogGlance {
  readonly entries: number;
  /** Hash of the line of entry `seq`, computed from the line; null if there is none. */
  hashOf(seq: number): string | null;
}

/**
 * What a writer keeps outside the vault about what it writes (FORMAT.md §14.1), so that its own entries can be told
 * from those that somebody else put into `vault.db`. Each function throws what the disk says: what could not be
 * remembered is not written.
 */
export interface EntryMemory {
  /** Throws `not-as-recorded` if the log is not the one that is remembered. Called before anything is appended. */
  refuseOther(log: LogGlance): void;
  /** Called for a log that was set back over stored objects; throws, unless a person accepted that. */
  refuseSetBack(fault: HoldfastError): void;
  /** Called before a change of `holdfast.json` is logged, with its text and what the log last said about it. */
  settingsSeen(text: string, loggedSha256: string | null): void;
  /** Called once the log states this text. */
  settingsLogged(text: string): void;
  /** Inside the transaction, before it is committed: on disk when this returns. */
  beforeCommit(seq: number, hash: string): void;
  /** After the transaction. A kill before this loses only the fact that it was committed. */
  afterCommit(seq: number, hash: string): void;
  /** Before a commit is journalled: on disk when this returns. */
  journalling(digest: string): void;
  /** After the commit left the journal: it was logged or given up. */
  journalEnded(digest: string): void;
  /** Whether this machine journalled this commit. */
  hasJournalled(digest: string): boolean;
}

/** Remembers nothing: for what this machine carries out but did not write itself. */
export const noMemory: EntryMemory = {
  refuseOther: () => undefined,
  refuseSetBack: (fault) => {
    throw fault;
  },
  settingsSeen: () => undefined,
  settingsLogged: () => undefined,
  beforeCommit: () => undefined,
  afterCommit: () => undefined,
  journalling: () => undefined,
  journalEnded: () => undefined,
  hasJournalled: () => false,
};
