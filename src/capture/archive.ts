import { rmSync } from "node:fs";
import type { CaptureId } from "../audit/digest.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import { type Failure, failureOf } from "../core/capture/failure-codes.js";
import { withHint } from "../core/capture/failure-hints.js";
import { entriesLeftOut } from "../core/capture/left-out.js";
import type { ParentList } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { askedAddress } from "../core/capture/sites.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import { wellFormed } from "../core/words/printable.js";
import type { HeadReport } from "../seal/checkpoint.js";
import type { FetchOutcome, ListOutcome } from "../tools/download/fetch-types.js";
import { attemptOf } from "../vault/commit.js";
import { syncedAside } from "../vault/durable.js";
import { beginAttempt } from "../vault/recovery.js";
import { inTurn } from "../vault/turn.js";
import type { World } from "../world.js";
import { captureFacts, fetchAnnex } from "./build-record.js";
import { afterDamage, type CaptureResult, resultOf } from "./capture-result.js";
import { cookieNotes, readCookieFile } from "./cookie-file.js";
import { deriveAndLog } from "./derive.js";
import { earlierCapture, heldCapture } from "./earlier-capture.js";
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
} from "./fetch-attempts.js";
import { gatherEvidence, writeWords } from "./gather-evidence.js";
import { localPlaces } from "./local-places.js";
import { type PagesWanted, pageAroundOrWhy } from "./page-around.js";
import { closeResources, openResources, type Resources } from "./resources.js";
import { endlessPatience, oneByOne, type Patience, type Scheduler } from "./scheduler.js";
import { type CaptureSource, sourceOf, typedPlaces, withSourceNotes } from "./source.js";
import { sourceOfCapture } from "./source-again.js";
import { stageCapture, storeCapture } from "./store-capture.js";

/** The options that apply to every capture of one command. */
export interface CaptureRequest {
  readonly format: string | null;
  /** The page that the site must believe the request to come from; a web address. */
  readonly referer: string | null;
  readonly proxy: string | null;
  /** The languages of the subtitles to fetch (`subtitle-languages.ts`); null for none. */
  readonly subs: readonly string[] | null;
  readonly comments: boolean;
  readonly again: boolean;
  /** The most entries to take from a playlist or channel. */
  readonly limit: number | null;
  /** Skips videos that, according to the site, were posted before this day, `YYYY-MM-DD`. */
  readonly since: string | null;
  readonly maxBytes: number | null;
  /** Time limit of one attempt, in milliseconds. */
  readonly maxMs: number | null;
  readonly allowPrivate: boolean;
  readonly deep: boolean;
}

export interface ArchiveRequest extends CaptureRequest {
  readonly vault: string;
  readonly urls: readonly string[];
  /** Captures to fetch once more, each named by its id or a part that no other id contains. */
  readonly captures: readonly string[];
  /** Path of a Netscape cookie file. Each URL gets a copy with the lines for its own site only. */
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
  /** Takes the page around each clip that was captured, once its result is told; null to take none. */
  readonly page: PagesWanted | null;
}

/** What one capture works with. */
export interface Job {
  readonly request: CaptureRequest;
  /** The text of the cookie file, read once at the start. */
  readonly cookies: string | null;
  readonly resources: Resources;
  readonly world: World;
  readonly scheduler: Scheduler;
}

type Listed = Extract<ListOutcome, { readonly kind: "list" }>;

/** The most entries of a playlist or channel to capture when no limit is given. */
const defaultListLimit = 1000;

/** What one address led to. */
export interface SourceOutcome {
  /** Empty for a list, which is not a capture itself, and for a clip older than the requested day. */
  readonly results: readonly CaptureResult[];
  /** The entries of the list, or the page's other videos, each to be captured separately. */
  readonly entries: readonly CaptureSource[];
  /** How many videos of a list, according to the site, were posted before the requested day. */
  readonly older: number;
  /** What of a list is no video, as a sentence; null if nothing is known to be. */
  readonly leftOut: string | null;
  /** Whether the page holds further videos that nobody asked for any more. */
  readonly unasked: boolean;
  /** Why a result is failed or incomplete; null if none is, or if the clip itself is damaged. */
  readonly failure: Failure | null;
}

