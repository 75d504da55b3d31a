import { type Finding, noteAt } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";
import type { LoggedCapture, Withdrawal } from "./log-captures.js";

/** What stays of an object whose record is kept: the record, and what OCFL needs to name the files that are gone. */
const kept = /^(?:0=ocfl_object_1\.1|(?:v\d+\/)?inventory\.json(?:\.sha512)?|v1\/content\/record\.json)$/;

/** Whether a withdrawal removes a file of the object, by its path inside it (FORMAT.md §7.1). */
export function isWithdrawn({ record }: Pick<Withdrawal, "record">, path: string): boolean {
  return record === "removed" || !kept.test(path);
}

/** Codes that say that a file is not there, and those that follow where the object went with its record. */
const ofFiles: readonly FindingCode[] = [
  "file-missing",
  "annex-missing",
  "annex-file-missing",
  "annex-absent",
];
const ofObjects: readonly FindingCode[] = [
  ...(["object-missing", "object-declaration", "version-missing"] as const),
  ...(["inventory-missing", "inventory-changed", "sidecar-changed"] as const),
];

/**
 * What is left of the findings about a withdrawn capture once those are left out that only say that withdrawn files are
 * gone, and that it is withdrawn (FORMAT.md §18.3). A withdrawal that no signed checkpoint covers excuses nothing:
 * anybody who can write to the vault can append one. `sealed` is the size of the newest signed checkpoint that counts, 0
 * where none does; `files` are the paths of files that are there. Both kinds of paths are relative to the vault.
 */
export function auditWithdrawal(
  { id, object, versions }: LoggedCapture,
  withdrawal: Withdrawal,
  findings: readonly Finding[],
  files: Iterable<string>,
  sealed: number,
): readonly Finding[] {
  const { entry, at, reason, record } = withdrawal;
  if (entry > sealed) {
    const message = `entry ${entry} withdraws it, but no signed checkpoint that counts covers that entry: what is missing counts as missing`;
    return [...findings, noteAt("withdrawal-unsealed", id, message)];
  }
  const isGone = (path: string) =>
    `${path}/`.startsWith(`private/${id}/`) ||
    (path.startsWith(`${object}/`) && isWithdrawn(withdrawal, path.slice(`${object}/`.length)));
  // What the log states after the withdrawal is not excused.
  const later = versions.filter((one) => one.entry > entry).map(({ version }) => `${object}/${version}/`);
  const there = new Set(files);
  // A file that is there is compared as ever, and its code can say that it is changed.
  const isExcused = ({ code, where }: Finding) =>
    (ofObjects.includes(code) && record === "removed" && later.length === 0 && !there.has(where)) ||
    (ofFiles.includes(code) && isGone(where) && !later.some((folder) => where.startsWith(folder)));
  const what = record === "kept" ? "its files but for the record" : "its files and its record";
  const message = `withdrawn on ${at} by entry ${entry}; ${what} were not checked; reason: ${reason}`;
  const remains =
    "it is withdrawn, but files of it are still here; the next command that writes removes them";
  return [
    ...findings.filter((finding) => !isExcused(finding)),
    noteAt("withdrawn", id, message),
    ...([...there].some(isGone) ? [noteAt("withdrawal-unfinished", id, remains)] : []),
  ];
}
