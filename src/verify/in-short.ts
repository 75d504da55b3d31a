import type { CheckState, Finding } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { Answers } from "./reports.js";
import type { Brought } from "./trust.js";

/** What a check showed of a checkpoint that the checker brought, and what nothing here shows, for a layman. */
export interface InShort {
  readonly against: CheckState;
  /** At most three things, each as half a sentence. */
  readonly not_shown: readonly string[];
}

/** `brought`: what the checker brought along. It follows from the report and decides nothing. */
export function inShort(
  report: Answers & { readonly findings: readonly Finding[] },
  brought: Brought,
): InShort {
  const against = againstOf(report.findings, brought);
  return {
    against,
    not_shown: [
      "what the footage is of, who made it, where and when",
      whoseKey(report.signature, brought),
      sinceWhen(report.tokens, against),
    ],
  };
}

/** The errors of `auditAgainst`. */
const heldFaults: readonly FindingCode[] = ["history-rewritten", "history-truncated", "other-log"];

/** Whether a finding says that a log does not go on from the checkpoint that the checker holds. */
export function isAboutHeld(code: FindingCode): boolean {
  return heldFaults.includes(code);
}

function againstOf(findings: readonly Finding[], { against }: Brought): CheckState {
  if (against === null) return "absent";
  if (findings.some(({ code }) => isAboutHeld(code))) return "fail";
  return findings.some(({ code }) => code === "against-unchecked") ? "unchecked" : "pass";
}

function whoseKey(signature: CheckState, { signers }: Brought): string {
  if (signature === "unchecked" && signers === null)
    return "whose key signed: compare its fingerprint with one that you got from elsewhere";
  if (signature === "absent") return "whose log this is: no signature covers it";
  if (signature !== "pass") return "whose log this is: not every signature was good or could be checked";
  return signers === null
    ? "whose key signed: compare its fingerprint with one that you got from elsewhere"
    : "who held the key that signed: it is among those that you named";
}

function sinceWhen(tokens: CheckState, against: CheckState): string {
  const time =
    tokens === "pass"
      ? "what was before the time-stamps"
      : "since when it exists: no outside time-stamp counts here";
  return against === "pass" ? time : `${time}; whether the log was written anew`;
}
