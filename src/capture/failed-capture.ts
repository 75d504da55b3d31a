import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import type { Failure, FailureCode } from "../core/capture/failure.js";
import { toJson } from "../core/capture/new-entry.js";
import type { RunRecord } from "../core/capture/record.js";
import { HoldfastError } from "../core/words/error.js";
import { type LocalPlace, withoutPaths } from "../core/words/local-paths.js";
import { type AnnexFacts, writeAnnex } from "../vault/annex.js";
import { commitFailure, stagingOf } from "../vault/commit.js";
import { captureById } from "../vault/index/captures.js";
import { readIntents } from "../vault/journal.js";
import { beginAttempt } from "../vault/recovery.js";
import { type CaptureResult, failedResult, resultOf } from "./capture-result.js";
import type { Resources } from "./resources.js";

/** A failed attempt: what was asked, why it failed, and what was run. */
export interface FailedCapture {
  readonly capture: CaptureId;
  readonly method: "ytdlp" | "import";
  /** As it may be shown; null for an import. */
  readonly url: string | null;
  /** What the result calls it: the URL as typed, or the file's name. */
  readonly subject: string;
  readonly failure: Failure;
  readonly runs: readonly RunRecord[];
  readonly annex: AnnexFacts;
}

/** Logs a failed attempt with its annex. A failed attempt is a capture too; nothing else of it is kept. */
export function logFailure(resources: Resources, failed: FailedCapture): CaptureResult {
  const { vault } = resources;
  const staging = stagingOf(vault, failed.capture);
  if (!existsSync(staging)) beginAttempt(vault, failed.capture, failed.url ?? "an import");
  const annex = join(staging, "annex");
  const annexDigest = writeAnnex(annex, failed.annex);
  const entry = commitFailure(vault, {
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
  return failedResult(failed.subject, failed.failure, failed.capture, entry.seq);
}

/**
 * The result of an item whose work ended in an error, so that the next item is still done. What was committed before
 * still stands. A commit that has begun is left for the next writer to finish. After a fault of the disk nothing is
 * logged, and the staging folder stays for the next writer, since the log may not be writable now. Everything else is
 * logged by `log` as a failed attempt.
 */
export function resultAfterError(
  resources: Resources,
  item: { readonly capture: CaptureId; readonly subject: string },
  failure: Failure,
  log: (failure: Failure) => CaptureResult,
): CaptureResult {
  const { vault } = resources;
  const { capture, subject } = item;
  try {
    if (captureById(vault.database, capture))
      return { ...resultOf(vault, capture, subject), reason: failure.reason };
    if (failure.code === "disk-full" || commitHasBegun(resources, capture))
      return failedResult(subject, failure, null, null);
    rmSync(stagingOf(vault, capture), { recursive: true, force: true });
    return log(failure);
  } catch (error) {
    if (concernsAll(error)) throw error;
    return failedResult(subject, failure, null, null);
  }
}

/** Whether a commit of this capture is in the journal: its staging folder is then not ours to touch. */
export function commitHasBegun(resources: Pick<Resources, "vault">, capture: CaptureId): boolean {
  return readIntents(resources.vault).some((intent) => intent.capture === capture);
}

/** Errors that no other item would escape, and bugs: those must be seen, not filed as a failed attempt. */
export function concernsAll(error: unknown): boolean {
  if (error instanceof HoldfastError)
    return ["usage", "no-vault", "vault-busy", "program-missing", "interrupted"].includes(error.code);
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}

/** The failure that an error of the system or of a format is for one item; its text without paths of this machine. */
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
 * A full disk, a quota, a broken or read-only medium, or no more open files while evidence was being stored: the user's
 * to mend, not a bug, and nothing that the item is to blame for. SQLite's codes are those of its extended ones without
 * their ends. Null for anything else.
 */
export function storageFailure(error: unknown): Failure | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words = storageFaults[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code];
  if (words === undefined) return null;
  return {
    code: "disk-full",
    reason: `storing the evidence failed: ${words} (${code})`,
    hint: "make room or check the disk, then run the same command again",
    retry: true,
  };
}

const storageFaults: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EFBIG: "the file system takes no file as large",
  EIO: "the disk reports a fault",
  EROFS: "the disk is read-only",
  EMFILE: "too many open files, see ulimit -n",
  ENFILE: "the system has too many files open",
  SQLITE_FULL: "the disk is full",
  SQLITE_IOERR: "the disk reports a fault",
  SQLITE_READONLY: "the disk is read-only",
  SQLITE_CANTOPEN: "vault.db cannot be opened, or there are too many open files",
};
