import { isAboutHeld } from "./core/audit-against.js";
import type { CheckState, Finding } from "./audit/finding.js";
import type { EntryList } from "./audit/entry-list.js";
import { knownRoots, uncheckedSentences } from "./verify/caveats.js";
import type { Brought } from "./verify/trust.js";

/** What the check of a package came to, as far as its limits depend on it. */
export interface PackageLimitFacts {
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
    ...againstSentences(findings, request.against),
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

function againstSentences(findings: readonly Finding[], against: string | null): readonly string[] {
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
