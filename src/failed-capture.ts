import { existsSync } from "node:fs";
import { join } from "node:path";
import { failedResult, resultOf } from "./capture-result.js";
import { toJson } from "./core/canonical-json.js";
import type { CaptureId } from "./core/capture-id.js";
import type { Failure } from "./core/failure.js";
import type { RunRecord } from "./core/record.js";
import { wellFormed } from "./core/well-formed.js";
import type { CaptureResult } from "./outcome.js";
import { type AnnexFacts, writeAnnex } from "./vault/annex.js";
import { captureById } from "./vault/captures.js";
import { commitFailure, stagingOf } from "./vault/commit.js";
import { beginAttempt } from "./vault/recovery.js";
import type { Workshop } from "./workshop.js";

/** A failed attempt: what was asked, why it failed, and what was run. */
export interface FailedCapture {
  readonly capture: CaptureId;
  readonly method: "ytdlp" | "import";
  /** As asked for; null for an import. */
  readonly url: string | null;
  /** What the result calls it: the URL or the file's name. */
  readonly subject: string;
  readonly failure: Failure;
  readonly runs: readonly RunRecord[];
  readonly annex: AnnexFacts;
}

/** Logs a failed attempt with its annex. A failed attempt is a capture too; nothing else of it is kept. */
export function logFailure(workshop: Workshop, failed: FailedCapture): CaptureResult {
  const { vault } = workshop;
  const staging = stagingOf(vault, failed.capture);
  if (!existsSync(staging)) beginAttempt(vault, failed.capture, failed.subject);
  const annex = join(staging, "annex");
  const annexDigest = writeAnnex(annex, failed.annex);
  const entry = commitFailure(vault, {
    capture: failed.capture,
    annex,
    body: {
      capture: failed.capture,
      method: failed.method,
      url: failed.url === null ? null : wellFormed(failed.url),
      failure: { code: failed.failure.code, reason: failed.failure.reason },
      runs: toJson(failed.runs),
      software: toJson(workshop.software),
      attempts: failed.runs.length,
      annex_sha256: annexDigest,
      clock: toJson(workshop.clock),
    },
  });
  return failedResult(failed.subject, failed.failure, failed.capture, entry.seq);
}

/**
 * The result after a fault of the disk: what was committed before it still stands; otherwise the attempt failed, and
 * its staging folder stays for the next writer to clear and log, since the log may not be writable now.
 */
export function resultAfterFault(
  workshop: Workshop,
  capture: CaptureId,
  subject: string,
  failure: Failure,
): CaptureResult {
  const { vault } = workshop;
  if (captureById(vault.database, capture))
    return { ...resultOf(vault, capture, subject), reason: failure.reason };
  return failedResult(subject, failure, null, null);
}

/**
 * A full disk, a quota or a broken medium while evidence was being stored: the user's to mend, not a bug.
 * Null for anything else.
 */
export function storageFailure(error: unknown): Failure | null {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "SQLITE_FULL", "SQLITE_IOERR"].includes(code))
    return null;
  return {
    code: "disk-full",
    reason: `storing the evidence failed: ${code === "ENOSPC" || code === "SQLITE_FULL" ? "the disk is full" : code}`,
    hint: "make room or check the disk, then run the same command again",
    retry: true,
  };
}
