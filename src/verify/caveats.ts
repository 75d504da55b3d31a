import { isAboutHeld } from "../audit/checkpoints.js";
import type { EntryList } from "../audit/entry-list.js";
import type { CheckState, Finding } from "../audit/finding.js";
import { hasUnreadSeals } from "../audit/unread.js";
import type { Brought } from "./trust.js";

/** What a check came to, as far as its limits depend on it. */
export interface LimitFacts {
  /** Whether nothing is not as recorded. */
  readonly agrees: boolean;
  readonly hashes: CheckState;
  readonly chain: CheckState;
  readonly quick: boolean;
  readonly hasAnnexes: boolean;
  readonly signature: CheckState;
  readonly tokens: CheckState;
  /** Entries behind the newest signed checkpoint. */
  readonly unsigned: number;
  readonly findings: readonly Finding[];
  readonly brought: Brought;
}

/** What a check of a vault shows and cannot show, in the words of EVIDENCE §11. */
export function limitSentences(facts: LimitFacts): readonly string[] {
  const shown = facts.agrees ? "It shows no change since they were logged; it" : "Not all of them agree. It";
  return [
    `This compares stored bytes, records and log with each other. ${shown} says nothing about before.`,
    ...uncheckedSentences(facts),
    ...signatureSentences(facts),
    ...tokenSentences(facts),
    ...againstSentences(facts),
    "It does not show that footage is genuine, nor who made it, where or when.",
    ...(facts.hasAnnexes ? [] : ["The private annexes are not here: nothing was compared with them."]),
    ...(facts.quick ? ["Only SHA-256 was compared, as --quick asks."] : []),
  ];
}

/** What could not be checked is said, and nothing is claimed of it. */
function uncheckedSentences({
  hashes,
  chain,
  findings,
}: Pick<LimitFacts, "hashes" | "chain" | "findings">): readonly string[] {
  if (hashes !== "unchecked" && chain !== "unchecked" && !hasUnreadSeals(findings)) return [];
  return [
    "Not everything could be checked: of what the notes name as unread, unfinished or being written, this says nothing. Check again when it can be read and nobody is writing.",
  ];
}

/** What the check of one file came to, as far as its limits depend on it. */
export interface FileLimitFacts {
  readonly hashes: CheckState;
  readonly chain: CheckState;
  readonly signature: CheckState;
  readonly tokens: CheckState;
  readonly findings: readonly Finding[];
  readonly matches: readonly { readonly signed: boolean }[];
  readonly brought: Brought;
}

/** What the check of one file shows and cannot show. */
export function fileLimitSentences(facts: FileLimitFacts): readonly string[] {
  const open = facts.matches.filter(({ signed }) => !signed).length;
  return [
    "This says whether the log states a file of exactly these bytes, whether the stored copy is one, and what that entry rests on. Nothing else that is stored was checked, and it says nothing about before.",
    ...uncheckedSentences(facts),
    ...signatureSentences({ ...facts, unsigned: 0 }),
    ...(open === 0 || facts.signature === "absent"
      ? []
      : [
          "At least one of these entries is not covered by a signature yet: until it is, somebody with write access could have put it there.",
        ]),
    ...tokenSentences(facts),
    ...againstSentences(facts),
    "It does not show that footage is genuine, nor who made it, where or when.",
  ];
}

function signatureSentences({
  signature,
  unsigned,
  brought,
}: Pick<LimitFacts, "signature" | "unsigned" | "brought">): readonly string[] {
  if (signature === "absent") {
    return [
      "No signature covers the log as it is now: somebody with write access could have rewritten all of it. Only a copy held by somebody else rules that out.",
    ];
  }
  if (signature !== "pass") return [];
  const source =
    brought.signers === null
      ? "The keys are those that the log itself names: compare their fingerprints with what you got from somewhere else, or name them with --signers."
      : "The keys are among the signers that you named: the result is worth as much as where you got that list from.";
  return [
    `A signature shows that a key was used, not who held it. ${source}`,
    "Whoever has the key can still rewrite the log and sign it again.",
    ...(unsigned === 0 ? [] : [openEntries(unsigned)]),
  ];
}

function openEntries(count: number): string {
  return count === 1
    ? "The newest entry is not covered by a signature yet."
    : `The newest ${count} entries are not covered by a signature yet.`;
}

/** For time-stamps that were traced without `--tsa-ca`. */
const knownRoots =
  "The authorities' root certificates are those that Node.js brings on this machine: to rest on what you got from the authorities themselves, name it with --tsa-ca.";

function tokenSentences({
  tokens,
  findings,
  brought,
}: Pick<LimitFacts, "tokens" | "findings" | "brought">): readonly string[] {
  const bitcoin = findings.some(({ code }) => code === "proof-unchecked")
    ? ["Whether Bitcoin has the blocks that OpenTimestamps proofs name was not looked up."]
    : [];
  if (tokens === "absent") return ["No outside time-stamp: every time here is this vault's own word."];
  if (tokens === "unchecked") {
    return [
      "No time-stamp was traced to a root certificate that you named or that this machine knows: get the authority's own root from the authority and name it with --tsa-ca.",
      ...bitcoin,
    ];
  }
  if (tokens !== "pass") return bitcoin;
  return [
    "A time-stamp that leads to a trusted root shows that its checkpoint existed not later than its time, by the word of the authority that signed it; nothing about how much earlier, and nothing about when the footage was made.",
    ...(brought.tsaCa === null ? [knownRoots] : []),
    ...bitcoin,
  ];
}

