import { readFileSync, rmSync } from "node:fs";
import { captureFacts, fetchAnnex } from "./capture-facts.js";
import { resultOf } from "./capture-result.js";
import { buildCaptureId, type CaptureId } from "./core/capture-id.js";
import { HoldfastError } from "./core/error.js";
import type { Failure } from "./core/failure.js";
import type { ParentList } from "./core/record.js";
import { parseSourceUrl } from "./core/source-url.js";
import { wellFormed } from "./core/well-formed.js";
import { deriveAndLog } from "./derive.js";
import { gatherEvidence } from "./evidence.js";
import { logFailure, resultAfterFault, storageFailure } from "./failed-capture.js";
import {
  type Fetched,
  type FetchPlan,
  type FetchTrace,
  fetchList,
  fetchWithRetries,
} from "./fetch-attempts.js";
import type { CaptureResult, World } from "./outcome.js";
import { preserve } from "./preserve.js";
import { capturedBefore } from "./vault/captures.js";
import { captureKey } from "./vault/index-rows.js";
import { beginAttempt } from "./vault/recovery.js";
import { closeWorkshop, openWorkshop, type Workshop } from "./workshop.js";

export interface ArchiveRequest {
  readonly vault: string;
  readonly urls: readonly string[];
  readonly format: string | null;
  /** Path of a Netscape cookie file; only the lines for each URL's own site are used, from a copy. */
  readonly cookies: string | null;
  readonly proxy: string | null;
  readonly subs: boolean;
  readonly comments: boolean;
  readonly again: boolean;
  /** At most this many entries of a playlist or channel. */
  readonly limit: number | null;
  readonly maxBytes: number | null;
  readonly allowPrivate: boolean;
  readonly allowOldYtDlp: boolean;
  readonly deep: boolean;
}

/** What is to be captured: a URL as typed, or one entry of a list. */
interface Target {
  readonly url: string;
  readonly item: number | null;
  readonly parent: ParentList | null;
}

interface Job {
  readonly request: ArchiveRequest;
  /** The text of the cookie file, read once before anything starts. */
  readonly cookies: string | null;
  readonly workshop: Workshop;
  readonly world: World;
  readonly onResult: (result: CaptureResult) => void;
}

/** Entries of a playlist or channel that are captured when no limit is given. */
const defaultListLimit = 1000;

/**
 * Captures each URL in turn; one URL's failure never keeps the next from running. Results come through `onResult` as
 * they are ready and are returned in the same order. Throws only for what concerns all of them: no vault, a missing
 * program, an interrupt.
 */
export async function archiveUrls(
  request: ArchiveRequest,
  world: World,
  onResult: (result: CaptureResult) => void,
): Promise<readonly CaptureResult[]> {
  const fetching = {
    allowPrivate: request.allowPrivate,
    allowOldYtDlp: request.allowOldYtDlp,
    proxy: request.proxy,
  };
  const cookies = request.cookies === null ? null : readCookies(request.cookies);
  const workshop = await openWorkshop({ vault: request.vault, fetching }, world);
  const results: CaptureResult[] = [];
  const collect = (result: CaptureResult) => {
    results.push(result);
    onResult(result);
  };
  try {
    for (const url of request.urls) {
      await captureTarget(
        { request, cookies, workshop, world, onResult: collect },
        { url, item: null, parent: null },
      );
      world.signal.throwIfAborted();
    }
  } finally {
    await closeWorkshop(workshop);
  }
  return results;
}

/** A target whose bytes cannot be stored is a failed capture, not a bug; the next one may still fit. */
async function captureTarget(job: Job, target: Target): Promise<void> {
  const capture = buildCaptureId(job.world.now(), job.world.random(5));
  try {
    await captureOne(job, target, capture);
  } catch (error) {
    const failure = storageFailure(error);
    if (failure === null) throw error;
    job.onResult(resultAfterFault(job.workshop, capture, target.url, failure));
  }
}

