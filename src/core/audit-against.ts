import type { LogFacts } from "../audit/checkpoints.js";
import type { Checkpoint } from "../audit/checkpoint.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { Finding } from "../audit/finding.js";

/** The errors of `auditAgainst`. */
const heldFaults: readonly FindingCode[] = ["history-rewritten", "history-truncated", "other-log"];

/** Whether a finding says that a log does not go on from the checkpoint that the checker holds. */
export function isAboutHeld(code: FindingCode): boolean {
  return heldFaults.includes(code);
}

/**
 * Holds a log against a checkpoint that somebody kept elsewhere (FORMAT.md §16): empty when the log, as it is, begins
 * with what they saw. `rootAt` gives null where the log has no such number of lines to compare.
 */
export function auditAgainst(
  held: Checkpoint,
  { origin, entries, rootAt }: Pick<LogFacts, "origin" | "entries" | "rootAt">,
): readonly Finding[] {
  const finding = (code: FindingCode, message: string, severity: Finding["severity"] = "error") => [
    { code, severity, where: "log", message },
  ];
  if (held.origin !== origin) return finding("other-log", "the checkpoint you hold is that of another vault");
  if (entries !== null && held.size > entries) {
    const message = `history was cut: the checkpoint you hold has ${held.size} entries, this log has ${entries}`;
    return finding("history-truncated", message);
  }
  const root = rootAt(held.size);
  if (root === null) {
    const message = `there is no checkpoint of ${held.size} entries here to compare with the one you hold`;
    return finding("against-unchecked", message, "note");
  }
  if (root.equals(held.root)) return [];
  const message = `history was rewritten: the first ${held.size} entries are not those of the checkpoint you hold`;
  return finding("history-rewritten", message);
}
