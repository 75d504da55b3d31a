import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { classifyFailure, readErrorLines, readWarningLines } from "../../core/capture/failure.js";
import { canImpersonate, withCause } from "../../core/capture/failure-causes.js";
import { type Failure, type FailureCode, failureOf } from "../../core/capture/failure-codes.js";
import { splicesOf } from "../../core/capture/parts.js";
import { isUnendedPlaylist } from "../../core/capture/playlist.js";
import type { HttpExchange } from "../../core/capture/record.js";
import { redactText, redactUrl } from "../../core/capture/redact.js";
import { judgeRendition, refusals } from "../../core/capture/rendition.js";
import { isForBrowsers, isTelegramPost } from "../../core/capture/sites.js";
import { webUrl } from "../../core/capture/source-url.js";
import { restOfPost } from "../../core/capture/telegram-post.js";
import {
  followRedirects,
  readBreak,
  type TrafficExchange,
  type TrafficLog,
} from "../../core/capture/traffic-log.js";
import { judgeTransfer } from "../../core/capture/transfer.js";
import { printable, wellFormed } from "../../core/words/printable.js";
import { maxInfoJsonBytes } from "../run/limits.js";
import type { RunResult } from "../run/run-request.js";
import type {
  FetchEvidence,
  FetchedFile,
  FetchOutcome,
  FetchRequest,
  ListEntry,
  ListHead,
  ListOutcome,
} from "./fetch-types.js";
import { type JudgedTrack, judgeTracks } from "./fetched-tracks.js";
import type { FetchFacts } from "./finished-fetch.js";
import type { Received } from "./received-files.js";
import { remedyOf } from "./remedy.js";
import { codeOfEmptyPost, telegramPostOf } from "./telegram-page.js";
import { tookClipsPlace, wholeThumbnails } from "./thumbnails.js";

/**
 * Decides from files, lengths and errors what a run of yt-dlp yielded. Success requires all of these: status 0, no error
 * line, at least one finished file that is media, nothing left unfinished, and no length that fell short.
 */
export function judgeFetch(request: FetchRequest, facts: FetchFacts): FetchOutcome {
  const { received, log, run } = facts;
  const errors = errorsOf(facts);
  const info = readJson(received.infoJson);
  const tracks = judgeTracks(received.media, info, log);
  const evidence = gatherEvidence(request, facts, info, tracks, errors);
  const list = readListHead(readJson(received.listJson));
  const clean = run.endedBy === "exited" && run.exitCode === 0 && errors.length === 0;
  if (clean && tracks.length === 0 && list !== null)
    return { kind: "list", list, entries: null, ...evidence };

  if (clean && tracks.length === 0 && log.remarks.some((line) => olderRemark.test(line)))
    return { kind: "older", ...evidence };

  if (clean && tracks.length === 0 && evidence.warnings.some((line) => nothingRemark.test(line)))
    return judgeNothing(request, evidence);

  const code = mediaFailure(tracks, request.bounds.maxBytes);
  const splices = splicesOf(log);
  const displaced = request.thumbnail && tookClipsPlace(log.remarks);
  const sound = splices.length === 0 && !displaced;
  const whole = clean && !received.leftovers && sound && evidence.transfer.verdict !== "incomplete";
  if (code === null && whole && tracks.length > 0) {
    return { kind: "media", tracks: tracks.map((one) => one.track), list: severalOf(list), ...evidence };
  }
  const judged =
    code === null ? runFailure(request, facts, errors, splices, tracks.length > 0 && clean) : failureOf(code);
  const failure = loginFailure(judged, request.url, evidence.finalUrl) ?? judged;
  // A post may begin with a photo: its list says how many entries there are.
  const several = severalOf(list);
  if (several !== null && request.item === null && tracks.length === 0 && failure.code === "no-video")
    return { kind: "list", list: several, entries: null, ...evidence };
  return {
    kind: "failed",
    failure,
    partialTracks: sound ? worthKeeping(request, failure, tracks) : [],
    remedy:
      code === null || displaced
        ? remedyOf(request, facts, { failure, errors, tracks, splices, displaced })
        : null,
    list: several,
    ...evidence,
  };
}