/** From one URL to a record; the order of the steps is the guarantee. */
async function captureOne(job: Job, target: Target, capture: CaptureId): Promise<void> {
  const { workshop, world } = job;

  // 1. check the URL and look for an earlier capture of it
  const source = parseSourceUrl(target.url, { allowPrivate: job.request.allowPrivate });
  if ("failure" in source) return fail(job, target, capture, source.failure, null);
  const earlier = await earlierCapture(job, target);
  if (earlier) return job.onResult(earlier);

  // 2. fetch into a staging folder of its own
  const startedAt = world.now();
  const staging = beginAttempt(workshop.vault, capture, target.url);
  const plan = fetchPlan(job, target, capture, source.url, staging);
  const fetched = await fetchWithRetries(workshop, world, plan);
  if (fetched.outcome.kind === "list") return captureList(job, target, plan);
  if (fetched.outcome.kind === "failed" && fetched.tracks.length === 0) {
    return fail(job, target, capture, fetched.outcome.failure, fetched);
  }
  const parent = target.parent ?? firstOfSeveral(target.url, fetched);
  const known = parent === target.parent ? null : await earlierCapture(job, { ...target, parent });
  if (known) {
    rmSync(staging, { recursive: true, force: true });
  } else {
    // 3. hash each file; read-only from then on
    const evidence = gatherEvidence(fetched, { folder: staging, secrets: fetched.secrets, now: world.now });

    // 4. build the record   5. commit OCFL v1 and append the `capture` entry
    const facts = captureFacts(
      { capture, url: target.url, parent, startedAt, fetched, evidence },
      workshop,
      world,
      job.request,
    );
    const annex = fetchAnnex(capture, fetched, evidence.raw, workshop, world, job.request);
    preserve(workshop.vault, staging, facts, evidence.files, annex);

    // 6. derive   7. commit OCFL v2 and append the `derive` entry
    await deriveAndLog(workshop, world, capture, job.request.deep);
  }
  job.onResult(known ?? resultOf(workshop.vault, capture, target.url));
  if (parent && !target.parent) await captureEntries(job, target, source.url, 2);
}

/** An earlier complete capture of the same URL, its derivation finished if that was interrupted; null to go on. */
async function earlierCapture(job: Job, target: Target): Promise<CaptureResult | null> {
  if (job.request.again) return null;
  const { vault } = job.workshop;
  const row = capturedBefore(vault.database, captureKey(target.url, target.parent));
  if (!row) return null;
  if (row.derivation !== "done") await deriveAndLog(job.workshop, job.world, row.id, job.request.deep);
  return resultOf(vault, row.id, target.url, "already-captured");
}

/** A playlist or channel: nothing of it was downloaded, each entry becomes a capture of its own. */
async function captureList(job: Job, target: Target, plan: FetchPlan): Promise<void> {
  rmSync(plan.staging, { recursive: true, force: true });
  await captureEntries(job, target, new URL(plan.url), 1);
}

async function captureEntries(job: Job, target: Target, url: URL, from: number): Promise<void> {
  const limit = job.request.limit ?? defaultListLimit;
  if (limit < from) return;
  const capture = buildCaptureId(job.world.now(), job.world.random(5));
  const staging = beginAttempt(job.workshop.vault, capture, `the list at ${target.url}`);
  const listed = await fetchList(
    job.workshop,
    job.world,
    fetchPlan(job, target, capture, url, staging),
    limit,
  );
  if (listed.outcome.kind === "failed") return fail(job, target, capture, listed.outcome.failure, listed);
  rmSync(staging, { recursive: true, force: true });
  const { title, entries } = listed.outcome;
  for (const entry of entries.filter(({ index }) => index >= from)) {
    job.world.signal.throwIfAborted();
    const parent = { url: target.url, title: wellFormedOrNull(title), index: entry.index };
    await captureTarget(job, { url: entry.url, item: entry.embedded ? entry.index : null, parent });
  }
}

function readCookies(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const hint = "name a Netscape cookies.txt with --cookies";
    throw new HoldfastError("usage", `reading cookies from ${path}: it cannot be read`, hint, error);
  }
}

/** The page holds several videos and the first of them was fetched: it is entry 1 of a list. */
function firstOfSeveral(url: string, fetched: Fetched): ParentList | null {
  if (fetched.outcome.kind !== "media" || fetched.outcome.list === null) return null;
  return { url, title: wellFormedOrNull(fetched.outcome.list.title), index: 1 };
}

function fetchPlan(job: Job, target: Target, capture: CaptureId, url: URL, staging: string): FetchPlan {
  const { format, subs, comments, maxBytes } = job.request;
  const { cookies } = job;
  return { capture, url: url.href, item: target.item, staging, format, cookies, subs, comments, maxBytes };
}

function fail(
  job: Job,
  target: Target,
  capture: CaptureId,
  failure: Failure,
  trace: FetchTrace | null,
): void {
  const { workshop, world, request } = job;
  const annex = fetchAnnex(capture, trace, [], workshop, world, request);
  const runs = trace?.runs ?? [];
  const failed = {
    capture,
    method: "ytdlp",
    url: target.url,
    subject: target.url,
    failure,
    runs,
    annex,
  } as const;
  job.onResult(logFailure(workshop, failed));
}

function wellFormedOrNull(text: string | null): string | null {
  return text === null ? null : wellFormed(text);
}
