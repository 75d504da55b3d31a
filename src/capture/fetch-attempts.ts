import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CaptureId, sha256 } from "../audit/digest.js";
import { cookiesForHost } from "../core/capture/cookies.js";
import { type FailureCode, failureOf } from "../core/capture/failure-codes.js";
import type { RunRecord, TransferCheck } from "../core/capture/record.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import type {
  FetchedTrack,
  FetchOutcome,
  FetchProgress,
  FetchWays,
  ListOutcome,
  Remedy,
} from "../tools/download/fetch-types.js";
import { askFormats, type FormatsOutcome, type NextQuestion } from "../tools/download/offered.js";
import { fetchVideo, listEntries } from "../tools/download/yt-dlp.js";
import { isForbidden } from "../tools/network/egress-destination.js";
import { type Connection, type EgressGuard, openEgressGuard } from "../tools/network/egress-guard.js";
import { fetchBounds } from "../tools/run/limits.js";
import { describeRun } from "../tools/run/run-description.js";
import type { RunResult } from "../tools/run/run-request.js";
import type { World } from "../world.js";
import { cookieNote } from "./cookie-file.js";
import { type HashedTracks, hashTracks } from "./hash-received.js";
import { changedAttempt } from "./next-attempt.js";
import type { FetchTools, Resources } from "./resources.js";
import { type Attempt, type Scheduler, soFarOf } from "./scheduler.js";

/** Replaces an address that holds a secret in a recorded argument list. */
export const requestedUrl = "<requested url>";

/** How to fetch a URL, the same for every attempt. */
export interface FetchPlan {
  readonly capture: CaptureId;
  /** The `URL.href` of a checked address. */
  readonly url: string;
  /** Whether the address holds something that may not be in the record. */
  readonly urlIsSecret: boolean;
  readonly item: number | null;
  /** Whether the address is one entry of a post whose others are fetched as well. */
  readonly ofPost: boolean;
  readonly staging: string;
  readonly format: string | null;
  readonly referer: string | null;
  /** The text of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly subs: readonly string[] | null;
  readonly comments: boolean;
  readonly maxBytes: number | null;
  /** Time limit of one attempt, in milliseconds; null for the default. */
  readonly maxMs: number | null;
  /** Skips videos posted before this day, `YYYY-MM-DD`. */
  readonly since: string | null;
}

/** What a fetch leaves for the record and the annex, whether it succeeded or not. */
export interface FetchTrace {
  readonly runs: readonly RunRecord[];
  readonly secrets: readonly string[];
  /** Placeholder → local path or secret value, for the private annex. */
  readonly places: Readonly<Record<string, string>>;
  readonly cookiesDigest: string | null;
  /** The connections that the egress guard allowed or refused for this fetch. */
  readonly connections: readonly Connection[];
  /** The downloader's stderr in the attempt that counts. The page controls this text. */
  readonly stderr: Buffer;
}

/** The attempt that counts, and the runs of all of them. */
export interface Fetched extends FetchTrace {
  readonly outcome: FetchOutcome;
  /** The tracks of a successful attempt, else of the attempt that received the most bytes. */
  readonly tracks: readonly FetchedTrack[];
  /** The same tracks, hashed and made read-only when their attempt ended. */
  readonly hashed: HashedTracks;
  /** Whether the site let the attempt in because it looked like a browser. */
  readonly impersonated: boolean;
}

/**
 * Fetches until an attempt succeeds, a failure is permanent, or no further attempt is granted. Each attempt has a fresh
 * folder, because a downloader that resumes may splice two different files into one; inside one attempt `judgeParts`
 * shows that it did not. After failures, and where a person has enough of them, returns the attempt
 * that received the most bytes: it may be all that can ever be had of a clip.
 */
export async function fetchWithRetries(
  resources: Resources,
  world: World,
  plan: FetchPlan,
  scheduler: Scheduler,
): Promise<Fetched> {
  try {
    return await withFetcher(resources, world, plan, (fetcher) => attempts(fetcher, world, plan, scheduler));
  } finally {
    scheduler.over();
  }
}

