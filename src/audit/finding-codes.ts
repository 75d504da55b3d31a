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

/** The same for several codes. */
function all<Code extends string>(
  kind: FindingKind,
  ...codes: readonly Code[]
): Readonly<Record<Code, FindingKind>>;
function all(kind: FindingKind, ...codes: readonly string[]): Readonly<Record<string, FindingKind>> {
  return Object.fromEntries(codes.map((code) => [code, kind]));
}

/**
 * Every code that a finding can have, and what it decides: the closed table of FORMAT.md §18.5. A code that is not here
 * cannot be reported.
 */
const kinds = {
  // The lines of the log, §18.1.
  ...all(error("chain"), "log-not-json", "log-not-canonical", "log-number-not-integer"),
  ...all(error("chain"), "log-number-too-large", "log-number-not-finite", "log-negative-zero"),
  ...all(error("chain"), "log-key-not-ascii", "log-lone-surrogate", "log-too-deep", "log-not-an-object"),
  ...all(error("chain"), "log-unknown-version", "log-missing-key", "log-unknown-key", "log-bad-seq"),
  ...all(error("chain"), "log-bad-prev", "log-bad-time", "log-unknown-event", "log-bad-actor"),
  ...all(error("chain"), "log-bad-tool", "log-bad-body", "log-wrong-seq", "log-wrong-prev", "log-columns"),
  ...all(error("chain"), "log-empty", "log-object", "entry-schema", "entry-list"),
  ...all(error("hashes"), "id-repeated", "capture-unknown", "version-repeated", "withdrawal-repeated"),
  ...all(note(), "clock-back"),

  // The database beside the log in it, §18.1.
  ...all(error(), "database-missing", "database-damaged", "database-journal", "schema-differs"),
  ...all(error(), "journal-damaged", "index-differs", "index-conflict", "index-damaged"),
  ...all(note(), "database-wal", "index-older", "index-unchecked"),
  ...all(note("hashes"), "commit-interrupted"),

  // Checkpoints, signatures, tokens and witnesses, §18.2.
  ...all(error("signature"), "segment-missing", "segment-changed", "segment-overlap", "checkpoint-malformed"),
  ...all(error("signature"), "checkpoint-origin", "checkpoint-root", "checkpoint-beyond-log"),
  ...all(error("signature"), "checkpoint-missing", "signature-malformed", "signature-wrong", "signature-key"),
  ...all(error("signature"), "signed-differs", "history-rewritten", "history-truncated", "other-log"),
  ...all(error("signature"), "witness-missing", "witness-changed", "witness-wrong"),
  ...all(either("signature"), "signature-missing", "key-not-endorsed", "key-stolen"),
  ...all(error(), "signature-absent", "token-absent"),
  ...all(note("signature", "tokens"), "seal-unreadable"),
  ...all({ ...either("signature"), opens: ["signature"] }, "key-not-trusted"),
  ...all(note(), "unsealed", "against-unchecked", "anchor-pending", "proof-unchecked", "witness-unlogged"),
  ...all(error("tokens"), "token-missing", "token-changed", "token-malformed", "token-imprint"),
  ...all(error("tokens"), "token-signature", "token-expired", "token-entry", "proof-malformed"),
  ...all(error("tokens"), "proof-imprint"),
  ...all(either("tokens"), "token-unlogged", "token-time"),
  // A note of these leaves open what its own token shows; `tokens` is unchecked if all of them have one.
  ...all(either("tokens"), "token-untrusted"),

  // Objects, annexes and other files of a vault, §18.3.
  ...all(error("hashes"), "object-missing", "object-declaration", "inventory-missing", "inventory-changed"),
  ...all(error("hashes"), "inventory-id", "sidecar-changed", "file-missing", "file-changed", "file-extra"),
  ...all(error("hashes"), "file-not-inventoried", "record-not-canonical", "record-schema"),
  ...all(error("hashes"), "derivation-not-canonical", "derivation-schema", "publication-not-canonical"),
  ...all(error("hashes"), "page-not-canonical", "page-schema"),
  ...all(error("hashes"), "publication-schema", "annex-missing", "annex-changed", "annex-not-canonical"),
  ...all(error("hashes"), "annex-file-missing", "annex-file-changed", "annex-file-extra", "own-file-changed"),
  ...all(error("hashes"), "too-large"),
  ...all(either("hashes"), "inventory-behind", "inventory-unfinished", "sidecar-behind", "version-missing"),
  ...all(either("hashes"), "folder-missing", "stray"),
  ...all(note("hashes"), "file-unreadable", "annex-unreadable", "annex-file-unreadable", "unreadable"),
  ...all(note("hashes"), "being-written"),
  ...all(note(), "annex-absent", "private-absent", "not-read-only", "hard-linked", "lock-not-ours"),
  ...all(note(), "withdrawn", "withdrawal-unfinished", "withdrawal-unsealed"),

  // Packages, §18.4.
  ...all(error(), "package-unreadable", "package-version"),
  ...all(error("hashes"), "package-path", "bag-malformed", "manifest-missing", "file-unlisted"),
  ...all(error("hashes"), "file-unlogged", "capture-missing", "crate-malformed", "crate-differs"),
  ...all(error("hashes"), "proof-stray"),
  ...all(either("hashes"), "script-unknown"),
  ...all(note(), "page-digest", "entries-uncommitted"),
  ...all(error("chain"), "entry-foreign", "entry-missing", "entry-unlisted", "export-begun-missing"),
  ...all(error("chain"), "export-begun-wrong", "inclusion-missing", "inclusion-wrong"),
  ...all(note("chain", "signature", "tokens"), "proof-unreadable"),

  // One file that somebody asks about: the command's own answer.
  ...all(error(), "not-in-vault"),
};

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