/**
 * Captures each URL in turn, then what each named capture was made of; after a failure the next URL still runs. `onResult` receives each result as soon as it is
 * ready; the results are returned in the same order. `onHead` receives how the log was sealed afterwards. Throws only for a
 * problem that affects every URL: no vault, a missing program, an interrupt, a name that no capture has. Where `patience`
 * has enough of the attempts at a clip, that clip still has its result as after the last attempt, and no other is begun.
 */
export async function archiveUrls(
  request: ArchiveRequest,
  world: World,
  onResult: (result: CaptureResult) => void,
  onHead: (head: HeadReport) => void = () => undefined,
  patience: Patience = endlessPatience,
): Promise<readonly CaptureResult[]> {
  const { allowPrivate, allowOldYtDlp, proxy, page } = request;
  const cookies = request.cookies === null ? null : await readCookieFile(request.cookies, world.signal);
  const kept = request.urls.length + request.captures.length > 1;
  const fetching = { allowPrivate, allowOldYtDlp, proxy, kept };
  const capturing = request.urls.length > 0;
  const needs = { vault: request.vault, command: "archive", capturing, fetching } as const;
  const resources = await openResources(needs, world);
  const scheduler = oneByOne(world.signal, patience);
  const job: Job = { request, cookies, resources, world, scheduler };
  const results: CaptureResult[] = [];
  try {
    const sources = [
      ...request.urls.map((url) => sourceOf(url, null, null)),
      ...request.captures.map((part) => sourceOfCapture(resources.vault, part)),
    ];
    const asked = sources.map(({ url }) => url);
    if (cookies !== null) cookieNotes(cookies, asked, world.now()).forEach(world.tell);
    for (let source = sources.shift(); source !== undefined; source = sources.shift()) {
      const outcome = await captureSource(job, source, buildCaptureId(world.now(), world.random(5)));
      results.push(...outcome.results);
      for (const result of outcome.results) {
        onResult(result);
        if (page) await pageAroundOrWhy(resources, world, page, proxy, result);
      }
      sources.unshift(...outcome.entries);
      world.signal.throwIfAborted();
      if (isEnough(job) && (sources.length > 0 || outcome.unasked)) throw notAllBegun();
    }
  } finally {
    onHead(await closeResources(resources, world));
  }
  return results;
}

/**
 * Captures one source under the id `capture`. A system or format error becomes a failed capture of this source, because
 * the next source may still succeed. Throws only for a problem that affects every source.
 */
export async function captureSource(
  job: Job,
  source: CaptureSource,
  capture: CaptureId,
): Promise<SourceOutcome> {
  try {
    return await captureOne(job, source, capture);
  } catch (error) {
    if (concernsAll(error)) throw error;
    const { resources, world } = job;
    const failure = world.signal.aborted
      ? failureOf("interrupted")
      : (storageFailure(error) ??
        unforeseenFailure(error, "downloader-failed", "capturing", localPlaces(resources, world)));
    const item = { capture, subject: source.url };
    const log = (why: Failure) => logFailed(job, source, capture, why, null);
    return { ...nothing, results: [await resultAfterError(resources, item, failure, log)], failure };
  }
}

