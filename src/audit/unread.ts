import type { Finding } from "./finding.js";
import type { FindingCode } from "./finding-codes.js";

/** Codes that say that something is missing. Beside a file or folder that cannot be read, none of them can be known. */
const absences: readonly FindingCode[] = [
  ...(["segment-missing", "checkpoint-missing", "signature-missing", "signature-absent"] as const),
  ...(["signed-differs", "key-not-endorsed", "unsealed", "anchor-pending", "token-absent"] as const),
  ...(["token-missing", "witness-missing", "inclusion-missing"] as const),
];

/** Codes about files that are compared with a checkpoint or its signature, and about the checkpoint itself. */
const dependents: readonly FindingCode[] = [
  "signature-wrong",
  "inclusion-wrong",
  "token-imprint",
  "proof-imprint",
  "witness-wrong",
];

/**
 * Leaves out the findings that only say that something is missing or not as recorded because it could not be read. What
 * could not be read is unchecked, which is no accusation (FORMAT.md §18). `unread` are paths of files and folders; a
 * note names each of them.
 */
export function withoutUnread(findings: readonly Finding[], unread: readonly string[]): readonly Finding[] {
  if (unread.length === 0) return findings;
  const sealed = unread.some((path) => /^(log|proof)(\/|$)/.test(path));
  const besides = unread.flatMap((path) => /^(?:log\/\d+\.|proof\/\d+\/)/.exec(path)?.[0] ?? []);
  return findings.filter(({ code, where }) => {
    if (sealed && absences.includes(code)) return false;
    if (dependents.includes(code) && besides.some((start) => where.startsWith(start))) return false;
    return refusals.includes(code) || !unread.some((path) => where === path || where.startsWith(`${path}/`));
  });
}

/** Codes that say that something could not be read. */
const refusals: readonly FindingCode[] = [
  "unreadable",
  "file-unreadable",
  "annex-unreadable",
  "annex-file-unreadable",
  "seal-unreadable",
  "proof-unreadable",
];

/** Whether a file of a log's checkpoints could not be read, so that signatures and time-stamps stay unchecked. */
export function hasUnreadSeals(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === "seal-unreadable" || code === "proof-unreadable");
}
