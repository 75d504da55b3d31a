import type { CheckpointAudit } from "./checkpoints.js";
import { type CheckState, decidedBy, type Finding } from "./finding.js";
import type { Question } from "./finding-codes.js";
import { hasUnreadSeals } from "./unread.js";

/** The outcome of a check, and what the checker named. */
export interface CheckOutcome {
  readonly states: Readonly<Record<Question, CheckState>>;
  readonly findings: readonly Finding[];
  readonly namedSigners: boolean;
  readonly namedRoots: boolean;
}

/**
 * Whether nothing is not as recorded, and everything that was asked for was checked to the end: bytes and lines always,
 * signatures and time-stamps if the checker named who must have made them, or if some could not be read (FORMAT.md §18).
 */
export function isGood({ states, findings, namedSigners, namedRoots }: CheckOutcome): boolean {
  const open = (question: Question) => states[question] === "unchecked";
  return !(
    hasErrors(findings) ||
    open("hashes") ||
    open("chain") ||
    (open("signature") && namedSigners) ||
    (open("tokens") && namedRoots) ||
    hasUnreadSeals(findings)
  );
}

/** Whether something is not as recorded. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

/**
 * Segments and the checkpoint that the checker holds are judged beside the checkpoints. What lies in `log/` and could
 * not be read leaves both answers open.
 */
export function sealStates(
  findings: readonly Finding[],
  checkpoints: Pick<CheckpointAudit, "signature" | "tokens"> | null,
): { readonly signature: CheckState; readonly tokens: CheckState } {
  const [signature, tokens] = [decidedBy(findings, "signature"), decidedBy(findings, "tokens")];
  if (hasUnreadSeals(findings)) return { signature: signature ?? "unchecked", tokens: tokens ?? "unchecked" };
  return {
    signature: signature === "fail" ? "fail" : (checkpoints?.signature ?? "unchecked"),
    tokens: checkpoints?.tokens ?? "unchecked",
  };
}
