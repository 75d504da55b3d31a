/** The four questions of a check (FORMAT.md §18). */
export const questions = ["hashes", "chain", "signature", "tokens"] as const;

export type Question = (typeof questions)[number];

export type Severity = "error" | "note";

/** What a finding decides. */
export interface FindingKind {
  readonly severities: readonly Severity[];
  /** The questions that an error of this code answers with `fail`. */
  readonly fails: readonly Question[];
  /** The questions that a note of this code leaves `unchecked` if nothing fails them. */
  readonly opens: readonly Question[];
}

const error = (...fails: readonly Question[]): FindingKind => ({ severities: ["error"], fails, opens: [] });
const note = (...opens: readonly Question[]): FindingKind => ({ severities: ["note"], fails: [], opens });
const either = (...fails: readonly Question[]): FindingKind => ({
  severities: ["error", "note"],
  fails,
  opens: [],
});

/**
 * Every code that a finding can have, and what it decides: the closed table of FORMAT.md §18.5. A code that is not here
 * cannot be reported.
 */
const kinds = {
  // The lines of the log, §18.1.
  "log-not-json": error("chain"),
  "log-not-canonical": error("chain"),
  "log-number-not-integer": error("chain"),
  "log-number-too-large": error("chain"),
  "log-number-not-finite": error("chain"),
  "log-negative-zero": error("chain"),
  "log-key-not-ascii": error("chain"),
  "log-lone-surrogate": error("chain"),
  "log-too-deep": error("chain"),
  "log-not-an-object": error("chain"),
  "log-unknown-version": error("chain"),
  "log-missing-key": error("chain"),
  "log-unknown-key": error("chain"),
  "log-bad-seq": error("chain"),
  "log-bad-prev": error("chain"),
  "log-bad-time": error("chain"),
  "log-unknown-event": error("chain"),
  "log-bad-actor": error("chain"),
  "log-bad-tool": error("chain"),
  "log-bad-body": error("chain"),
  "log-wrong-seq": error("chain"),
  "log-wrong-prev": error("chain"),
  "log-columns": error("chain"),
  "log-empty": error("chain"),
  "log-object": error("chain"),
  "entry-schema": error("chain"),
  "id-repeated": error("hashes"),
  "capture-unknown": error("hashes"),
  "version-repeated": error("hashes"),
  "entry-list": error("chain"),
  "clock-back": note(),

  // The database beside the log in it, §18.1.
  "database-missing": error(),
  "database-damaged": error(),
  "database-journal": error(),
  "database-wal": note(),
  "schema-differs": error(),
  "journal-damaged": error(),
  "index-differs": error(),
  "index-conflict": error(),
  "index-damaged": error(),
  "index-older": note(),
  "index-unchecked": note(),
  "commit-interrupted": note("hashes"),

  // Checkpoints, signatures, tokens and witnesses, §18.2.
  "segment-missing": error("signature"),
  "segment-changed": error("signature"),
  "segment-overlap": error("signature"),
  "checkpoint-malformed": error("signature"),
  "checkpoint-origin": error("signature"),
  "checkpoint-root": error("signature"),
  "checkpoint-beyond-log": error("signature"),
  "checkpoint-missing": error("signature"),
  "signature-missing": either("signature"),
  "signature-malformed": error("signature"),
  "signature-wrong": error("signature"),
  "signature-key": error("signature"),
  "signature-absent": error(),
  "signed-differs": error("signature"),
  "seal-unreadable": note("signature", "tokens"),
  "key-not-endorsed": either("signature"),
  "key-stolen": either("signature"),
  "key-not-trusted": { ...either("signature"), opens: ["signature"] },
  unsealed: note(),
  "history-rewritten": error("signature"),
  "history-truncated": error("signature"),
  "other-log": error("signature"),
  "against-unchecked": note(),
  "anchor-pending": note(),
  "token-absent": error(),
  "token-missing": error("tokens"),
  "token-changed": error("tokens"),
  "token-unlogged": either("tokens"),
  "token-malformed": error("tokens"),
  "token-imprint": error("tokens"),
  "token-signature": error("tokens"),
  "token-expired": error("tokens"),
  "token-time": either("tokens"),
  // A note of these leaves open what its own token shows; `tokens` is unchecked if all of them have one.
  "token-untrusted": either("tokens"),
  "proof-unchecked": note(),
  "token-entry": error("tokens"),
  "proof-malformed": error("tokens"),
  "proof-imprint": error("tokens"),
  "witness-unlogged": note(),
  "witness-missing": error("signature"),
  "witness-changed": error("signature"),
  "witness-wrong": error("signature"),

  // Objects, annexes and other files of a vault, §18.3.
  "object-missing": error("hashes"),
  "object-declaration": error("hashes"),
  "inventory-missing": error("hashes"),
  "inventory-changed": error("hashes"),
  "inventory-id": error("hashes"),
  "inventory-behind": either("hashes"),
  "inventory-unfinished": either("hashes"),
  "sidecar-changed": error("hashes"),
  "sidecar-behind": either("hashes"),
  "version-missing": either("hashes"),
  "file-missing": error("hashes"),
  "file-changed": error("hashes"),
  "file-unreadable": note("hashes"),
  "file-extra": error("hashes"),
  "file-not-inventoried": error("hashes"),
  "record-not-canonical": error("hashes"),
  "record-schema": error("hashes"),
  "derivation-not-canonical": error("hashes"),
  "derivation-schema": error("hashes"),
  "publication-not-canonical": error("hashes"),
  "publication-schema": error("hashes"),
  "annex-missing": error("hashes"),
  "annex-changed": error("hashes"),
  "annex-not-canonical": error("hashes"),
  "annex-unreadable": note("hashes"),
  "annex-file-missing": error("hashes"),
  "annex-file-changed": error("hashes"),
  "annex-file-extra": error("hashes"),
  "annex-file-unreadable": note("hashes"),
  "annex-absent": note(),
  "private-absent": note(),
  "own-file-changed": error("hashes"),
  "folder-missing": either("hashes"),
  stray: either("hashes"),
  "too-large": error("hashes"),
  unreadable: note("hashes"),
  "being-written": note("hashes"),
  "not-read-only": note(),
  "hard-linked": note(),
  "lock-not-ours": note(),

  // Packages, §18.4.
  "package-unreadable": error(),
  "package-version": error(),
  "package-path": error("hashes"),
  "bag-malformed": error("hashes"),
  "manifest-missing": error("hashes"),
  "file-unlisted": error("hashes"),
  "file-unlogged": error("hashes"),
  "capture-missing": error("hashes"),
  "crate-malformed": error("hashes"),
  "crate-differs": error("hashes"),
  "script-unknown": either("hashes"),
  "page-digest": note(),
  "entry-foreign": error("chain"),
  "entry-missing": error("chain"),
  "entry-unlisted": error("chain"),
  "export-begun-missing": error("chain"),
  "export-begun-wrong": error("chain"),
  "entries-uncommitted": note(),
  "inclusion-missing": error("chain"),
  "inclusion-wrong": error("chain"),
  "proof-unreadable": note("chain", "signature", "tokens"),
  "proof-stray": error("hashes"),

  // One file that somebody asks about: the command's own answer.
  "not-in-vault": error(),
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingCode = keyof typeof kinds;

/** The table by code, for comparing FORMAT.md with it. */
export const findingKinds: Readonly<Record<FindingCode, FindingKind>> = kinds;

/** The finding for a line that `parseEntry` or the chain refuses with this code: `log-<code>`. */
export function lineFinding(code: string): FindingCode {
  const name = `log-${code}`;
  return isFindingCode(name) ? name : "log-not-canonical";
}

function isFindingCode(name: string): name is FindingCode {
  return Object.hasOwn(kinds, name);
}