/** The downloader's errors; where it was ended at a break that may not be continued, also the error of that break. */
function errorsOf({ run, watchdog, log }: FetchFacts): readonly string[] {
  const errors = readErrorLines(run.stderr.toString("utf8"));
  if (watchdog !== "broken-off") return errors;
  return [...errors, ...log.remarks.flatMap((line) => readBreak(line) ?? []).slice(-1)];
}

/** yt-dlp's whole answer where an extractor found a page and no video on it: status 0 and no error. */
const nothingRemark = /^Extractor \S+ returned nothing\b/;

/** What the page says where the downloader says nothing: of Telegram it is known how a post is shown. */
function judgeNothing(request: FetchRequest, evidence: FetchEvidence): FetchOutcome {
  const post = telegramPostOf(request.url, evidence.pages);
  if (post !== null && post.videos.length > 0) {
    const entries = post.videos.map((url, at) => {
      return { index: at + 1, url: `${url}?single`, title: null, postedOn: null, embedded: false };
    });
    return { kind: "list", list: { title: null, items: entries.length }, entries, ...evidence };
  }
  const failure = failureOf(codeOfEmptyPost(post));
  return { kind: "failed", failure, partialTracks: [], remedy: null, list: null, ...evidence };
}

/** The only line that yt-dlp prints when `--dateafter` skips a download. */
const olderRemark = /^\[download\] \d{4}-\d{2}-\d{2} upload date is not in range /;

/** A list with one entry is the clip itself. */
function severalOf(list: ListHead | null): ListHead | null {
  return list !== null && list.items !== 1 ? list : null;
}

/** The failure that the bytes alone show, whatever the downloader reported. */
function mediaFailure(tracks: readonly JudgedTrack[], maxBytes: number): FailureCode | null {
  const total = tracks.reduce((sum, one) => sum + one.track.bytes, 0);
  if (total > maxBytes) return "too-large";
  if (tracks.some((one) => one.kind === "text")) return "not-media";
  if (tracks.some((one) => one.track.bytes === 0 && !one.transfer.unfinished)) return "empty";
  return null;
}

/** What a login page looks like to whoever wanted a video. */
const nothingFound: readonly FailureCode[] = ["no-video", "not-media", "downloader-failed"];
const loginPath = /(?:^|[/_.-])(?:log-?in|sign-?in|auth|authorize|wp-login)(?:[/_.-]|$)/i;

/** The failure of a request that was led to a login page, with the place; null for any other. */
export function loginFailure({ code }: Failure, asked: string, led: string | null): Failure | null {
  const [from, to] = [webUrl(asked), led === null ? null : webUrl(led)];
  if (!nothingFound.includes(code) || from === null || to === null) return null;
  const login = loginPath.exec(to.pathname);
  if (loginPath.test(from.pathname) || login === null) return null;
  // What follows may be a token.
  const place = printable(`${to.host}${to.pathname.slice(0, login.index + login[0].length)}`, 100);
  return { ...failureOf("login-required"), reason: `the site led to its login page, ${place}` };
}

function runFailure(
  { format, url, cookiesFile }: FetchRequest,
  facts: FetchFacts,
  errors: readonly string[],
  splices: readonly string[],
  endedShort: boolean,
): Failure {
  if (splices[0] !== undefined) return { ...failureOf("cut-short"), reason: splices[0] };
  if (endedShort) return failureOf("cut-short");
  const last = facts.log.exchanges.findLast((exchange) => exchange.status !== null);
  const { remarks } = facts.log;
  const stderr = facts.run.stderr.toString("utf8");
  const failure = classifyFailure({
    endedBy: facts.run.endedBy,
    exitCode: facts.run.exitCode,
    watchdog: facts.watchdog,
    errors,
    remarks,
    lastStatus: last?.status ?? null,
  });
  return withCause(failure, {
    skipped: refusals({ stderr, remarks }),
    formatChosen: format !== null,
    forBrowsers: cookiesFile === null && isForBrowsers(new URL(url).hostname),
    canImpersonate: canImpersonate(stderr),
  });
}

