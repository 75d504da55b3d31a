import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CaptureId, sha256 } from "../audit/digest.js";
import { cookiesForHost } from "../core/capture/cookies.js";
import { type FailureCode, failureOf } from "../core/capture/failure.js";
import type { RunRecord, TransferCheck } from "../core/capture/record.js";
import type { FetchedTrack, FetchOutcome, ListOutcome } from "../tools/download/fetch-types.js";
import { fetchVideo, listEntries } from "../tools/download/yt-dlp.js";
import { isForbidden } from "../tools/network/egress-destination.js";
import { type Connection, type EgressGuard, openEgressGuard } from "../tools/network/egress-guard.js";
import { fetchBounds } from "../tools/run/limits.js";
import { describeRun } from "../tools/run/run-description.js";
import type { RunResult } from "../tools/run/run-request.js";
import type { World } from "../world.js";
import { type HashedTracks, hashTracks } from "./hash-received.js";
import type { Resources } from "./resources.js";
import type { Attempt, Scheduler } from "./scheduler.js";

/** What stands in an argument list for an address with a secret in it. */
export const requestedUrl = "<requested url>";

/** How a URL is to be fetched, the same for every attempt. */
export interface FetchPlan {
  readonly capture: CaptureId;
  /** `URL.href` of a checked address. */
  readonly url: string;
  /** True when the address holds what may not stand in the record. */
  readonly urlIsSecret: boolean;
  readonly item: number | null;
  readonly staging: string;
  readonly format: string | null;
  /** The text of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly subs: boolean;
  readonly comments: boolean;
  readonly maxBytes: number | null;
  /** Milliseconds that one attempt may take; null for the standard bound. */
  readonly maxMs: number | null;
  /** Nothing posted before this day, `YYYY-MM-DD`. */
  readonly since: string | null;
}

/** What a fetch leaves for the record and the annex, whatever came of it. */
export interface FetchTrace {
  readonly runs: readonly RunRecord[];
  readonly secrets: readonly string[];
  /** Placeholder → local path or secret-bearing value, for the private annex. */
  readonly places: Readonly<Record<string, string>>;
  readonly cookiesDigest: string | null;
  /** What the egress guard let through or refused for this fetch. */
  readonly connections: readonly Connection[];
  /** What the downloader said on stderr in the attempt that counts; hostile text. */
  readonly stderr: Buffer;
}

/** The attempt that counts, and the runs of all of them. */
export interface Fetched extends FetchTrace {
  readonly outcome: FetchOutcome;
  /** The tracks of a success, else the most that ever arrived in one attempt. */
  readonly tracks: readonly FetchedTrack[];
  /** The same tracks, hashed and read-only since their attempt ended. */
  readonly hashed: HashedTracks;
}

/**
 * Fetches until one attempt succeeds, a failure cannot pass, or no further attempt is granted. Each attempt has a fresh
 * folder: a downloader that resumes may splice two different files into one. After failures the attempt in which most
 * bytes arrived is the one returned: it may be all that will ever be had of a clip.
 */
export async function fetchWithRetries(
  resources: Resources,
  world: World,
  plan: FetchPlan,
  scheduler: Scheduler,
): Promise<Fetched> {
  return withFetcher(resources, plan, (fetcher) => attempts(fetcher, world, plan, scheduler));
}

async function attempts(
  fetcher: Fetcher,
  world: World,
  plan: FetchPlan,
  scheduler: Scheduler,
): Promise<Fetched> {
  const runs: RunRecord[] = [];
  let best: Fetched | null = null;
  let lost: string | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const folder = attemptFolder(plan, attempt);
    const attempted = await scheduled(scheduler, plan, world, fetcher, () =>
      fetchVideo({
        ...fetcher.request,
        folder,
        item: plan.item,
        format: plan.format,
        subtitles: plan.subs && lost === null,
        comments: plan.comments,
        since: plan.since,
        signal: world.signal,
        onProgress: (progress) =>
          world.progress({ subject: plan.url, stage: "download", detail: "", ...progress }),
      }),
    );
    const outcome = withWarning(attempted.outcome, lost);
    const trace = fetcher.trace(outcome, folder, runs);
    const tracks = tracksOf(outcome);
    // Before any pause: from here on nobody can change unnoticed what arrived.
    const hashed = await hashTracks(tracks, { folder, now: world.now });
    const fetched: Fetched = { ...trace, outcome, tracks, hashed };
    if (best === null || outcome.kind !== "failed" || received(fetched) >= received(best)) best = fetched;
    // The clip comes first: tomorrow it may be gone.
    if (outcome.kind === "failed" && outcome.onlySubtitles && !world.signal.aborted) {
      lost = `the subtitles could not be fetched: ${outcome.failure.reason}`;
      continue;
    }
    const mayPass = outcome.kind === "failed" && outcome.failure.retry && !world.signal.aborted;
    const again = mayPass && (await scheduler.again(attempt, attempted, world.signal));
    if (!again || world.signal.aborted) return { ...best, runs, connections: fetcher.connections() };
  }
}