async function attempts(
  fetcher: Fetcher,
  world: World,
  plan: FetchPlan,
  scheduler: Scheduler,
): Promise<Fetched> {
  const runs: RunRecord[] = [];
  const tried = new Set<Remedy>();
  const notes: string[] = [];
  let best: Fetched | null = null;
  let ways = waysOf(plan);
  let came: Came = nothingCame;
  const { enough } = scheduler;
  for (let attempt = 1; ; attempt += 1) {
    const folder = attemptFolder(plan, attempt);
    // Who ends the first download wants nothing of it; a later one may have brought more than those before it.
    const keepsInterrupted = attempt - tried.size > 1;
    const attempted = await scheduled(scheduler, plan, world, fetcher, () =>
      fetchVideo({
        ...fetcher.request,
        ...fixedPart(plan, world, enough),
        ...ways,
        folder,
        keepsInterrupted,
      }),
    );
    const outcome = withCame(withWarnings(attempted.outcome, [fetcher.cookieNote, ...notes]), came);
    const trace = fetcher.trace(outcome, folder, runs);
    const tracks = tracksOf(outcome);
    // Hash before any pause, so that no later change to what arrived goes unnoticed.
    const hashed = await hashTracks(tracks, { folder, now: world.now });
    const fetched: Fetched = { ...trace, outcome, tracks, hashed, impersonated: ways.impersonate };
    if (best === null || isBetter(fetched, best)) best = fetched;
    const changed = enough.aborted ? null : changedAttempt(outcome, ways, tried);
    if (changed !== null) {
      tried.add(changed.remedy);
      if (changed.note !== null) notes.push(changed.note);
      if (changed.remedy === "without-subtitles") came = outcome;
      ways = changed.ways;
      continue;
    }
    const mayPass = outcome.kind === "failed" && outcome.failure.retry && !enough.aborted;
    const soFar = soFarOf(plan.url, best.tracks);
    const again = mayPass && (await scheduler.again(attempt - tried.size, attempted, enough, soFar));
    if (again && !enough.aborted) continue;
    const counted = enough.aborted && !world.signal.aborted ? calledOff(best) : best;
    return { ...counted, runs, connections: fetcher.connections() };
  }
}

/** How the first attempt goes about it. */
function waysOf({ subs, comments }: FetchPlan): FetchWays {
  return { subtitles: subs, comments, thumbnail: true, resume: true, impersonate: false };
}

/** Of two failures with as much the later one counts, because it is news; that it was interrupted is none. */
function isBetter(fetched: Fetched, best: Fetched): boolean {
  const { outcome } = fetched;
  if (outcome.kind !== "failed") return true;
  const more = received(fetched) - received(best);
  return outcome.failure.code === "interrupted" ? more > 0 : more >= 0;
}

/** Says for the record why there were no more attempts than it names. */
function calledOff(best: Fetched): Fetched {
  if (best.outcome.kind !== "failed") return best;
  return { ...best, outcome: withWarnings(best.outcome, [calledOffNote]) };
}

const calledOffNote = "the person who waited for it ended the further attempts";

/** What no attempt changes. */
function fixedPart(
  { url, item, ofPost, format, referer, since }: FetchPlan,
  world: World,
  signal: AbortSignal,
) {
  return {
    item,
    ofPost,
    format,
    referer,
    since,
    signal,
    onProgress: (progress: FetchProgress) =>
      world.progress({ subject: url, stage: "download", detail: "", ...progress }),
  };
}

/** What an attempt brought before a later one brings the clip, and the requests for it. */
type Came = Pick<FetchOutcome, "subtitles" | "exchanges">;
const nothingCame: Came = { subtitles: [], exchanges: [] };

function withCame(outcome: FetchOutcome, { subtitles, exchanges }: Came): FetchOutcome {
  return {
    ...outcome,
    subtitles: [...subtitles, ...outcome.subtitles],
    exchanges: [...exchanges, ...outcome.exchanges],
  };
}

function withWarnings(outcome: FetchOutcome, warnings: readonly (string | null)[]): FetchOutcome {
  const said = warnings.filter((warning) => warning !== null);
  return { ...outcome, warnings: [...said, ...outcome.warnings] };
}

/** Lists the videos of a playlist, channel or page; downloads nothing. */
export async function fetchList(
  resources: Resources,
  world: World,
  plan: FetchPlan,
  { limit, impersonate }: { readonly limit: number; readonly impersonate: boolean },
  scheduler: Scheduler,
): Promise<FetchTrace & { readonly outcome: ListOutcome }> {
  return withFetcher(resources, world, plan, async (fetcher) => {
    const folder = attemptFolder(plan, 1);
    const { outcome } = await scheduled(scheduler, plan, world, fetcher, () =>
      listEntries({
        ...fetcher.request,
        folder,
        referer: plan.referer,
        limit,
        impersonate,
        signal: world.signal,
      }),
    );
    return { ...fetcher.trace(outcome, folder, []), outcome };
  });
}

/** What a platform offers for a clip. */
export type OfferedNow = Extract<FormatsOutcome, { readonly kind: "formats" }>;