/**
 * Keeps nothing of endless, oversized and unwanted downloads, but a download that broke off: it may be all there will
 * ever be.
 */
const leavesNothing: readonly FailureCode[] = [
  "too-large",
  "not-media",
  "empty",
  "live-stream",
  "timed-out",
  "disk-full",
  "drm",
];

function worthKeeping({ keepsInterrupted }: FetchRequest, { code }: Failure, tracks: readonly JudgedTrack[]) {
  if (code === "interrupted" ? !keepsInterrupted : leavesNothing.includes(code)) return [];
  return tracks.filter((one) => one.track.bytes > 0).map((one) => one.track);
}

const brokenThumbnail = "the preview picture broke off and was not kept";

function gatherEvidence(
  request: FetchRequest,
  facts: FetchFacts,
  info: Json,
  tracks: readonly JudgedTrack[],
  errors: readonly string[],
): FetchEvidence {
  const { received, log, run } = facts;
  const secrets = [request.folder, request.cookiesFile ?? "", request.proxy ?? ""];
  const chain = followRedirects(request.url, log.exchanges).map((url) => redactUrl(url, secrets));
  const refusal = lastRefusal(log);
  const warnings = readWarningLines(run.stderr.toString("utf8"));
  const thumbnails = wholeThumbnails(received.thumbnails, log, warnings, info);
  const broken = thumbnails.length < received.thumbnails.length ? [brokenThumbnail] : [];
  const post = telegramPostOf(request.url, received.pages);
  const rest = post && restOfPost(post, request.ofPost || isTelegramPost(new URL(request.url)));
  const lines = [...(rest === null ? [] : [rest]), ...errors, ...broken, ...warnings];
  return {
    infoJson: received.infoJson,
    pages: received.pages,
    subtitles: received.subtitles,
    thumbnails,
    transfer: judgeTransfer({
      tracks: tracks.map((one) => one.transfer),
      exitCode: run.exitCode,
      endedBy: facts.watchdog ?? run.endedBy,
      errors: errors.length > 0,
      unended: tracks.some(({ track }) => track.segments !== null) && hasUnended(received, log),
    }),
    rendition: judgeRendition({
      stderr: run.stderr.toString("utf8"),
      remarks: log.remarks,
      info,
      format: request.format,
      secrets,
    }),
    exchanges: log.exchanges.map((exchange) => toRecord(exchange, secrets)),
    redirects: chain,
    finalUrl: chain[chain.length - 1] ?? null,
    retryAfter: refusal?.retry_after ?? null,
    lastStatus: refusal?.status ?? null,
    warnings: lines.map((line) => printable(redactText(line, secrets).text)),
    run,
    argv: facts.argv,
  };
}

/** Whether a playlist that was followed has no end: those that the downloader of segments saved, else any that was read. */
function hasUnended({ pages }: Received, { remarks }: TrafficLog): boolean {
  const saved = remarks.flatMap((line) => /^\[\w+\] Saving request to (.*\.dump)$/.exec(line)?.[1] ?? []);
  const followed = remarks.flatMap(
    (line) => /^\[(?:hlsnative|dashsegments)\] Saving request to (.*\.dump)$/.exec(line)?.[1] ?? [],
  );
  const names = followed.length > 0 ? followed : saved;
  return pages
    .filter(({ role, path }) => role === "manifest" && names.includes(basename(path)))
    .some(({ path }) => isUnendedPlaylist(readFileSync(path, "utf8")));
}

/** The last refusal of any track: yt-dlp continues with the next track after one. */
function lastRefusal({ exchanges }: TrafficLog): TrafficExchange | undefined {
  return (
    exchanges.findLast(({ status }) => status === 429 || status === 503) ??
    exchanges.findLast(({ status }) => status !== null && status >= 400)
  );
}

