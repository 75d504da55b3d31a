import type { CaptureResult } from "../capture/capture-result.js";
import { isUnsound } from "../core/capture/soundness.js";
import { type ErrorCode, HoldfastError } from "../core/words/error.js";

/** The closed list of exit statuses. Nothing but evidence that is not as recorded is ever 1. */
export const exitStatus = {
  done: 0,
  notAsRecorded: 1,
  usage: 2,
  programMissing: 3,
  notCaptured: 4,
  noVault: 5,
  vaultBusy: 6,
  bug: 70,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** What each status means, for the help and for COMMANDS.md. */
export const statusMeanings: Readonly<Record<ExitStatus, string>> = {
  0: "done",
  1: "evidence is not as recorded: stored bytes, records, the log and what this machine remembers of it do not agree",
  2: "the command line is wrong, nothing here has that name, or the signing key is missing or locked",
  3: "a needed program is missing or too old, or cannot run in a sandbox although --require-sandbox asks for it",
  4: "something was not done or could not be checked: a capture failed, is incomplete or damaged (recorded as such), a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
  5: "there is no vault here, or not one that this version knows",
  6: "another process holds the vault",
  70: "a bug in holdfast; the message says what to report",
  130: "interrupted; the same command finishes the work",
};

/**
 * `io` is 4: a full disk or an unreadable file is neither a bug nor a statement about the evidence, and the work
 * asked for was not done.
 */
const statusOfCode: Readonly<Record<ErrorCode, ExitStatus>> = {
  usage: exitStatus.usage,
  "not-found": exitStatus.usage,
  "key-missing": exitStatus.usage,
  "key-locked": exitStatus.usage,
  "program-missing": exitStatus.programMissing,
  "capture-failed": exitStatus.notCaptured,
  io: exitStatus.notCaptured,
  "no-vault": exitStatus.noVault,
  "vault-busy": exitStatus.vaultBusy,
  "not-as-recorded": exitStatus.notAsRecorded,
  "foreign-entries": exitStatus.notCaptured,
  interrupted: exitStatus.interrupted,
};

/** The exit status of a failure: 70 for anything unforeseen. */
export function statusOfError(error: unknown): ExitStatus {
  return error instanceof HoldfastError ? statusOfCode[error.code] : exitStatus.bug;
}

/**
 * The status of a command that did its work but could not sign the log: 1 if the log is not as recorded, 4 if it has
 * foreign entries. An unavailable key or a disk error is reported but does not change the status, because the requested
 * work was done.
 */
export function statusWithSealing(status: ExitStatus, failure: HoldfastError | null): ExitStatus {
  if (failure?.code === "not-as-recorded") return exitStatus.notAsRecorded;
  const isDone = status === exitStatus.done;
  return failure?.code === "foreign-entries" && isDone ? exitStatus.notCaptured : status;
}

/**
 * `archive` and `import`: 4 if anything requested failed, is incomplete, does not decode to its end, or came from a post of
 * which something was not taken.
 */
export function statusOfCaptures(results: readonly CaptureResult[]): ExitStatus {
  const whole = results.every(
    (result) =>
      (result.status === "captured" || result.status === "already-captured") &&
      !isUnsound(result.decode) &&
      !leftSomething(result),
  );
  return whole ? exitStatus.done : exitStatus.notCaptured;
}

/** Whether a post that was captured just now held something that was not taken. */
export function leftSomething({ status, left_out }: Pick<CaptureResult, "status" | "left_out">): boolean {
  return status === "captured" && left_out !== null;
}

/** `derive`: 4 if a derivation failed or found a clip that does not decode to its end. What else arrived does not count again. */
export function statusOfDerivations(results: readonly CaptureResult[]): ExitStatus {
  const done = results.every(({ derivation, decode }) => derivation === "done" && !isUnsound(decode));
  return done ? exitStatus.done : exitStatus.notCaptured;
}

/** What the exit status of `verify` depends on. */
export interface CheckResult {
  readonly ok: boolean;
  readonly findings: readonly { readonly severity: "error" | "note" }[];
}

/** `verify`: 1 if something is not as recorded; 4 if nothing is, but something requested could not be checked. */
export function statusOfChecks(results: readonly CheckResult[]): ExitStatus {
  const isWrong = results.some(({ findings }) => findings.some(({ severity }) => severity === "error"));
  if (isWrong) return exitStatus.notAsRecorded;
  return results.every(({ ok }) => ok) ? exitStatus.done : exitStatus.notCaptured;
}
