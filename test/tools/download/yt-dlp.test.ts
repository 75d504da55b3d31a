import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  FetchedMedia,
  FetchedTrack,
  FetchOutcome,
  FetchProgress,
} from "../../../src/tools/download/fetch-types.ts";
import { openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { fetchVideo, listEntries } from "../../../src/tools/download/yt-dlp.ts";
import { openEgressGuard } from "../../../src/tools/network/egress-guard.ts";
import { run } from "../../../src/tools/run/run.ts";
import { openSite, type Site } from "../../support/site.ts";
import { makeSiteClips } from "../../support/site-clips.ts";
import { clipBytes } from "../../support/site-files.ts";
import { subtitles, titleOf } from "../../support/site-pages.ts";
import { encryptedSegment, hlsSegments } from "../../support/site-streams.ts";
import { type RequestChange, requestFor, scratchFolder, testDownloader } from "../../support/yt-dlp.ts";

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

async function fetchedMedia(path: string, change: RequestChange = {}): Promise<FetchedMedia> {
  const outcome = await fetched(path, change);
  if (outcome.kind !== "media") throw new Error(`no media but ${JSON.stringify(outcome, null, 1)}`);
  return outcome;
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const digest = (path: string) => sha256(readFileSync(path));
const served = (name: string) => sha256(clipBytes(clips, name));
const segmentDigests = (track: FetchedTrack | undefined) =>
  track?.segments?.map((segment) => digest(segment.path));

describe.skipIf(!program)("what is stored equals what was served, byte for byte", () => {
  test("a progressive file, by a process of its own", async () => {
    const { tracks, transfer } = await fetchedMedia("/clips/clip.mp4", { run });
    expect(tracks).toHaveLength(1);
    expect(tracks[0]).toMatchObject({ name: "track-1.mp4", receivedAs: "clip.mp4", segments: null });
    expect(tracks[0]?.announcedBytes).toBe(clipBytes(clips, "clip.mp4").length);
    expect(digest(tracks[0]?.path ?? "")).toBe(served("clip.mp4"));
    expect(transfer.verdict).toBe("whole");
  });

  test("a file without an announced length, which is never called whole", async () => {
    const { tracks, transfer } = await fetchedMedia("/chunked.mp4");
    expect(digest(tracks[0]?.path ?? "")).toBe(served("clip.mp4"));
    expect(transfer.verdict).toBe("unknown");
  });

  test("audio alone", async () => {
    const { tracks } = await fetchedMedia("/clips/audio.mp3");
    expect(tracks[0]?.name).toBe("track-1.mp3");
    expect(digest(tracks[0]?.path ?? "")).toBe(served("audio.mp3"));
  });

  test.each(["json-ld", "og", "video", "removed-words"])(
    "a page with the video embedded: %s",
    async (page) => {
      const outcome = await fetchedMedia(`/page/${page}`);
      expect(digest(outcome.tracks[0]?.path ?? "")).toBe(served("clip.mp4"));
      expect(outcome.transfer.verdict).toBe("whole");
      expect(outcome.pages.map((one) => one.role)).toEqual(["html_source"]);
    },
  );

  test("an HLS stream: every segment, and the joined file is their plain sequence", async () => {
    const { tracks, transfer, pages } = await fetchedMedia("/hls/master.m3u8");
    expect(tracks.map((track) => track.name)).toEqual(["track-1.ts"]);
    expect(segmentDigests(tracks[0])).toEqual(hlsSegments.map((name) => served(`hls/${name}`)));
    const joined = Buffer.concat(hlsSegments.map((name) => clipBytes(clips, `hls/${name}`)));
    expect(digest(tracks[0]?.path ?? "")).toBe(sha256(joined));
    expect(transfer.verdict).toBe("whole");
    expect(pages.map((one) => one.role)).toEqual(["manifest", "manifest"]);
  });

  test("an encrypted HLS stream: the segments stay as they came", async () => {
    const { tracks } = await fetchedMedia("/hls/encrypted.m3u8");
    expect(segmentDigests(tracks[0])).toEqual(
      [0, 1, 2].map((index) => sha256(encryptedSegment(clips, index))),
    );
    const joined = Buffer.concat(hlsSegments.map((name) => clipBytes(clips, `hls/${name}`)));
    expect(digest(tracks[0]?.path ?? "")).toBe(sha256(joined));
  });

  test("picture and sound apart, as whole files", async () => {
    const { tracks, transfer } = await fetchedMedia("/dash/whole.mpd");
    expect(tracks.map((track) => track.name)).toEqual(["track-1.mp4", "track-2.m4a"]);
    expect(tracks.map((track) => digest(track.path))).toEqual([
      served("dash/picture.mp4"),
      served("dash/sound.m4a"),
    ]);
    expect(transfer.verdict).toBe("whole");
  });

  test("picture and sound apart, in segments", async () => {
    const { tracks, transfer } = await fetchedMedia("/dash/segments/manifest.mpd");
    const names = readdirSync(join(clips, "dash/segments")).sort();
    for (const [index, stream] of ["stream0", "stream1"].entries()) {
      const init = names.filter((name) => name.startsWith(`init-${stream}`));
      const chunks = names.filter((name) => name.startsWith(`chunk-${stream}`));
      const all = [...init, ...chunks].map((name) => served(`dash/segments/${name}`));
      expect(segmentDigests(tracks[index])).toEqual(all);
    }
    expect(transfer.verdict).toBe("whole");
  });
});

describe.skipIf(!program)("how it was fetched", () => {
  test("every redirect is listed, without the visitor's address", async () => {
    const outcome = await fetchedMedia("/redirect/chain");
    expect(outcome.redirects).toEqual([
      `${site.url}/redirect/chain`,
      `${site.url}/redirect/second?ip=[cut]`,
      `${site.url}/page/video`,
    ]);
    expect(outcome.finalUrl).toBe(`${site.url}/page/video`);
    expect(outcome.exchanges.map((one) => one.status)).toEqual([302, 302, 200, 200, 200]);
  });

  test("a length is found behind a redirect of the media itself", async () => {
    const { tracks, transfer } = await fetchedMedia("/redirect/media.mp4");
    expect(tracks[0]?.announcedBytes).toBe(clipBytes(clips, "clip.mp4").length);
    expect(transfer.verdict).toBe("whole");
  });

  test("through the egress guard the same bytes come and the same addresses are reported", async () => {
    const guard = await openEgressGuard({ allowPrivate: true, upstream: null });
    const outcome = await fetchedMedia("/page/video", { proxy: guard.url });
    await guard.close();
    expect(digest(outcome.tracks[0]?.path ?? "")).toBe(served("clip.mp4"));
    expect(outcome.transfer.verdict).toBe("whole");
    expect(outcome.redirects).toEqual([`${site.url}/page/video`]);
    expect(outcome.exchanges.map((one) => one.url)).toEqual([
      `${site.url}/page/video`,
      `${site.url}/clips/clip.mp4`,
    ]);
    expect(guard.connections.every((one) => one.refused === null)).toBe(true);
    expect(guard.connections.length).toBeGreaterThan(0);
  });

  test("progress counts up to the whole length", async () => {
    const seen: FetchProgress[] = [];
    await fetchedMedia("/clips/clip.mp4", { onProgress: (progress) => seen.push(progress) });
    expect(seen[seen.length - 1]?.total).toBe(clipBytes(clips, "clip.mp4").length);
    expect(seen[seen.length - 1]?.done).toBe(clipBytes(clips, "clip.mp4").length);
  });

  test("subtitles come only when they are asked for, as served", async () => {
    expect((await fetchedMedia("/page/subtitles")).subtitles).toEqual([]);
    const asked = await fetchedMedia("/page/subtitles", { subtitles: ["kk"] });
    expect(asked.subtitles.map((one) => one.name)).toEqual(["subtitle-1.kk.vtt"]);
    expect(readFileSync(asked.subtitles[0]?.path ?? "", "utf8")).toBe(subtitles);
    expect(asked.transfer.verdict).toBe("whole");
  });

  // Each by itself where it may end the line or the text, the others in one title.
  test.each(["kazakh,russian,arabic,emoji,ansi,path", "newlines", "surrogate", "long"])(
    "a hostile title stays in the metadata and out of every path: %s",
    async (name) => {
      const { tracks, infoJson, run } = await fetchedMedia(`/page/title?case=${name}`);
      expect(tracks.map((track) => track.name)).toEqual(["track-1.mp4"]);
      expect(run.stdout).toHaveLength(0);
      expect(JSON.parse(readFileSync(infoJson?.path ?? "", "utf8")).title).toBe(titleOf(name));
    },
  );
});

describe.skipIf(!program)("a page or list with several videos", () => {
  test("the first is fetched and the list is named", async () => {
    const { tracks, list } = await fetchedMedia("/page/several");
    expect(list).toEqual({ title: "three", items: 3 });
    expect(digest(tracks[0]?.path ?? "")).toBe(served("part-1.mp4"));
  });

  test("the n-th is fetched when it is asked for", async () => {
    const { tracks } = await fetchedMedia("/page/several", { item: 3 });
    expect(tracks).toHaveLength(1);
    expect(digest(tracks[0]?.path ?? "")).toBe(served("part-3.mp4"));
  });

  test("a list of addresses downloads nothing", async () => {
    const outcome = await fetched("/rss.xml");
    expect(outcome.kind).toBe("list");
    expect(outcome).toMatchObject({ list: { title: "Канал", items: 3 } });
  });

  const list = async (path: string, limit: number) => {
    if (!program || !kept) throw new Error("there is no yt-dlp");
    const { url, folder, ...request } = requestFor(program, site.url + path, scratch, { run: kept.run });
    return listEntries({ ...request, url, folder, limit });
  };

  test("its entries are listed up to a limit", async () => {
    const outcome = await list("/rss.xml", 2);
    expect(outcome).toMatchObject({
      kind: "list",
      title: "Канал",
      entries: [
        { index: 1, url: `${site.url}/page/json-ld`, title: "Entry json-ld", embedded: false },
        { index: 2, url: `${site.url}/page/og`, title: "Entry og", embedded: false },
      ],
    });
  });

  test("embedded videos have no address of their own", async () => {
    const outcome = await list("/page/several", 10);
    if (outcome.kind !== "list") throw new Error("not a list");
    expect(outcome.entries.map((entry) => [entry.index, entry.url, entry.embedded])).toEqual(
      [1, 2, 3].map((index) => [index, `${site.url}/page/several`, true]),
    );
  });

  test("a list that is not there is a failure with its reason", async () => {
    expect(await list("/status/404", 5)).toMatchObject({ kind: "failed", failure: { code: "not-found" } });
  });
});
