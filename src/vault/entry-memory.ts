/** A log as far as it takes to see whether it is the one that was remembered. */
export interface LogGlance {
  readonly entries: number;
  /** Hash of the line of entry `seq`, worked out from the line; null where there is none. */
  hashOf(seq: number): string | null;
}

/**
 * What a writer keeps outside the vault of what it writes (FORMAT.md §14.1): so that an entry of its own is told from one
 * that somebody else put into `vault.db`. Each function throws what the disk says: what could not be remembered is not
 * written.
 */
export interface EntryMemory {
  /** Throws `not-as-recorded` where the log is not the one that is remembered. Called before anything is appended. */
  refuseOther(log: LogGlance): void;
  /** Called with `holdfast.json` as it is, and what the log last said of it, before a change of it is logged. */
  settingsSeen(text: string, loggedSha256: string | null): void;
  /** Called once the log states this text. */
  settingsLogged(text: string): void;
  /** Inside the transaction, before it is committed: on disk when this returns. */
  beforeCommit(seq: number, hash: string): void;
  /** After the transaction; what a kill lets out here is only that it was committed. */
  afterCommit(seq: number, hash: string): void;
  /** Before a commit is journalled: on disk when this returns. */
  journalling(digest: string): void;
  /** After the journal lost the commit: it was logged or given up. */
  journalEnded(digest: string): void;
  /** Whether this machine journalled it. */
  hasJournalled(digest: string): boolean;
}

/** Remembers nothing: for what this machine carries out but did not write itself. */
export const noMemory: EntryMemory = {
  refuseOther: () => undefined,
  settingsSeen: () => undefined,
  settingsLogged: () => undefined,
  beforeCommit: () => undefined,
  afterCommit: () => undefined,
  journalling: () => undefined,
  journalEnded: () => undefined,
  hasJournalled: () => false,
};
