import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Downloader, FetchOutcome } from "../../src/tools/download/fetch-types.js";
import type { KeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { fetchVideo } from "../../src/tools/download/yt-dlp.js";
import { openEgressGuard } from "../../src/tools/network/egress-guard.js";
import type { Figures, Round } from "../soak/rounds.ts";
import { type FaultySite, type Layout, layouts } from "../support/faulty-site.ts";
import { requestFor, smallBounds } from "../support/yt-dlp.ts";

/**
 * What one attempt is to be called, by layout: the failure, or `media` and how whole it is by lengths alone; one of several
 * where yt-dlp's handlers of requests differ.
 */
type Expected = Readonly<Record<Layout, string>>;

/** A piece that broke off is asked for anew: from its first byte, which is whole, or from the next, which is no one file. */
const again = "media whole | cut-short but whole";

const all = (words: string): Expected => ({ http: words, hls: words, dash: words });
/** A piece that is refused breaks a stream off; of a clip in one piece there is nothing. */
const refused = (words: string): Expected => ({ ...all("cut-short"), http: words });

/** Every fault, and two that are none. An attempt that broke off may be made again; what is too large, or unsafe, may not. */
const expected: Readonly<Record<string, Expected>> = {
  none: all("media whole"),
  "TLS: good": all("media unknown"),
  "cut, length right": all("cut-short"),
  "cut, no length": all("media unknown"),
  "cut, chunked": all("cut-short"),
  // The lengths agree; the guard has seen that more came.
  "length too small": all("media whole, more came"),
  "length too large": all("cut-short"),
  reset: all("cut-short"),
  "slow body": all("stalled"),
  "slow header": { ...all("stalled"), http: "timed-out" },
  endless: all("too-large"),
  "redirect loop": refused("server-error"),
  "404": refused("not-found"),
  "410": refused("gone"),
  "429, seconds": refused("rate-limited"),
  "429, date": refused("rate-limited"),
  "429, 10^9": refused("rate-limited"),
  "429, garbage": refused("rate-limited"),
  // A stream's pieces are asked for again at once.
  "503 twice, then good": { ...all("media whole"), http: "server-error" },
  "garbage instead of HTTP": all("server-error"),
  "gzip bomb": all("too-large"),
  "other content on retry": { ...all(again), http: "cut-short" },
  "TLS: self-signed": all("tls"),
  "TLS: expired": all("tls"),
  "TLS: wrong host": all("tls"),
  "TLS: TLS 1.0": all("tls"),
};

const askedToWait: Readonly<Record<string, string>> = {
  "429, seconds": "120",
  "429, date": "Wed, 01 Jan 2031 00:00:00 GMT",
  "429, 10^9": "1000000000",
  "429, garbage": "soon, \u00ff maybe",
};

/** On a busy machine everything is slow: only what is slow by itself is waited for no longer than this. */
const impatient = { ...smallBounds, lookUpMs: 10_000, stallMs: 3000 };

const atOnce = 4;

/** Every fault but a good certificate of a root that curl-cffi cannot be told of. */
export const faultsForImitation: readonly Case[] = Object.keys(expected)
  .filter((fault) => fault !== "TLS: good")
  .flatMap((fault) => layouts.map((layout) => [fault, layout] as const));

/** A fault of the table in one of the layouts. */
export type Case = readonly [fault: string, layout: Layout];

const everyCase: readonly Case[] = Object.keys(expected).flatMap((fault) =>
  layouts.map((layout) => [fault, layout] as const),
);

/**
 * A trial that meets every fault in every layout, or some alone, in an order of the round, by a yt-dlp that stays loaded;
 * each attempt has a guard of its own, and yt-dlp the options `further`. It throws where one is not called what it is.
 */
export function networkFaults(
  program: Downloader,
  kept: KeptYtDlp,
  site: FaultySite,
  further: readonly string[] = [],
): (round: Round, some?: readonly Case[]) => Promise<Figures> {
  const attempt = async (layout: Layout, fault: string): Promise<Met> => {
    const guard = await openEgressGuard({ allowPrivate: true, upstream: null });
    const base = mkdtempSync(join(tmpdir(), "holdfast-faults-"));
    try {
      const outcome = await fetchVideo(
        requestFor(program, site.address(layout, fault), base, {
          proxy: guard.url,
          run: (request) =>
            kept.run({
              ...request,
              argv: ["--compat-options=no-certifi", ...further, ...request.argv],
              env: { SSL_CERT_FILE: site.rootFile },
            }),
          bounds: fault.startsWith("slow ") ? impatient : smallBounds,
        }),
      );
      const surplus = guard.connections.some((connection) => connection.surplus);
      const name = `${nameOf(outcome)}${surplus ? ", more came" : ""}${waitWords(outcome, fault)}`;
      const { endedBy, exitCode, signal } = outcome.run;
      return { name, details: [endedBy, exitCode, signal, ...outcome.warnings].join("; ") };
    } finally {
      await guard.close();
      rmSync(base, { recursive: true });
    }
  };
  return (round, some = everyCase) => meetAll(round, some, attempt);
}

/** What an attempt was called, and what a person wants to see where it was called something else. */
interface Met {
  readonly name: string;
  readonly details: string;
}

function nameOf(outcome: FetchOutcome): string {
  const { kind, transfer } = outcome;
  if (kind !== "failed") return `${kind} ${transfer.verdict}`;
  return `${outcome.failure.code}${transfer.verdict === "incomplete" ? "" : ` but ${transfer.verdict}`}`;
}

/** A queue must hear of a busy server, whichever piece of the clip it was. */
function waitWords({ retryAfter, lastStatus }: FetchOutcome, fault: string): string {
  const wanted = askedToWait[fault];
  if (wanted === undefined || (retryAfter === wanted && lastStatus === 429)) return "";
  return `, asked to wait ${retryAfter} by ${lastStatus}`;
}

async function meetAll(
  { random }: Round,
  some: readonly Case[],
  attempt: (layout: Layout, fault: string) => Promise<Met>,
): Promise<Figures> {
  const cases = some
    .map(([fault, layout]) => ({ fault, layout, place: random() }))
    .sort((a, b) => a.place - b.place);
  const count = cases.length;
  const wrong: string[] = [];
  const meetNext = async () => {
    for (let next = cases.pop(); next; next = cases.pop()) {
      const { fault, layout } = next;
      const { name, details } = await attempt(layout, fault);
      const wanted = expected[fault]?.[layout];
      if (!wanted?.split(" | ").includes(name))
        wrong.push(`${fault}, ${layout}: ${name} instead of ${wanted} (${details})`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, meetNext));
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return { attempts: count };
}
