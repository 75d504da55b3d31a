import type { CheckState, Finding } from "../audit/finding.js";
import { hasUnreadSeals } from "../audit/unread.js";
import { hasErrors } from "../audit/verdict.js";
import type { FileReport } from "./file.js";
import { type InShort, inShort, isAboutHeld } from "./in-short.js";
import type { Answers, PackageReport, VerifyReport } from "./reports.js";
import { type Brought, isShipped } from "./trust.js";

/**
 * A report with sentences about what the check can and cannot show, for a person to read. They follow from the report
 * and decide nothing.
 */
export type WithCaveats<Report> = Report & InShort & { readonly limits: readonly string[] };

/** The outcome of a check, as far as what it can show depends on it. */
interface CheckFacts extends Answers {
  readonly findings: readonly Finding[];
  readonly rests_on: VerifyReport["rests_on"];
  readonly brought: Brought;
}

/**
 * What the check of a vault shows and cannot show, in the words of EVIDENCE §11. `brought`: what the checker brought
 * along.
 */
export function withVaultCaveats(report: VerifyReport, brought: Brought): WithCaveats<VerifyReport> {
  const facts: CheckFacts = { ...report, brought };
  const shown = hasErrors(report.findings)
    ? "Not all of them agree. It"
    : "It shows no change since they were logged; it";
  const open = report.checked.unsigned_entries ?? 0;
  const isWithout = report.findings.some(({ code }) => code === "private-absent");
  const limits = [
    `This compares stored bytes, records and log with each other. ${shown} says nothing about before.`,
    ...uncheckedSentences(facts),
    ...signatureSentences(facts),
    ...(report.signature === "pass" && open > 0 ? [openEntries(open)] : []),
    ...tokenSentences(facts, ofVault),
    ...againstSentences(facts),
    notShown,
    ...(isWithout ? ["The private annexes are not here: nothing was compared with them."] : []),
    ...quickSentences(report),
  ];
  return { ...report, ...inShort(report, brought), limits };
}

/** What the check of one file shows and cannot show. */
export function withFileCaveats(report: FileReport, brought: Brought): WithCaveats<FileReport> {
  const facts: CheckFacts = { ...report, brought };
  const isOpen = report.matches.some(({ signed }) => !signed) && report.signature !== "absent";
  const isUnsigned = report.signature === "absent";
  const limits = [
    "This says whether the log states a file of exactly these bytes, whether the stored copy is one, and what that entry rests on. No other stored file was checked, and this says nothing about before.",
    ...uncheckedSentences(facts),
    ...(isUnsigned ? [unsignedBytes(report.matches.length)] : signatureSentences(facts)),
    ...(isOpen
      ? [
          "At least one of these entries is not covered by a signature yet: until it is, somebody with write access could have put it there.",
        ]
      : []),
    ...tokenSentences(facts, ofFile),
    ...againstSentences(facts),
    notShown,
  ];
  return { ...report, ...inShort(report, brought), limits };
}

/** Other entries of the same log may be signed: the answer is about those that state these bytes. */
function unsignedBytes(matches: number): string {
  return matches === 0
    ? "No entry states these bytes, so no signature is about them."
    : "No signature covers an entry that states these bytes: somebody with write access could have put it there.";
}

const notShown = "It does not show that footage is genuine, nor who made it, where or when.";

/** What could not be checked is named, and nothing is claimed about it. */
function uncheckedSentences({ hashes, chain, findings }: CheckFacts): readonly string[] {
  if (hashes !== "unchecked" && chain !== "unchecked" && !hasUnreadSeals(findings)) return [];
  return [
    "Not everything could be checked: this says nothing about what the notes name as unread, unfinished or being written. Check again when all of it can be read and nobody is writing.",
  ];
}

function quickSentences({ checked }: VerifyReport): readonly string[] {
  return checked.digests_per_file === 1 ? ["Only SHA-256 was compared, as --quick asks."] : [];
}

/** What the signature of a vault's log shows. */
function signatureSentences({ signature, brought }: CheckFacts): readonly string[] {
  if (signature === "absent") {
    return [
      "No signature covers the log as it is now: somebody with write access could have rewritten all of it. Only a copy held by somebody else rules that out.",
    ];
  }
  if (signature !== "pass") return [];
  return [
    keySentence(
      brought,
      "The keys are those that the log itself names: compare their fingerprints with what you got from somewhere else, or name them with --signers.",
    ),
    "Whoever has the key can still rewrite the log and sign it again.",
  ];
}

/** `named`: what is said about the keys if nobody brought any. */
function keySentence({ signers }: Brought, named: string): string {
  const source =
    signers === null
      ? named
      : "The keys are among the signers that you named: the result is worth as much as the source of that list.";
  return `A signature shows that a key was used, not who held it. ${source}`;
}

function openEntries(count: number): string {
  return count === 1
    ? "The newest entry is not covered by a signature yet."
    : `The newest ${count} entries are not covered by a signature yet.`;
}

/** What is said about time-stamps in different words for a vault and for a package. */
interface StampWords {
  readonly none: string;
  /** Where to get the root certificate of an authority. */
  readonly source: string;
}

/** The words for a vault. */
const ofVault: StampWords = {
  none: "No outside time-stamp: every time here is this vault's own word.",
  source: "from the authority",
};

/** The words for one file: the vault may have time-stamps over other entries. */
const ofFile: StampWords = {
  none: "No outside time-stamp covers an entry that states these bytes: a time given for them is this vault's own word.",
  source: ofVault.source,
};

const ofPackage: StampWords = {
  none: "No outside time-stamp: every time here is the word of whoever wrote the log.",
  source: "from the authority, not from the package,",
};

