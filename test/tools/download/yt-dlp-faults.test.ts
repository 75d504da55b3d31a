import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FetchFailed, FetchOutcome } from "../../../src/tools/download/fetch-types.ts";
import { openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { fetchVideo } from "../../../src/tools/download/yt-dlp.ts";
import { run } from "../../../src/tools/run/run.ts";
import { openSite, type Site } from "../../support/site.ts";
import { makeSiteClips } from "../../support/site-clips.ts";
import { clipBytes } from "../../support/site-files.ts";
import { until } from "../../support/until.ts";
import {
  type RequestChange,
  requestFor,
  scratchFolder,
  smallBounds,
  testDownloader,
} from "../../support/yt-dlp.ts";

const program = await testDownloader();
// A fork is in everything like a process of its own (kept-yt-dlp.test.ts), and there sooner.
const kept = program && openKeptYtDlp(program);
const { folder: scratch, clean } = scratchFolder();
const clips = join(scratch, "clips");
let site: Site;

beforeAll(async () => {
  if (program) makeSiteClips(clips);
  site = await openSite({ clips });
});

afterAll(async () => {
  await kept?.close();
  await site.close();
  clean();
});

async function fetched(path: string, change: RequestChange = {}): Promise<FetchOutcome> {
  if (!program || !kept) throw new Error("there is no yt-dlp");
  return fetchVideo(requestFor(program, site.url + path, scratch, { run: kept.run, ...change }));
}

async function failed(path: string, change: RequestChange = {}): Promise<FetchFailed> {
  const outcome = await fetched(path, change);
  if (outcome.kind !== "failed") throw new Error(`not failed but ${outcome.kind}`);
  return outcome;
}

describe.skipIf(!program)(
  "a source that yields no video is a failure with its reason, and nothing is kept",
  () => {
    test.each([
      ["/status/404", "not-found"],
      ["/status/410", "gone"],
      ["/status/403", "forbidden"],
      ["/page/login-401", "login-required"],
      ["/status/429", "rate-limited"],
      ["/status/451", "geo-blocked"],
      ["/status/503", "server-error"],
      ["/fault/words.mp4", "not-found"],
      ["/redirect/loop", "server-error"],
      ["/page/none", "no-video"],
      ["/fault/page.mp4", "not-media"],
      ["/fault/empty.mp4", "empty"],
      ["/hls/protected.m3u8", "drm"],
      ["/hls/live.m3u8", "live-stream"],
    ])("%s: %s", async (path, code) => {
      const outcome = await failed(path);
      expect(outcome.failure.code).toBe(code);
      expect(outcome.partialTracks).toEqual([]);
      expect(outcome.transfer.verdict === "whole").toBe(code === "not-media");
    });

    test("an address that leads to a login page, whose place is named and not what may be a token", async () => {
      const { failure } = await failed("/page/members");
      expect(failure.code).toBe("login-required");
      expect(failure.reason).toBe(
        `the site led to its login page, ${new URL(site.url).host}/accounts/login/`,
      );
    });

    test("an address that nobody answers", async () => {
      const gone = await openSite({ clips });
      await gone.close();
      if (!program || !kept) return;
      const outcome = await fetchVideo(
        requestFor(program, `${gone.url}/clip.mp4`, scratch, { run: kept.run }),
      );
      expect(outcome).toMatchObject({ kind: "failed", failure: { code: "network", retry: true } });
    });

    test("a format that is not offered", async () => {
      expect((await failed("/page/video", { format: "nosuchformat" })).failure.code).toBe(
        "format-unavailable",
      );
    });

    test("a file over the limit, announced", async () => {
      const outcome = await failed("/clips/clip.mp4", { bounds: { ...smallBounds, maxBytes: 10_000 } });
      expect(outcome.failure.code).toBe("too-large");
      expect(outcome.partialTracks).toEqual([]);
    });

    test("separate tracks that are over the limit together", async () => {
      const outcome = await failed("/dash/whole.mpd", { bounds: { ...smallBounds, maxBytes: 40_000 } });
      expect(outcome.failure.code).toBe("too-large");
      expect(outcome.partialTracks).toEqual([]);
    });

    test("an endless body without a length", async () => {
      const outcome = await failed("/fault/endless.mp4");
      expect(outcome.failure.code).toBe("too-large");
      expect(outcome.partialTracks).toEqual([]);
    });

    test("a program that is not there", async () => {
      const nowhere = { path: join(scratch, "no-such-program"), version: "2026.08.19" };
      const outcome = await fetchVideo(requestFor(nowhere, `${site.url}/clips/clip.mp4`, scratch));
      expect(outcome).toMatchObject({ kind: "failed", failure: { code: "downloader-missing" } });
    });

    test("an interrupt", async () => {
      const abort = new AbortController();
      const asked = (path: string) => site.requests.filter((one) => one.path === path).length;
      const before = asked("/fault/slow.mp4");
      void until(() => asked("/fault/slow.mp4") > before).then(() => abort.abort());
      const outcome = await failed("/fault/slow.mp4", { signal: abort.signal });
      expect(outcome.failure.code).toBe("interrupted");
      expect(outcome.partialTracks).toEqual([]);
    });
  },
);

describe.skipIf(!program)("a transfer that broke off is kept as what it is", () => {
  const clip = () => clipBytes(clips, "clip.mp4");

  test.each([
    ["cut-length", "cut-length", {}],
    ["cut-length, by a process of its own", "cut-length", { run }],
    ["cut-chunked", "cut-chunked", {}],
    ["reset", "reset", {}],
  ])("%s", async (_, fault, by) => {
    const outcome = await failed(`/fault/${fault}.mp4`, by);
    expect(outcome.failure).toMatchObject({ code: "cut-short", retry: true });
    expect(outcome.transfer.verdict).toBe("incomplete");
    const kept = readFileSync(outcome.partialTracks[0]?.path ?? "");
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(clip().subarray(0, kept.length))).toBe(true);
  });

  test("a stream with a missing segment keeps the segments that came", async () => {
    const outcome = await failed("/hls/missing.m3u8");
    expect(outcome.failure.code).toBe("cut-short");
    expect(outcome.partialTracks[0]?.segments).toHaveLength(1);
    expect(outcome.transfer.grounds).toContain("track-1.ts: 1 of 3 segments received");
  });

  test("a body that comes one byte at a time is ended as stalled", async () => {
    const outcome = await failed("/fault/slow.mp4", { bounds: { ...smallBounds, stallMs: 2000 } });
    expect(outcome.failure.code).toBe("stalled");
    expect(outcome.partialTracks[0]?.bytes).toBeGreaterThan(0);
  });
});

describe.skipIf(!program)("exit status 0 is no proof", () => {
  test("half a body without a length is never called whole", async () => {
    const outcome = await fetched("/fault/cut-no-length.mp4");
    expect(outcome.kind).toBe("media");
    expect(outcome.transfer.verdict).toBe("unknown");
  });
});

describe.skipIf(!program)("cookies", () => {
  test("are sent to the site and do not stand in what is reported", async () => {
    const cookiesFile = join(scratch, "cookies.txt");
    writeFileSync(
      cookiesFile,
      "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tsession\tCANARY-COOKIE-1\n",
    );
    const outcome = await fetched("/page/cookie", { cookiesFile });
    expect(outcome.kind).toBe("media");
    expect(
      site.requests.filter((one) => one.path === "/page/cookie").map((one) => one.headers.cookie),
    ).toEqual(["session=CANARY-COOKIE-1"]);
    const { argv: _, infoJson: __, pages: ___, ...reported } = outcome;
    const text = JSON.stringify(reported, (_key, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString() : value,
    );
    expect(text).not.toContain("CANARY-COOKIE-1");
  });
});