/**
 * Asks what formats there are, once more like a browser where only that is answered, or for the first video of a post
 * that begins with something else; downloads nothing.
 */
export async function fetchFormats(
  tools: FetchTools,
  world: World,
  plan: FetchPlan,
): Promise<FormatsOutcome> {
  return withFetcher(tools, world, plan, async (fetcher) => {
    const { format, referer } = plan;
    const ask = (attempt: number, next: NextQuestion | null) => {
      const ways = { folder: attemptFolder(plan, attempt), format, referer, impersonate: false, ...next };
      return askFormats({ ...fetcher.request, ...ways, signal: world.signal });
    };
    const first = await ask(1, null);
    const told = first.kind === "failed" && first.next !== null ? await ask(2, first.next) : first;
    const outcome = asTheGuardSaw(told, fetcher.connections());
    return areNamesUnknown(fetcher.connections())
      ? withoutName(outcome, new URL(plan.url).hostname)
      : outcome;
  });
}

async function scheduled<Outcome extends FetchOutcome | ListOutcome>(
  scheduler: Scheduler,
  plan: FetchPlan,
  world: World,
  fetcher: Fetcher,
  ask: () => Promise<Outcome>,
): Promise<Attempt<Outcome>> {
  const over = await scheduler.fetch(new URL(plan.url).hostname, world.signal);
  const seen = fetcher.connections().length;
  let attempt: Attempt<Outcome> | null = null;
  try {
    const told = await ask();
    const connections = fetcher.connections().slice(seen);
    const namesUnknown = areNamesUnknown(connections);
    const outcome = asTheGuardSaw(told, connections);
    attempt = {
      outcome: namesUnknown ? withoutName(outcome, new URL(plan.url).hostname) : outcome,
      reached: whoAnswered(connections),
      namesUnknown,
    };
    return attempt;
  } finally {
    over(attempt);
  }
}

/** Refusals, in the guard's words, that only a working network can cause. */
const answersOfNetwork: readonly (string | null)[] = [
  "name not found: ENOTFOUND",
  "no connection: ECONNREFUSED",
];

/** Whether no connection was made, each for want of an address behind the name. */
function areNamesUnknown(connections: readonly Connection[]): boolean {
  return (
    connections.length > 0 && connections.every(({ refused }) => refused?.startsWith("name not found: "))
  );
}

/** Says of a failed connection that the name is what failed. */
function withoutName<Outcome extends FetchOutcome | ListOutcome | FormatsOutcome>(
  outcome: Outcome,
  host: string,
): Outcome {
  if (outcome.kind !== "failed" || outcome.failure.code !== "network") return outcome;
  const reason = `the name ${host} is not known here: the network is down, or the address is misspelt`;
  const hint = "check the connection and the address, then run the same command";
  return { ...outcome, failure: { ...outcome.failure, reason, hint } };
}

function whoAnswered(connections: readonly Connection[]): Attempt["reached"] {
  if (connections.some(({ refused, bytesIn }) => refused === null && bytesIn > 0)) return "host";
  return connections.some(({ refused }) => answersOfNetwork.includes(refused)) ? "network" : "nobody";
}

/** Each fetch has its own guard: its connections are in no other fetch's log, and its password expires with it. */
async function withFetcher<Answer>(
  resources: FetchTools,
  world: World,
  plan: FetchPlan,
  use: (fetcher: Fetcher) => Promise<Answer>,
): Promise<Answer> {
  if (!resources.egress) throw new Error("what fetches has an egress guard");
  const guard = await openEgressGuard(resources.egress, resources.downloaderPlaces ? "doors" : "loopback");
  try {
    return await use(openFetcher(resources, world, plan, guard));
  } finally {
    await guard.close();
  }
}

type Fetcher = ReturnType<typeof openFetcher>;

