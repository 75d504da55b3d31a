import { readFileSync, rmSync } from "node:fs";
import { captureFacts, fetchAnnex } from "./capture-facts.js";
import { afterDamage, resultOf } from "./capture-result.js";
import type { HeadReport } from "./checkpoint.js";
import { buildCaptureId, type CaptureId } from "./core/capture-id.js";
import { HoldfastError } from "./core/error.js";
import { type Failure, failureOf } from "./core/failure.js";
import type { ParentList } from "./core/record.js";
import { redactTypedUrl } from "./core/redact.js";
import { parseSourceUrl } from "./core/source-url.js";
import { wellFormed } from "./core/well-formed.js";
import { deriveAndLog } from "./derive.js";
import { earlierCapture, type Target, targetOf } from "./earlier-capture.js";
import { type Evidence, gatherEvidence } from "./evidence.js";
import {
  concernsAll,
  logFailure,
  resultAfterError,
  storageFailure,
  unforeseenFailure,
} from "./failed-capture.js";
import {
  type Fetched,
  type FetchPlan,
  type FetchTrace,
  fetchList,
  fetchWithRetries,
  requestedUrl,
} from "./fetch-attempts.js";
import { localPlaces } from "./local-places.js";
import type { CaptureResult, World } from "./outcome.js";
import { preserve } from "./preserve.js";
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
 * they are ready and are returned in the same order; `onHead` is told how the log was sealed behind them. Throws only for what concerns all of them: no vault, a missing
 * program, an interrupt.
 */
export async function archiveUrls(
  request: ArchiveRequest,
  world: World,
  onResult: (result: CaptureResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
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
        targetOf(url, null, null),
      );
      world.signal.throwIfAborted();
    }
  } finally {
    onHead(await closeWorkshop(workshop, world));
  }
  return results;
}

/** An error of the system or of a format is this target's failed capture; the next one may still do. */
async function captureTarget(job: Job, target: Target): Promise<void> {
  const capture = buildCaptureId(job.world.now(), job.world.random(5));
  try {
    await captureOne(job, target, capture);
  } catch (error) {
    if (concernsAll(error)) throw error;
    const { workshop, world } = job;
    const failure = world.signal.aborted
      ? failureOf("interrupted")
      : (storageFailure(error) ??
        unforeseenFailure(error, "downloader-failed", "capturing", localPlaces(workshop, world)));
    const item = { capture, subject: target.url };
    job.onResult(resultAfterError(workshop, item, failure, (why) => failed(job, target, capture, why, null)));
  }
}

/** From one URL to a record; the order of the steps is the guarantee. */
async function captureOne(job: Job, target: Target, capture: CaptureId): Promise<void> {
  const { workshop, world } = job;

  // 1. check the URL and look for an earlier capture of it
  const source = parseSourceUrl(target.url, { allowPrivate: job.request.allowPrivate });
  if ("failure" in source) return fail(job, target, capture, source.failure, null);
  const earlier = await earlierCapture(job, target);
  if (earlier.result) return job.onResult(earlier.result);

  // 2. fetch into a staging folder of its own
  const startedAt = world.now();
  const startedMs = world.monotonic();
  const staging = beginAttempt(workshop.vault, capture, target.shown);
  const plan = fetchPlan(job, target, capture, source.url, staging);
  const fetched = await fetchWithRetries(workshop, world, plan);
  if (fetched.outcome.kind === "list") return captureList(job, target, plan);
  if (fetched.outcome.kind === "failed" && fetched.tracks.length === 0) {
    return fail(job, target, capture, fetched.outcome.failure, fetched);
  }
  const parent = target.parent ?? firstOfSeveral(target.shown, fetched);
  const { result: known, damage } =
    parent === target.parent
      ? { ...earlier, result: null }
      : await earlierCapture(job, { ...target, parent });
  if (known) {
    rmSync(staging, { recursive: true, force: true });
  } else {
    // 3. hash each file; read-only from then on (the tracks since their attempt ended)
    const desk = { folder: staging, secrets: fetched.secrets, now: world.now };
    const evidence = warnOfCut(await gatherEvidence(fetched, desk), target);

    // 4. build the record   5. commit OCFL v1 and append the `capture` entry
    const facts = captureFacts(
      { capture, url: target.shown, parent, startedAt, startedMs, fetched, evidence },
      workshop,
      world,
      job.request,
    );
    const annex = fetchAnnex(
      capture,
      fetched,
      typedPlaces(target),
      evidence.raw,
      workshop,
      world,
      job.request,
    );
    preserve(workshop.vault, staging, facts, evidence.files, annex);

    // 6. derive   7. commit OCFL v2 and append the `derive` entry
    await deriveAndLog(workshop, world, capture, job.request.deep);
  }
  job.onResult(known ?? afterDamage(resultOf(workshop.vault, capture, target.url), damage));
  if (parent && !target.parent) await captureEntries(job, target, source.url, 2);
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
  const staging = beginAttempt(job.workshop.vault, capture, `the list at ${target.shown}`);
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
    const parent = { url: target.shown, title: wellFormedOrNull(title), index: entry.index };
    await captureTarget(job, targetOf(entry.url, entry.embedded ? entry.index : null, parent));
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
  const urlIsSecret = target.shown !== target.url || redactTypedUrl(url.href) !== url.href;
  return {
    capture,
    url: url.href,
    urlIsSecret,
    item: target.item,
    staging,
    format,
    cookies,
    subs,
    comments,
    maxBytes,
  };
}

function fail(
  job: Job,
  target: Target,
  capture: CaptureId,
  failure: Failure,
  trace: FetchTrace | null,
): void {
  job.onResult(failed(job, target, capture, failure, trace));
}

function failed(
  job: Job,
  target: Target,
  capture: CaptureId,
  failure: Failure,
  trace: FetchTrace | null,
): CaptureResult {
  const { workshop, world, request } = job;
  const annex = fetchAnnex(capture, trace, typedPlaces(target), [], workshop, world, request);
  return logFailure(workshop, {
    capture,
    method: "ytdlp",
    url: target.shown,
    subject: target.url,
    failure,
    runs: trace?.runs ?? [],
    annex,
  });
}

function warnOfCut(evidence: Evidence, target: Target): Evidence {
  if (target.shown === target.url) return evidence;
  const warning = "the requested address is cut in this record; as typed it is in the private annex";
  return { ...evidence, warnings: [...evidence.warnings, warning] };
}

/** The address as typed, for the private annex, where the record may not hold it. */
function typedPlaces(target: Target): Readonly<Record<string, string>> {
  return target.shown === target.url ? {} : { [requestedUrl]: wellFormed(target.url) };
}

function wellFormedOrNull(text: string | null): string | null {
  return text === null ? null : wellFormed(text);
}
