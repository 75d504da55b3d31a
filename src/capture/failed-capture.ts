import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import type { Failure, FailureCode } from "../core/capture/failure-codes.js";
import { toJson } from "../core/capture/new-entry.js";
import type { CaptureRecord, RunRecord } from "../core/capture/record.js";
import { HoldfastError } from "../core/words/error.js";
import { type LocalPlace, withoutPaths } from "../core/words/local-paths.js";
import { type AnnexFacts, writeAnnex } from "../vault/annex.js";
import { attemptOf, commitFailed, discardAttempt, discardCommit, stageFailure } from "../vault/commit.js";
import { syncedAside } from "../vault/durable.js";
import { captureById, capturedBefore } from "../vault/index/captures.js";
import { captureKey } from "../vault/index/rows.js";
import { readIntents } from "../vault/journal.js";
import { beginAttempt } from "../vault/recovery.js";
import { inTurn, LogChanged } from "../vault/turn.js";
import { type CaptureResult, failedResult, resultOf } from "./capture-result.js";
import type { Resources } from "./resources.js";

/** A failed attempt: what was requested, why it failed, and what was run. */
export interface FailedCapture {
  readonly capture: CaptureId;
  readonly method: CaptureRecord["method"];
  /** The URL in a form that may be shown; null for an import. */
  readonly url: string | null;
  /** Its name in the result: the URL as typed, or the file's name. */
  readonly subject: string;
  readonly failure: Failure;
  readonly runs: readonly RunRecord[];
  readonly annex: AnnexFacts;
}

/** Logs a failed attempt with its annex and the words in it, and keeps nothing else of it. A failed attempt is a capture too. */
export async function logFailure(
  resources: Pick<Resources, "vault" | "software" | "clock">,
  failed: FailedCapture,
): Promise<CaptureResult> {
  const { vault } = resources;
  const staging = attemptOf(vault, failed.capture);
  if (!existsSync(staging)) beginAttempt(vault, failed.capture, failed.url ?? "an import");
  const annex = join(staging, "annex");
  const annexDigest = writeAnnex(annex, failed.annex);
  const work = stageFailure(vault, {
    capture: failed.capture,
    annex,
    body: {
      capture: failed.capture,
      method: failed.method,
      url: failed.url,
      failure: { code: failed.failure.code, reason: failed.failure.reason },
      runs: toJson(failed.runs),
      software: toJson(resources.software),
      attempts: failed.runs.length,
      annex_sha256: annexDigest,
      clock: toJson(resources.clock),
    },
  });
  const ready = await syncedAside(work);
  return inTurn(vault, () => {
    const entry = commitFailed(vault, ready);
    return failedResult(failed.subject, withHeld(vault, failed), failed.capture, entry.seq);
  });
}

/** Whoever hears that something is gone must hear that it is held. */
function withHeld({ database }: Resources["vault"], { url, failure }: FailedCapture): Failure {
  const held = url === null ? undefined : capturedBefore(database, captureKey(url, null));
  if (held === undefined) return failure;
  const hint = `this vault holds an earlier capture of it: holdfast show ${held.id}; ${failure.hint}`;
  return { ...failure, hint };
}

/**
 * The result of an item whose work ended in an error, so that the next item can still run. A capture committed before the
 * error is kept. A commit that has begun is left to the next writer. After a disk error nothing is logged, because the
 * log may not be writable, and the staging folder stays for the next writer. `log` logs any other error as a failed
 * attempt.
 */
export async function resultAfterError(
  resources: Resources,
  item: { readonly capture: CaptureId; readonly subject: string },
  failure: Failure,
  log: (failure: Failure) => Promise<CaptureResult>,
): Promise<CaptureResult> {
  const { vault } = resources;
  const { capture, subject } = item;
  try {
    if (captureById(vault.database, capture))
      return { ...resultOf(vault, capture, subject), reason: failure.reason };
    if (failure.code === "disk-full" || commitHasBegun(resources, capture))
      return failedResult(subject, failure, null, null);
    discardAttempt(vault, capture);
    await inTurn(vault, () => discardCommit(vault, capture));
    return await log(failure);
  } catch (error) {
    if (concernsAll(error)) throw error;
    return failedResult(subject, failure, null, null);
  }
}

/** Whether the journal names a commit of this capture: then its staging folder must stay for the next writer. */
export function commitHasBegun(resources: Pick<Resources, "vault">, capture: CaptureId): boolean {
  return readIntents(resources.vault).some((intent) => intent.capture === capture);
}

/** Errors that every other item would meet too, and bugs. These must be seen, not logged as a failed attempt. */
export function concernsAll(error: unknown): boolean {
  if (error instanceof LogChanged) return true;
  if (error instanceof HoldfastError)
    return ["usage", "no-vault", "vault-busy", "program-missing", "interrupted"].includes(error.code);
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}

/** Turns a system or format error into one item's failure, without the paths of this machine. */
export function unforeseenFailure(
  error: unknown,
  code: FailureCode,
  doing: string,
  places: readonly LocalPlace[],
): Failure {
  const text = error instanceof Error ? error.message : "unknown";
  const hint = error instanceof HoldfastError ? error.hint : "run the same command again";
  return { code, reason: `${doing} failed: ${withoutPaths(text, places)}`, hint, retry: true };
}

/**
 * The failure for a full disk, a used-up quota, a broken or read-only medium, or too many open files while evidence was
 * being stored. The user can fix these; neither a bug nor the item caused them. SQLite's extended codes are matched by
 * their primary code. Null for any other error.
 */
export function storageFailure(error: unknown): Failure | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words = storageFaults[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code];
  if (words === undefined) return null;
  return {
    code: "disk-full",
    reason: `storing the evidence: ${words} (${code})`,
    hint: "free some space or check the disk, then run the same command again",
    retry: true,
  };
}

const storageFaults: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file system does not accept a file this large",
  EIO: "the disk reports an error",
  EROFS: "the disk is read-only",
  EMFILE: "this process has too many open files (see ulimit -n)",
  ENFILE: "the system has too many open files",
  SQLITE_FULL: "the disk is full",
  SQLITE_IOERR: "the disk reports an error",
  SQLITE_READONLY: "the disk is read-only",
  SQLITE_CANTOPEN: "vault.db cannot be opened, or this process has too many open files",
};