/** From one URL to a record; the order of the steps is the guarantee. */
async function captureOne(job: Job, source: CaptureSource, capture: CaptureId): Promise<SourceOutcome> {
  const { resources, world } = job;

  // 1. check the URL and look for an earlier capture
  const judged = parseSourceUrl(source.url, { allowPrivate: job.request.allowPrivate });
  if ("failure" in judged) return failed(job, source, capture, judged.failure, null);
  const earlier = await earlierCapture(job, source);
  if (earlier.result) return { ...nothing, results: [earlier.result] };

  // 2. fetch into a fresh staging folder
  const startedAt = world.now();
  const startedMs = world.monotonic();
  const staging = beginAttempt(resources.vault, capture, source.shown);
  const plan = fetchPlan(job, source, capture, judged.url, staging);
  const fetched = await fetchWithRetries(resources, world, plan, job.scheduler);
  const outcome = hinted(fetched.outcome, judged.url);
  if (outcome.kind === "list" || outcome.kind === "older") {
    rmSync(staging, { recursive: true, force: true });
    if (outcome.kind === "older") return { ...nothing, older: 1 };
    const { title } = outcome.list;
    return outcome.entries === null
      ? listSource(job, source, judged.url, 1, fetched.impersonated)
      : entriesOf(job, source, { title, entries: outcome.entries, withoutVideo: 0 });
  }
  if (outcome.kind === "failed" && fetched.tracks.length === 0) {
    const alone = await failed(job, source, capture, outcome.failure, fetched);
    return outcome.list === null || source.parent !== null || world.signal.aborted
      ? alone
      : withOthers(job, source, judged.url, fetched.impersonated, alone);
  }
  const parent = source.parent ?? firstOfSeveral(source.shown, fetched);
  const asked = { ...source, parent };
  const before = parent === source.parent ? { ...earlier, result: null } : await earlierCapture(job, asked);
  let known = before.result;
  if (known) {
    rmSync(staging, { recursive: true, force: true });
  } else {
    // 3. hash each file and make it read-only (the tracks already are, since their attempt ended)
    const area = { folder: staging, secrets: fetched.secrets, now: world.now };
    const evidence = withSourceNotes(await gatherEvidence(fetched, area), source);

    // 4. build the record   5. commit OCFL v1 and append the `capture` entry
    const facts = captureFacts(
      { capture, url: source.shown, parent, startedAt, startedMs, fetched, evidence },
      resources,
      world,
      job.request,
    );
    const annex = fetchAnnex(
      capture,
      fetched,
      typedPlaces(source),
      evidence.raw,
      resources,
      world,
      job.request,
    );
    tell(world, source, "commit");
    const { vault } = resources;
    const ready = await syncedAside(stageCapture(vault, staging, facts, evidence.files, annex));
    const store = () => storeCapture(vault, ready);
    known = await storeUnlessHeld(job, asked, before.found, store);
    if (known) rmSync(staging, { recursive: true, force: true });

    // 6. derive   7. commit OCFL v2 and append the `derive` entry
    if (known === null)
      await job.scheduler.derive(() => {
        tell(world, source, "derive");
        return deriveAndLog(resources, world, capture, job.request.deep);
      });
  }
  const result = known ?? afterDamage(resultOf(resources.vault, capture, source.url), before.damage);
  const failure = outcome.kind === "failed" ? outcome.failure : null;
  const first = { ...nothing, results: [result], failure };
  if (parent === null || source.parent !== null) return first;
  return withOthers(job, source, judged.url, fetched.impersonated, first);
}

/**
 * Stores a capture. The result is null, or that of the capture that another command made of the same source while this one
 * fetched it; `found` is the one that was known before.
 */
async function storeUnlessHeld(
  job: Job,
  source: CaptureSource,
  found: CaptureId | null,
  store: () => unknown,
): Promise<CaptureResult | null> {
  const { vault } = job.resources;
  const isStored = await inTurn(vault, () => {
    if (!job.request.again && heldCapture(vault, source) !== found) return false;
    store();
    return true;
  });
  if (isStored) return null;
  const { result } = await earlierCapture(job, source);
  if (result === null) await inTurn(vault, store);
  return result;
}

function hinted(outcome: FetchOutcome, { hostname }: URL): FetchOutcome {
  return outcome.kind === "failed" ? { ...outcome, failure: withHint(outcome.failure, hostname) } : outcome;
}

/** Whether a person has had enough of the attempts, and the command goes on for what came. */
function isEnough({ scheduler, world }: Job): boolean {
  return scheduler.enough.aborted && !world.signal.aborted;
}

function notAllBegun(): HoldfastError {
  return new HoldfastError(
    "interrupted",
    "interrupted: what came of this clip is recorded, the videos after it were not begun",
    "run the same command again to finish the work",
  );
}

/** The first video of a page, with what its list led to. */
async function withOthers(
  job: Job,
  source: CaptureSource,
  url: URL,
  impersonate: boolean,
  first: SourceOutcome,
): Promise<SourceOutcome> {
  if (isEnough(job)) return { ...first, unasked: true };
  const others = await listSource(job, source, url, 2, impersonate);
  const results = first.results.map((result) => ({ ...result, left_out: result.left_out ?? others.leftOut }));
  return { ...others, results: [...results, ...others.results], failure: others.failure ?? first.failure };
}