function withWarning(outcome: FetchOutcome, warning: string | null): FetchOutcome {
  return warning === null ? outcome : { ...outcome, warnings: [warning, ...outcome.warnings] };
}

/** Asks what a playlist, channel or page with several videos holds; downloads nothing. */
export async function fetchList(
  resources: Resources,
  world: World,
  plan: FetchPlan,
  limit: number,
  scheduler: Scheduler,
): Promise<FetchTrace & { readonly outcome: ListOutcome }> {
  return withFetcher(resources, plan, async (fetcher) => {
    const folder = attemptFolder(plan, 1);
    const { outcome } = await scheduled(scheduler, plan, world, fetcher, () =>
      listEntries({ ...fetcher.request, folder, limit, signal: world.signal }),
    );
    return { ...fetcher.trace(outcome, folder, []), outcome };
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
    attempt = { outcome: asTheGuardSaw(told, connections), reached: whoAnswered(connections) };
    return attempt;
  } finally {
    over(attempt);
  }
}

/** In the guard's words: nobody could say so where the network is gone. */
const answersOfNetwork: readonly (string | null)[] = [
  "name not found: ENOTFOUND",
  "no connection: ECONNREFUSED",
];

function whoAnswered(connections: readonly Connection[]): Attempt["reached"] {
  if (connections.some(({ refused, bytesIn }) => refused === null && bytesIn > 0)) return "host";
  return connections.some(({ refused }) => answersOfNetwork.includes(refused)) ? "network" : "nobody";
}

/** Each fetch has a guard of its own: what one downloader asks for is in no other's log, and its password ends with it. */
async function withFetcher<Answer>(
  resources: Resources,
  plan: FetchPlan,
  use: (fetcher: Fetcher) => Promise<Answer>,
): Promise<Answer> {
  if (!resources.egress) throw new Error("what fetches has an egress guard");
  const guard = await openEgressGuard(resources.egress, resources.downloaderPlaces ? "doors" : "loopback");
  try {
    return await use(openFetcher(resources, plan, guard));
  } finally {
    await guard.close();
  }
}

type Fetcher = ReturnType<typeof openFetcher>;

/** What every request of one plan shares, and how its trace is put together. */
function openFetcher(resources: Resources, plan: FetchPlan, guard: EgressGuard) {
  const { downloader, downloaderPlaces, runDownloader } = resources;
  if (!downloader || !runDownloader) throw new Error("what fetches has a downloader");
  const cookies = siteCookies(plan);
  const connections = () => guard.connections;
  return {
    connections,
    request: {
      program: downloader,
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
      // The guard's password would let others on this machine through it while it lives.
      const secrets = [...(cookies?.secrets ?? []), new URL(guard.url).password];
      const places = {
        "<attempt>": folder,
        "<staging>": plan.staging,
        "<egress-guard>": guard.url,
        "<yt-dlp>": downloader.path,
        ...(plan.urlIsSecret ? { [requestedUrl]: plan.url } : {}),
      };
      runs.push(describeRun("yt-dlp", outcome.argv, outcome.run, replacementsOf(places, secrets)));
      const cookiesDigest = cookies?.digest ?? null;
      return { runs, secrets, places, cookiesDigest, connections: connections(), stderr: outcome.run.stderr };
    },
  };
}

/**
 * What the guard refused looks to the downloader like an answer of the site, and it stops reading where the announced
 * length ends; the guard knows better.
 */
function asTheGuardSaw<Outcome extends FetchOutcome | ListOutcome>(
  outcome: Outcome,
  connections: readonly Connection[],
): Outcome {
  if (outcome.kind === "media" && connections.some(({ surplus }) => surplus))
    return { ...outcome, transfer: doubted(outcome.transfer) };
  if (outcome.kind !== "failed") return outcome;
  const { code } = outcome.failure;
  const words = connections.flatMap(({ refused }) => refused ?? []);
  const last = connections.at(-1)?.refused ?? "";
  // A piece that was never asked for is no transfer that broke off: trying again would not bring it.
  const forbidden =
    code === "cut-short" ? isForbidden(last) : hidden.includes(code) && words.some(isForbidden);
  if (forbidden) return { ...outcome, failure: failureOf("private-address") };
  if (words.length === 0 || !hidden.includes(code)) return outcome;
  return { ...outcome, failure: failureOf("network") };
}

/** A length that was announced too small proves nothing: whether the clip is whole is left to decoding it. */
function doubted({ verdict, grounds }: TransferCheck): TransferCheck {
  return {
    verdict: verdict === "whole" ? "unknown" : verdict,
    grounds: [...grounds, "a server sent more bytes than the length it announced"],
  };
}

/** Behind these there may be an answer of the guard. */
const hidden: readonly FailureCode[] = ["forbidden", "server-error", "downloader-failed"];

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

/** A copy of the cookie file with the lines of this site only; yt-dlp rewrites the file it is given. */
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