function toRecord(exchange: TrafficExchange, secrets: readonly string[]): HttpExchange {
  return {
    method: exchange.method,
    url: redactUrl(exchange.url, secrets),
    status: exchange.status,
    location: exchange.location === null ? null : redactUrl(exchange.location, secrets),
    date: exchange.date,
    last_modified: exchange.last_modified,
    etag: exchange.etag,
    content_type: exchange.content_type,
    content_length: exchange.content_length,
  };
}

/** The downloader's JSON; null if it is missing, too large or malformed. */
function readJson(file: FetchedFile | null): Json {
  if (file === null || file.bytes > maxInfoJsonBytes) return null;
  return parseOrNull(readFileSync(file.path, "utf8"));
}

function parseOrNull(text: string): Json {
  try {
    return parseForeignJson(text);
  } catch {
    return null;
  }
}

function readListHead(json: Json): ListHead | null {
  if (!isJsonObject(json)) return null;
  const { title, playlist_count: count } = json;
  return {
    title: typeof title === "string" ? wellFormed(title) : null,
    items: typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null,
  };
}

/** Judges a listing, whose JSON is on stdout. An unreadable entry does not affect the others. */
export function judgeList(url: string, result: RunResult, argv: readonly string[]): ListOutcome {
  const told = { run: { ...result, stdout: Buffer.alloc(0) }, argv };
  const json = parseOrNull(result.stdout.toString("utf8"));
  if (result.endedBy !== "exited" || !isJsonObject(json)) {
    const errors = readErrorLines(result.stderr.toString("utf8"));
    const { endedBy, exitCode } = result;
    const failure = classifyFailure({
      endedBy,
      exitCode,
      watchdog: null,
      errors,
      remarks: [],
      lastStatus: null,
    });
    return { kind: "failed", failure, ...told };
  }
  const entries = readListEntries(json, url);
  if (entries.length === 0) return { kind: "failed", failure: failureOf("no-video"), ...told };
  return {
    kind: "list",
    title: typeof json.title === "string" ? wellFormed(json.title) : null,
    entries,
    withoutVideo: countEmpty(json),
    ...told,
  };
}

/**
 * The entries in the output of `yt-dlp --flat-playlist --dump-single-json` for `page`. Leaves out entries that the
 * platform did not provide (null) but keeps their numbers. A single video is one entry: the page itself.
 */
export function readListEntries(json: JsonObject, page: string): readonly ListEntry[] {
  if (json._type !== "playlist")
    return [{ index: 1, url: page, title: readText(json.title), postedOn: readDay(json), embedded: false }];
  const entries: readonly Json[] = Array.isArray(json.entries) ? json.entries : [];
  return entries.flatMap((entry, at) => (isJsonObject(entry) ? [readEntry(entry, at + 1, page)] : []));
}

/** The entries of which yt-dlp got nothing: photos of a post, or what the platform does not show. */
function countEmpty({ entries }: JsonObject): number {
  return Array.isArray(entries) ? entries.filter((entry) => !isJsonObject(entry)).length : 0;
}

function readEntry(entry: JsonObject, index: number, page: string): ListEntry {
  const linked = entry._type === "url" || entry._type === "url_transparent";
  const url = linked ? readText(entry.url) : null;
  const { title } = entry;
  return {
    index,
    url: url ?? page,
    title: readText(title),
    postedOn: readDay(entry),
    embedded: url === null,
  };
}

/** `upload_date` is `YYYYMMDD` in UTC; most lists have none. */
function readDay({ upload_date }: JsonObject): string | null {
  const parts = typeof upload_date === "string" ? /^(\d{4})(\d{2})(\d{2})$/.exec(upload_date) : null;
  return parts === null ? null : parts.slice(1).join("-");
}

function readText(value: Json | undefined): string | null {
  return typeof value === "string" ? wellFormed(value) : null;
}
