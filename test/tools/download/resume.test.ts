import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FetchOutcome } from "../../../src/tools/download/fetch-types.ts";
import { openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { fetchVideo } from "../../../src/tools/download/yt-dlp.ts";
import { openSite, type Site } from "../../support/site.ts";
import { makeSiteClips } from "../../support/site-clips.ts";
import { clipBytes } from "../../support/site-files.ts";
import { type RequestChange, requestFor, scratchFolder, testDownloader } from "../../support/yt-dlp.ts";

const program = await testDownloader();
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

async function fetched(ways: string, change: RequestChange = {}): Promise<FetchOutcome> {
  if (!program || !kept) throw new Error("there is no yt-dlp");
  const url = `${site.url}/drops/${ways}/clip.mp4`;
  return fetchVideo(requestFor(program, url, scratch, { run: kept.run, ...change }));
}

/** The first bytes that were asked for, request by request. */
const asked = (ways: string) =>
  site.requests
    .filter(({ path, method }) => path === `/drops/${ways}/clip.mp4` && method === "GET")
    .map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range as string)?.[1] ?? 0));

describe.skipIf(!program)(
  "a line that drops is continued where the parts are shown to be of one file",
  () => {
    test.each([
      ["etag", 'the ETag "first"'],
      ["modified", "the Last-Modified Tue, 04 Aug 2026 10:00:00 GMT"],
      ["etag,busy", 'the ETag "first"'],
    ])("%s: the file comes whole in one attempt, and the record says what shows it", async (ways, shown) => {
      const outcome = await fetched(ways);
      const whole = clipBytes(clips, "clip.mp4");
      expect(outcome).toMatchObject({ kind: "media", transfer: { verdict: "whole" } });
      if (outcome.kind !== "media") return;
      expect(readFileSync(outcome.tracks[0]?.path ?? "").equals(whole)).toBe(true);
      const resumed = asked(ways).filter((from) => from > 0);
      expect(resumed.length).toBeGreaterThan(1);
      expect(outcome.transfer.grounds.join("\n")).toContain(
        `every answer states ${shown} and the total length`,
      );
      expect(outcome.exchanges.filter(({ status }) => status === 206).length).toBeGreaterThan(1);
    });
  },
);

describe.skipIf(!program)("a line that drops is not continued where nothing would show one file", () => {
  test.each(["none", "weak", "etag,whole", "etag,416"])(
    "%s: what came is kept as cut short",
    async (ways) => {
      const outcome = await fetched(ways);
      expect(outcome).toMatchObject({
        kind: "failed",
        failure: { code: "cut-short", retry: true },
        remedy: ways.includes("416") ? "fresh-start" : null,
      });
      if (outcome.kind !== "failed") return;
      const whole = clipBytes(clips, "clip.mp4");
      for (const track of outcome.partialTracks)
        expect(readFileSync(track.path).equals(whole.subarray(0, track.bytes))).toBe(true);
      expect(asked(ways).length).toBeLessThan(5);
    },
  );

  test("a file that is another one when the rest is asked for is never kept as one", async () => {
    const outcome = await fetched("etag,changing");
    expect(outcome).toMatchObject({ kind: "failed", remedy: "fresh-start", partialTracks: [] });
    if (outcome.kind !== "failed") return;
    expect(outcome.failure.reason).toMatch(/ETag, Last-Modified and total length do not agree/);
  });

  test("nothing is continued in an attempt that may not", async () => {
    const before = asked("etag").length;
    const outcome = await fetched("etag", { resume: false });
    expect(outcome).toMatchObject({ kind: "failed", failure: { code: "cut-short" }, remedy: null });
    expect(
      asked("etag")
        .slice(before)
        .every((from) => from === 0),
    ).toBe(true);
  });
});
