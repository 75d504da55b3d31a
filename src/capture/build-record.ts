import type { CaptureId } from "../audit/digest.js";
import { siteDoubts } from "../core/capture/clock-doubts.js";
import { buildElements } from "../core/capture/elements.js";
import type { ClockCheck, HttpExchange, ParentList } from "../core/capture/record.js";
import type { AnnexFacts } from "../vault/annex.js";
import type { World } from "../world.js";
import type { Fetched, FetchTrace } from "./fetch-attempts.js";
import type { Evidence } from "./gather-evidence.js";
import { collectorFacts, type Resources } from "./resources.js";
import type { RecordFacts } from "./store-capture.js";

interface Fetch {
  readonly capture: CaptureId;
  /** The target in a form that may be shown. */
  readonly url: string;
  readonly parent: ParentList | null;
  readonly startedAt: Date;
  /** The monotonic clock at the start, in milliseconds. */
  readonly startedMs: number;
  readonly fetched: Fetched;
  readonly evidence: Evidence;
}

/** Everything in the record of a fetched capture except its files. */
export function captureFacts(
  fetch: Fetch,
  resources: Resources,
  world: World,
  asked: { readonly comments: boolean },
): RecordFacts {
  const { fetched, evidence } = fetch;
  const { outcome } = fetched;
  const endedAt = world.now();
  const whole = outcome.kind === "media" && outcome.transfer.verdict !== "incomplete";
  return {
    capture: fetch.capture,
    method: "ytdlp",
    status: whole ? "captured" : "incomplete",
    started_at: fetch.startedAt.toISOString(),
    ended_at: endedAt.toISOString(),
    elapsed_ms: Math.round(world.monotonic() - fetch.startedMs),
    clock: withSiteDoubts(resources.clock, outcome.exchanges, fetch.startedAt, endedAt),
    requested_url: fetch.url,
    final_url: outcome.finalUrl,
    redirects: outcome.redirects,
    claimed_url: null,
    parent: fetch.parent,
    source: evidence.source,
    requests: outcome.exchanges,
    completeness: outcome.transfer,
    rendition: outcome.rendition,
    elements: (files) =>
      buildElements({
        method: "ytdlp",
        files,
        commentsAsked: asked.comments,
        commentsCame: evidence.comments,
        whole,
        urlClaimedBy: null,
      }),
    alterations: evidence.alterations,
    runs: fetched.runs,
    software: resources.software,
    redactions: evidence.redactions,
    warnings: [
      ...evidence.warnings,
      ...(outcome.kind === "failed"
        ? [`every attempt failed; the attempt that received the most is kept: ${outcome.failure.reason}`]
        : []),
    ],
  };
}

/** The clock as it was examined before the fetch, and what the site's own dates say against it. */
function withSiteDoubts(
  clock: ClockCheck,
  exchanges: readonly HttpExchange[],
  start: Date,
  end: Date,
): ClockCheck {
  const doubts = siteDoubts(
    exchanges.map(({ date }) => date),
    start,
    end,
  );
  if (doubts.length === 0) return clock;
  return { ...clock, contradicted_by: [...(clock.contradicted_by ?? []), ...doubts] };
}

/** The private annex of a fetch. `trace` is null if no program was started; `places` are added to the trace's own. */
export function fetchAnnex(
  capture: CaptureId,
  trace: FetchTrace | null,
  places: AnnexFacts["places"],
  raw: AnnexFacts["rawFiles"],
  resources: Resources,
  world: World,
  asked: { readonly proxy: string | null },
): AnnexFacts {
  return {
    capture,
    salt: Buffer.from(world.random(16)).toString("hex"),
    ...collectorFacts(),
    received_from: null,
    proxy: asked.proxy,
    cookies_sha256: trace?.cookiesDigest ?? null,
    places: { "<vault>": resources.vault.layout.root, ...trace?.places, ...places },
    connections: (trace?.connections ?? []).map(
      ({ at, host, port, address, bytesIn, bytesOut, refused }) => ({
        at,
        host,
        port,
        address,
        bytes_in: bytesIn,
        bytes_out: bytesOut,
        refused,
      }),
    ),
    rawFiles: raw,
  };
}
