import { rmSync } from "node:fs";
import { join } from "node:path";
import type { CaptureId } from "../audit/digest.js";
import { type Failure, type FailureCode, failureOf } from "../core/capture/failure-codes.js";
import { toJson } from "../core/capture/new-entry.js";
import { nextVersion } from "../core/capture/new-inventory.js";
import type { RunRecord } from "../core/capture/record.js";
import type { Coverage } from "../core/page/coverage.js";
import type { PageRecord } from "../core/page/page-record.js";
import type { PageVisit, VisitFailure } from "../core/page/visit.js";
import { wallSentences } from "../core/page/wall-sentences.js";
import { visitLimits } from "../tools/browser/chromium-command.js";
import { visitPage } from "../tools/browser/visit.js";
import { type Connection, openEgressGuard } from "../tools/network/egress-guard.js";
import { commitNext, discardAttempt, discardCommit } from "../vault/commit.js";
import { syncedAside } from "../vault/durable.js";
import { captureById } from "../vault/index/captures.js";
import { readObject } from "../vault/objects.js";
import { beginVersion, inTurn, LogChanged } from "../vault/turn.js";
import { logEntry, type Vault } from "../vault/vault.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import type { World } from "../world.js";
import { commitHasBegun, storageFailure, unforeseenFailure } from "./failed-capture.js";
import { freshFolder, type PageAddress, type PageTools } from "./page-tools.js";
import { type SeenPage, stagePage } from "./store-page.js";

/** What came of the page of a capture: one line with `--json`, schema `pageResult`. */
export interface PageResult {
  /** `none`: the address leads to a file and not to a page. */
  readonly status: "captured" | "wall" | "failed" | "none";
  /** The capture; null where nothing is stored. */
  readonly id: string | null;
  readonly url: string;
  readonly wall: PageVisit["wall"];
  readonly coverage: Coverage | null;
  readonly files: readonly PageResultFile[];
  /** The version that the page is; null where nothing is stored. */
  readonly version: string | null;
  readonly title: string | null;
  /** Number of the log entry that states this result. */
  readonly entry: number | null;
  readonly reason: string | null;
  readonly hint: string | null;
}