/** The entries of a playlist or channel, or a page's videos after the first, starting at number `from`. */
async function listSource(
  job: Job,
  source: CaptureSource,
  url: URL,
  from: number,
  impersonate: boolean,
): Promise<SourceOutcome> {
  const { resources, world, request, scheduler } = job;
  const limit = request.limit ?? defaultListLimit;
  if (limit < from) return nothing;
  const capture = buildCaptureId(world.now(), world.random(5));
  const staging = beginAttempt(resources.vault, capture, `the list at ${source.shown}`);
  const plan = fetchPlan(job, source, capture, url, staging);
  const listed = await fetchList(resources, world, plan, { limit, impersonate }, scheduler);
  if (listed.outcome.kind === "failed")
    return failed(job, source, capture, withHint(listed.outcome.failure, url.hostname), listed);
  rmSync(staging, { recursive: true, force: true });
  const { title, entries, withoutVideo } = listed.outcome;
  const wanted = entries.filter(({ index }) => index >= from);
  return entriesOf(job, source, { title, entries: wanted, withoutVideo });
}

/** The entries of a list as sources of their own, but for those posted before the requested day. */
function entriesOf(
  { request }: Job,
  source: CaptureSource,
  { title, entries: wanted, withoutVideo }: Pick<Listed, "title" | "entries" | "withoutVideo">,
): SourceOutcome {
  const leftOut = entriesLeftOut(withoutVideo);
  const young = wanted.filter(({ postedOn }) => !isOlder(postedOn, request.since));
  return {
    ...nothing,
    entries: young.map((entry) =>
      sourceOf(
        // Under the spelling that was typed, so that its place in the list goes into its key.
        entry.embedded ? source.url : entry.url,
        entry.embedded ? entry.index : null,
        {
          url: source.shown,
          title: wellFormedOrNull(title),
          index: entry.index,
        },
        leftOut,
      ),
    ),
    leftOut,
    older: wanted.length - young.length,
  };
}

/** Reports that a step of a capture begins. */
function tell({ progress }: World, { url }: CaptureSource, stage: "commit" | "derive"): void {
  progress({ subject: url, stage, detail: "", done: null, total: null, speed: null, etaSeconds: null });
}

/** If the list states no day, the clip's own page decides later. */
function isOlder(postedOn: string | null, since: string | null): boolean {
  return postedOn !== null && since !== null && postedOn < since;
}

const nothing: SourceOutcome = {
  ...{ results: [], entries: [], older: 0 },
  ...{ leftOut: null, unasked: false, failure: null },
};

/** If a page holds several videos, the one fetched is entry 1 of a list, also where only part of it came. */
function firstOfSeveral(url: string, { outcome }: Fetched): ParentList | null {
  if ((outcome.kind !== "media" && outcome.kind !== "failed") || outcome.list === null) return null;
  return { url, title: wellFormedOrNull(outcome.list.title), index: 1 };
}

function fetchPlan(
  job: Job,
  source: CaptureSource,
  capture: CaptureId,
  url: URL,
  staging: string,
): FetchPlan {
  const { format, referer, subs, comments, maxBytes, maxMs, since } = job.request;
  const { cookies } = job;
  const urlIsSecret = source.shown !== source.url || redactTypedUrl(url.href) !== url.href;
  return {
    capture,
    url: askedAddress(url),
    urlIsSecret,
    item: source.item,
    ofPost: source.parent !== null,
    staging,
    format,
    referer,
    cookies,
    subs,
    comments,
    maxBytes,
    maxMs,
    since,
  };
}

/** Logs a failed attempt; of what it brought only the downloader's words are kept, in the annex. */
async function failed(
  job: Job,
  source: CaptureSource,
  capture: CaptureId,
  failure: Failure,
  trace: FetchTrace | null,
): Promise<SourceOutcome> {
  return { ...nothing, results: [await logFailed(job, source, capture, failure, trace)], failure };
}

function logFailed(
  job: Job,
  source: CaptureSource,
  capture: CaptureId,
  failure: Failure,
  trace: FetchTrace | null,
): Promise<CaptureResult> {
  const { resources, world, request } = job;
  const words = trace === null ? [] : writeWords(trace, attemptOf(resources.vault, capture));
  const annex = fetchAnnex(capture, trace, typedPlaces(source), words, resources, world, request);
  return logFailure(resources, {
    capture,
    method: "ytdlp",
    url: source.shown,
    subject: source.url,
    failure,
    runs: trace?.runs ?? [],
    annex,
  });
}

function wellFormedOrNull(text: string | null): string | null {
  return text === null ? null : wellFormed(text);
}