/** What every request of one plan shares, and how its trace is assembled. */
function openFetcher(resources: FetchTools, world: World, plan: FetchPlan, guard: EgressGuard) {
  const { downloader, runtime, downloaderPlaces, runDownloader } = resources;
  if (!downloader || !runDownloader) throw new Error("what fetches has a downloader");
  const cookies = siteCookies(plan);
  const connections = () => guard.connections;
  return {
    connections,
    cookieNote: plan.cookies && cookieNote(plan.cookies, new URL(plan.url).hostname, world.now()),
    request: {
      program: { ...downloader, runtime: runtime?.path ?? null },
      run: runDownloader,
      url: plan.url,
      proxy: guard.url,
      jail: downloaderPlaces && { ...downloaderPlaces, receive: guard.receive },
      cookiesFile: cookies?.file ?? null,
      bounds: {
        ...fetchBounds,
        maxBytes: plan.maxBytes ?? fetchBounds.maxBytes,
        wallMs: plan.maxMs ?? fetchBounds.wallMs,
      },
    },
    /** Adds the run to `runs` and returns the trace so far. */
    trace(
      outcome: { readonly argv: readonly string[]; readonly run: RunResult },
      folder: string,
      runs: RunRecord[],
    ): FetchTrace {
      // With the guard's password, other programs on this machine could use the guard while it runs.
      const referer = holdsSecret(plan.referer) ? [plan.referer] : [];
      const secrets = [...(cookies?.secrets ?? []), ...referer, new URL(guard.url).password];
      const places = {
        "<attempt>": folder,
        "<staging>": plan.staging,
        "<egress-guard>": guard.url,
        "<yt-dlp>": downloader.path,
        ...(runtime ? { "<js-runtime>": runtime.path } : {}),
        ...(plan.urlIsSecret ? { [requestedUrl]: plan.url } : {}),
        ...(holdsSecret(plan.referer) ? { "<referer>": plan.referer } : {}),
      };
      runs.push(describeRun("yt-dlp", outcome.argv, outcome.run, replacementsOf(places, secrets)));
      const cookiesDigest = cookies?.digest ?? null;
      return { runs, secrets, places, cookiesDigest, connections: connections(), stderr: outcome.run.stderr };
    },
  };
}

/**
 * Corrects an outcome with what the guard saw. To the downloader, the guard's refusal looks like the site's answer; and
 * the downloader stops reading at the announced length, even if the server sent more.
 */
function asTheGuardSaw<Outcome extends FetchOutcome | ListOutcome | FormatsOutcome>(
  outcome: Outcome,
  connections: readonly Connection[],
): Outcome {
  if (outcome.kind === "media" && connections.some(({ surplus }) => surplus))
    return { ...outcome, transfer: doubted(outcome.transfer) };
  if (outcome.kind !== "failed") return outcome;
  const { code } = outcome.failure;
  const words = connections.flatMap(({ refused }) => refused ?? []);
  const last = connections.at(-1)?.refused ?? "";
  // A segment that the guard refused was never requested, so trying again would not bring it.
  const forbidden =
    code === "cut-short" ? isForbidden(last) : hidden.includes(code) && words.some(isForbidden);
  if (forbidden) return { ...outcome, failure: failureOf("private-address") };
  if (words.length === 0 || !hidden.includes(code)) return outcome;
  return { ...outcome, failure: failureOf("network") };
}

/** An announced length that was too small proves nothing: only decoding can tell whether the clip is complete. */
function doubted({ verdict, grounds }: TransferCheck): TransferCheck {
  return {
    verdict: verdict === "whole" ? "unknown" : verdict,
    grounds: [...grounds, "a server sent more bytes than the length it announced"],
  };
}

/** Failures that a refusal by the guard can look like. */
const hidden: readonly FailureCode[] = [
  "forbidden",
  "server-error",
  "impersonation-missing",
  "downloader-failed",
];

/** Whether an address holds something that may not be in the record. */
function holdsSecret(address: string | null): address is string {
  return address !== null && redactTypedUrl(address) !== address;
}

function attemptFolder(plan: FetchPlan, attempt: number): string {
  const folder = join(plan.staging, `attempt-${attempt}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

function tracksOf(outcome: FetchOutcome): readonly FetchedTrack[] {
  if (outcome.kind === "media") return outcome.tracks;
  return outcome.kind === "failed" ? outcome.partialTracks : [];
}

function replacementsOf(places: Readonly<Record<string, string>>, secrets: readonly string[]) {
  return [
    ...Object.entries(places).map(([placeholder, value]) => [value, placeholder] as const),
    ...secrets.map((secret) => [secret, "<secret>"] as const),
  ];
}

/** Copies the cookie file's lines for this site only. A copy, because yt-dlp rewrites the file it is given. */
function siteCookies(plan: FetchPlan): { file: string; secrets: readonly string[]; digest: string } | null {
  if (plan.cookies === null) return null;
  const { jar, secrets } = cookiesForHost(plan.cookies, new URL(plan.url).hostname);
  const file = join(plan.staging, "cookies.txt");
  writeFileSync(file, jar, { flag: "wx", mode: 0o600 });
  return { file, secrets, digest: sha256(jar) };
}

function received(fetched: Fetched): number {
  return fetched.tracks.reduce((sum, track) => sum + track.bytes, 0);
}