/** What time-stamps show. */
function tokenSentences(
  { tokens, findings, rests_on, brought }: CheckFacts,
  { none, source }: StampWords,
): readonly string[] {
  const bitcoin = findings.some(({ code }) => code === "proof-unchecked")
    ? ["holdfast did not look up whether Bitcoin has the blocks that OpenTimestamps proofs name."]
    : [];
  if (tokens === "absent") return [none];
  if (tokens === "unchecked") {
    return [
      `No time-stamp was traced to a root certificate that you named or that this machine knows: get the authority's own root ${source} and name it with --tsa-ca.`,
      ...bitcoin,
    ];
  }
  if (tokens !== "pass") return bitcoin;
  return [
    "A time-stamp that leads to a trusted root shows that its checkpoint existed not later than its time, by the word of the authority that signed it; it shows nothing about how much earlier, and nothing about when the footage was made.",
    ...(brought.tsaCa === null ? [rootSentence(rests_on)] : []),
    ...bitcoin,
  ];
}

/** Whose roots they are if nobody named any. Those that only Node.js brings can go with its next version. */
function rootSentence({ authorities }: VerifyReport["rests_on"]): string {
  const trusted = authorities.filter((one) => one.trusted).map(({ root }) => root);
  const others = [...new Set(trusted.filter((root) => !isShipped(root)))];
  const whose =
    others.length === 0
      ? "come with holdfast"
      : `come with holdfast or, for ${others.join(" and ")}, with Node.js on this machine alone, and another version of Node.js may have others`;
  return `The authorities' root certificates are those that ${whose}: to rely on certificates that you got from the authorities themselves, name them with --tsa-ca.`;
}

/** What a checkpoint that the checker brought shows of a vault's log. */
function againstSentences({ brought, findings }: CheckFacts): readonly string[] {
  if (brought.against === null) {
    return [
      "Nothing was compared with a checkpoint kept elsewhere (--against). Only that shows whether somebody who holds the key rewrote the log, or somebody who could write here put it back to an older state together with its checkpoints. Without one, a rollback cannot be excluded.",
    ];
  }
  return findings.some(({ code }) => isAboutHeld(code) || code === "against-unchecked")
    ? []
    : [
        "The checkpoint you hold is the beginning of today's log: what it covers was not rewritten since it was given to you.",
      ];
}

/** What the check of a package shows and cannot show, in the words of EVIDENCE §11. */
export function withPackageCaveats(report: PackageReport, brought: Brought): WithCaveats<PackageReport> {
  if (report.contents === null) {
    return { ...report, ...inShort(report, brought), limits: ["Nothing in it was checked."] };
  }
  const facts: CheckFacts = { ...report, brought };
  const shown = hasErrors(report.findings)
    ? "Not all of them agree. It"
    : "It shows no change since these files were logged; it";
  const limits = [
    `This compares the files of the package with the log entries in it, and the entries with checkpoints by their proofs. ${shown} says nothing about before.`,
    ...uncheckedSentences(facts),
    ...packageSignatureSentences(facts),
    ...tokenSentences(facts, ofPackage),
    ...heldSentences(facts),
    "It shows the log as of its newest checkpoint: nothing in it tells whether anything was logged later, and an older package cannot be told from the newest.",
    ...listSentences(report.chain, report.contents, report.package),
    "A package holds what its maker chose: other captures, and time-stamps that no entry in it names, can have been left out.",
    "Its page index.html, ro-crate-metadata.json, VERIFY.md and verify.sh are the word of whoever made it. This check compared the digests on the page and the files, digests and sizes in ro-crate-metadata.json, and looked whether this holdfast knows the other two; it compared nothing else that they say.",
    notShown,
    ...quickSentences(report),
  ];
  return { ...report, ...inShort(report, brought), limits };
}

function packageSignatureSentences({ signature, findings, brought }: CheckFacts): readonly string[] {
  if (signature === "absent")
    return ["No signature covers these entries: anybody could have made all of this."];
  if (signature === "fail" || hasUnreadSeals(findings)) return [];
  const named =
    "The keys are those that the package itself names, and anybody can make a package with a key of their own: compare the fingerprints with what you got from somewhere else, or name them with --signers.";
  return [keySentence(brought, named)];
}

function heldSentences({ findings, brought }: CheckFacts): readonly string[] {
  if (brought.against === null) {
    return [
      "Nothing was compared with a checkpoint kept elsewhere (--against): whoever has the key can write another history and sign it.",
    ];
  }
  if (findings.some(({ code }) => code === "against-unchecked")) {
    return [
      "The checkpoint you hold is not the newest in the package: only the whole log can show whether today's log goes on from it (holdfast verify --against, in the vault).",
    ];
  }
  if (findings.some(({ code }) => isAboutHeld(code))) return [];
  return [
    "The checkpoint you hold is the newest in the package: what the entries state was not rewritten since it was given to you.",
  ];
}

function listSentences(
  chain: CheckState,
  { list }: NonNullable<PackageReport["contents"]>,
  { captures }: PackageReport["package"],
): readonly string[] {
  const undecoded = captures.flatMap(({ id, completeness }) => (completeness === null ? [id] : [])).sort();
  const whole =
    undecoded.length === 0
      ? []
      : [`${named(undecoded)}: nothing in this package says whether its clip decodes whole.`];
  if (chain !== "pass") return whole;
  if (list === null) {
    return [
      "Nothing in it lists all entries of these captures: derivations, which alone say whether a clip decodes whole, copies for publication, recoveries, annotations and their withdrawals can have been left out.",
      ...whole,
    ];
  }
  return [
    `It holds every entry that its log had about these captures: entry ${list.entry} listed them before the package was made. Whoever has the key can log a false list, which a check of the whole vault finds.`,
    ...(list.annotations
      ? []
      : [
          "What people noted about these captures was not asked for: nothing in it tells whether there is any.",
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
