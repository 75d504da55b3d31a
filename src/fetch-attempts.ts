import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaptureId } from "./core/capture-id.js";
import { cookiesForHost } from "./core/cookies.js";
import { sha256 } from "./core/digest.js";
import { failureOf } from "./core/failure.js";
import type { RunRecord } from "./core/record.js";
import type { World } from "./outcome.js";
import type { Connection } from "./tools/egress-guard.js";
import type { FetchedTrack, FetchOutcome, ListOutcome } from "./tools/fetch-types.js";
import { fetchBounds } from "./tools/limits.js";
import { describeRun, type RunResult } from "./tools/run.js";
import { type HashedTracks, hashTracks } from "./track-hashes.js";
import { fetchVideo, listEntries } from "./tools/yt-dlp.js";
import type { Workshop } from "./workshop.js";

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

/** Attempts for one URL, each in a fresh folder: a downloader that resumes may splice two different files into one. */
const maxAttempts = 3;
/** Pauses before the second and the third attempt. */
const pausesMs: readonly number[] = [1_000, 4_000];

/**
 * Fetches until one attempt succeeds, a failure cannot pass, or three attempts are used up. After failures the attempt
 * in which most bytes arrived is the one returned: it may be all that will ever be had of a clip.
 */
export async function fetchWithRetries(workshop: Workshop, world: World, plan: FetchPlan): Promise<Fetched> {
  const way = openWay(workshop, plan);
  const runs: RunRecord[] = [];
  let best: Fetched | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const folder = attemptFolder(plan, attempt);
    const seen = way.connections().length;
    const fetchedNow = await fetchVideo({
      ...way.request,
      folder,
      item: plan.item,
      format: plan.format,
      subtitles: plan.subs,
      comments: plan.comments,
      signal: world.signal,
      onProgress: (progress) =>
        world.progress({ subject: plan.url, stage: "download", detail: "", ...progress }),
    });
    const outcome = asTheGuardSaw(fetchedNow, way.connections().slice(seen));
    const trace = way.trace(outcome, folder, runs);
    const tracks = tracksOf(outcome);
    // Before any pause: from here on nobody can change unnoticed what arrived.
    const hashed = await hashTracks(tracks, { folder, now: world.now });
    const fetched: Fetched = { ...trace, outcome, tracks, hashed };
    if (best === null || outcome.kind !== "failed" || received(fetched) >= received(best)) best = fetched;
    const over = outcome.kind !== "failed" || !outcome.failure.retry || world.signal.aborted;
    if (over || attempt === maxAttempts) return { ...best, runs, connections: way.connections() };
    await pause(pausesMs[attempt - 1] ?? 0, world.signal);
  }
}

/** Asks what a playlist, channel or page with several videos holds; downloads nothing. */
export async function fetchList(
  workshop: Workshop,
  world: World,
  plan: FetchPlan,
  limit: number,
): Promise<FetchTrace & { readonly outcome: ListOutcome }> {
  const way = openWay(workshop, plan);
  const folder = attemptFolder(plan, 1);
  const outcome = await listEntries({ ...way.request, folder, limit, signal: world.signal });
  return { ...way.trace(outcome, folder, []), outcome };
}

/** What every request of one plan shares, and how its trace is put together. */
function openWay(workshop: Workshop, plan: FetchPlan) {
  const { downloader, guard } = workshop;
  if (!downloader || !guard) throw new Error("a workshop for fetching has a downloader and a guard");
  const cookies = siteCookies(plan);
  const firstConnection = guard.connections.length;
  const connections = () => guard.connections.slice(firstConnection);
  return {
    connections,
    request: {
      program: downloader,
      url: plan.url,
      proxy: guard.url,
      cookiesFile: cookies?.file ?? null,
      bounds: { ...fetchBounds, ...(plan.maxBytes === null ? {} : { maxBytes: plan.maxBytes }) },
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

/** What the guard refused looks to the downloader like an answer of the site; the guard knows better. */
function asTheGuardSaw(outcome: FetchOutcome, connections: readonly Connection[]): FetchOutcome {
  const refused = connections.find((connection) => connection.refused !== null)?.refused;
  if (outcome.kind !== "failed" || typeof refused !== "string") return outcome;
  if (!["forbidden", "server-error", "downloader-failed"].includes(outcome.failure.code)) return outcome;
  return { ...outcome, failure: failureOf(/private|port/.test(refused) ? "private-address" : "network") };
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

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