export interface PageResultFile {
  readonly role: string;
  /** Relative to the vault. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Takes the page at an address and commits it as the next version of a capture (FORMAT.md §6.2). Whatever comes of it, the
 * evidence is untouched; what failed is logged as `page-failed`. Throws only for a problem that concerns everything that
 * follows: the disk, the log, an interrupt.
 */
export async function takePage(
  tools: PageTools,
  world: World,
  capture: CaptureId,
  address: PageAddress,
): Promise<PageResult> {
  const { vault } = tools;
  refuseWithdrawn(vault.database, capture, "taking the page of");
  const { staging } = await beginVersion(vault, capture, `the page of ${capture}`, world.signal);
  try {
    const seen = await seePage(tools, world, staging, address);
    world.signal.throwIfAborted();
    const { visit } = seen;
    if (visit.outcome === "failed") {
      discardAttempt(vault, capture);
      return isNoPage(visit)
        ? noPage(capture, address)
        : await logPageFailure(vault, capture, address, failureOfVisit(visit), runsOf(visit));
    }
    const object = readObject(objectFolder(vault, capture));
    const version = nextVersion(object.inventory.head);
    const { record, work } = await stagePage(tools, world, {
      capture,
      version,
      address,
      seen,
      staging,
      object,
    });
    const ready = await syncedAside(work);
    const { entry } = await inTurn(vault, () => commitNext(vault, ready));
    return storedPage(record, String(entry.body.object), address, entry.seq);
  } catch (error) {
    // If the journal names the commit, the next writer finishes it and needs these files.
    if (commitHasBegun(tools, capture) || error instanceof LogChanged) throw error;
    discardAttempt(vault, capture);
    if (world.signal.aborted || storageFailure(error) !== null) throw error;
    const failure = unforeseenFailure(error, "browser-failed", "taking the page", [
      [vault.layout.root, "<vault>"],
    ]);
    return logPageFailure(vault, capture, address, failure, []);
  }
}

function objectFolder({ database, layout }: Vault, capture: CaptureId): string {
  const object = captureById(database, capture)?.object;
  if (!object) throw new Error(`capture ${capture} has no object`);
  return join(layout.root, object);
}

/** Sends the browser to the address; its files lie in the folder `seen` of the attempt. */
export async function seePage(
  { browser, egress }: PageTools,
  world: World,
  staging: string,
  { url, shown }: PageAddress,
): Promise<SeenPage> {
  const [folder, scratch] = [freshFolder(staging, "seen"), freshFolder(staging, "browser")];
  const guard = await openEgressGuard(egress, "doors");
  try {
    const { chromium, python } = browser;
    const { signal, now } = world;
    const onProgress = (step: string) =>
      world.progress({
        subject: shown,
        stage: "page",
        detail: step,
        done: null,
        total: null,
        speed: null,
        etaSeconds: null,
      });
    const visit = await visitPage({
      ...{ chromium, python, url, folder, scratch, guard, signal, now, onProgress },
      limits: visitLimits,
    });
    const connections: readonly Connection[] = guard.connections;
    return { visit, folder, connections };
  } finally {
    await guard.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

export function isNoPage({ failure }: PageVisit): boolean {
  return failure?.code === "not-a-page";
}

export function noPage(id: CaptureId | null, { shown }: PageAddress): PageResult {
  return {
    ...nothing,
    status: "none",
    id,
    url: shown,
    reason: "the address leads to a file and not to a page",
  };
}

async function logPageFailure(
  vault: Vault,
  capture: CaptureId,
  { shown }: PageAddress,
  failure: Failure,
  runs: readonly RunRecord[],
): Promise<PageResult> {
  const { code, reason } = failure;
  const body = { capture, url: shown, failure: { code, reason }, runs: toJson(runs) };
  const entry = await inTurn(vault, () => {
    discardCommit(vault, capture);
    return logEntry(vault, "page-failed", body);
  });
  return failedPage(capture, shown, failure, entry.seq);
}

export function failedPage(
  id: CaptureId | null,
  url: string,
  { reason, hint }: Failure,
  entry: number | null,
): PageResult {
  return { ...nothing, status: "failed", id, url, reason, hint, entry };
}

const nothing = {
  ...{ id: null, wall: null, coverage: null, files: [], version: null, title: null, entry: null },
  ...{ reason: null, hint: null },
} as const;

export function storedPage(
  record: PageRecord,
  object: string,
  { shown }: PageAddress,
  entry: number,
): PageResult {
  const { status, wall, coverage, version, capture, title } = record;
  return {
    ...{ status, id: capture, url: shown, wall, coverage, version, entry },
    title: title?.value ?? null,
    files: record.files.map(({ kind, path, bytes, sha256 }) => ({
      ...{ role: kind, bytes, sha256 },
      path: `${object}/${version}/content/${path}`,
    })),
    reason: wall === null ? null : wallSentences[wall],
    hint:
      wall === null
        ? null
        : "what the site showed instead is kept; the page may show more to a browser of yours",
  };
}

export function runsOf({ run }: PageVisit): readonly RunRecord[] {
  return run === null ? [] : [run];
}

/** The failure of a visit in the words of a record. */
export function failureOfVisit({ failure }: PageVisit): Failure {
  if (failure === null) throw new Error("a visit that failed without a reason");
  return { ...failureOf(codes[failure.code]), reason: failure.reason };
}

const codes: Readonly<Record<VisitFailure, FailureCode>> = {
  "browser-missing": "browser-missing",
  "browser-not-started": "browser-failed",
  "browser-ended": "browser-failed",
  "page-crashed": "browser-failed",
  memory: "browser-failed",
  "no-answer": "timed-out",
  interrupted: "interrupted",
  "not-a-page": "browser-failed",
  "forbidden-address": "private-address",
  "name-not-found": "network",
  unreachable: "network",
  certificate: "tls",
  encryption: "tls",
  "browser-error": "browser-failed",
};