function againstSentences({
  brought,
  findings,
}: Pick<LimitFacts, "brought" | "findings">): readonly string[] {
  if (brought.against === null) {
    return [
      "Nothing was compared with a checkpoint kept elsewhere (--against): only that shows whether the log was rewritten by whoever holds the key, or put back to an older state, its checkpoints with it, by whoever could write here. Without one a rollback cannot be excluded.",
    ];
  }
  return findings.some(({ code }) => isAboutHeld(code) || code === "against-unchecked")
    ? []
    : [
        "The checkpoint you hold is the beginning of today's log: what it covers was not rewritten since it was given to you.",
      ];
}

/** What the check of a package came to, as far as its limits depend on it. */
interface PackageLimitFacts {
  /** Whether nothing is not as recorded. */
  readonly agrees: boolean;
  readonly hashes: CheckState;
  readonly chain: CheckState;
  readonly signature: CheckState;
  readonly tokens: CheckState;
  readonly findings: readonly Finding[];
  /** The `export-begun` entry of the package; null where there is none. */
  readonly list: EntryList | null;
  /** Captures of which no entry says whether the clip is whole, ascending. */
  readonly undecoded: readonly string[];
  readonly request: Brought & { readonly quick: boolean };
}

/** What a check of a package shows and cannot show, in the words of EVIDENCE §11. */
export function packageLimitSentences(facts: PackageLimitFacts): readonly string[] {
  const { agrees, findings, request } = facts;
  const shown = agrees ? "It shows no change since these files were logged; it" : "Not all of them agree. It";
  return [
    `This compares the files of the package with the log entries in it, and the entries with checkpoints by their proofs. ${shown} says nothing about before.`,
    ...uncheckedSentences(facts),
    ...keySentences(facts),
    ...rootSentences(facts),
    ...heldSentences(findings, request.against),
    "It is the state of the log at its newest checkpoint: whether anything was logged later cannot be seen in it, and an older package cannot be told from the newest.",
    ...listSentences(facts),
    "A package holds what its maker chose: other captures, and time-stamps that no entry in it names, can have been left out.",
    "Its page index.html, ro-crate-metadata.json, VERIFY.md and verify.sh are the word of whoever made it. Compared were the digests on the page, the files, digests and sizes in ro-crate-metadata.json, and whether this holdfast knows the other two; nothing else that they say was.",
    "It does not show that footage is genuine, nor who made it, where or when.",
    ...(request.quick ? ["Only SHA-256 was compared, as --quick asks."] : []),
  ];
}

function listSentences({ chain, list, undecoded }: PackageLimitFacts): readonly string[] {
  const whole =
    undecoded.length === 0
      ? []
      : [`${named(undecoded)}: nothing in this package says whether its clip decodes whole.`];
  if (chain !== "pass") return whole;
  if (list === null) {
    return [
      "Nothing in it lists which entries of these captures there are: derivations, which alone say whether a clip decodes whole, copies for publication, recoveries, annotations and what took them back can have been left out.",
      ...whole,
    ];
  }
  return [
    `Each entry of these captures that its log had is in it: entry ${list.entry} lists them before it was made. Whoever has the key can log a false list, which a check of the whole vault finds.`,
    ...(list.annotations
      ? []
      : [
          "What people noted about these captures was not asked for: whether there is any cannot be seen in it.",
        ]),
    ...whole,
  ];
}

/** How many captures a sentence names before it counts the others. */
const namedAtMost = 5;

function named(ids: readonly string[]): string {
  const rest = ids.length - namedAtMost;
  const first = ids.slice(0, namedAtMost).join(", ");
  return rest > 0 ? `${first} and ${rest} more` : first;
}

function keySentences({ signature, request }: PackageLimitFacts): readonly string[] {
  if (signature === "absent")
    return ["No signature covers these entries: anybody could have made all of this."];
  if (signature !== "pass") return [];
  const source =
    request.signers === null
      ? "The keys are those that the package itself names, and anybody can make a package with a key of their own: compare the fingerprints with what you got from somewhere else, or name them with --signers."
      : "The keys are among the signers that you named: the result is worth as much as where you got that list from.";
  return [`A signature shows that a key was used, not who held it. ${source}`];
}

function rootSentences({ tokens, findings, request }: PackageLimitFacts): readonly string[] {
  const bitcoin = findings.some(({ code }) => code === "proof-unchecked")
    ? ["Whether Bitcoin has the blocks that OpenTimestamps proofs name was not looked up."]
    : [];
  if (tokens === "absent")
    return ["No outside time-stamp: every time here is the word of whoever wrote the log."];
  if (tokens === "unchecked") {
    return [
      "No time-stamp was traced to a root certificate that you named or that this machine knows: get the authority's own root from the authority, not from the package, and name it with --tsa-ca.",
      ...bitcoin,
    ];
  }
  if (tokens !== "pass") return bitcoin;
  return [
    "A time-stamp that leads to a trusted root shows that its checkpoint existed not later than its time, by the word of the authority that signed it; nothing about how much earlier, and nothing about when the footage was made.",
    ...(request.tsaCa === null ? [knownRoots] : []),
    ...bitcoin,
  ];
}

function heldSentences(findings: readonly Finding[], against: string | null): readonly string[] {
  if (against === null) {
    return [
      "Nothing was compared with a checkpoint kept elsewhere (--against): whoever has the key can write another history and sign it.",
    ];
  }
  if (findings.some(({ code }) => code === "against-unchecked")) {
    return [
      "The checkpoint you hold is not the newest in the package: whether today's log goes on from it only the whole log can show (holdfast verify --against, in the vault).",
    ];
  }
  if (findings.some(({ code }) => isAboutHeld(code))) return [];
  return [
    "The checkpoint you hold is the newest in the package: what the entries state was not rewritten since it was given to you.",
  ];
}
