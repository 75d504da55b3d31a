import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { mappedTools } from "../support/mapped-downloader.js";
import { openSite, type Routes, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { type TelegramPart, telegramPage } from "../support/telegram-pages.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;
let tools: string;

const kinds = (...kinds: readonly TelegramPart["kind"][]): TelegramPart[] =>
  kinds.map((kind, at) => ({ id: 10 + at, kind }));
/** Each channel has one post, with number 10. */
const posts: Readonly<Record<string, readonly TelegramPart[]>> = {
  one: kinds("video"),
  album: kinds("video", "photo", "video"),
  photofirst: kinds("photo", "video"),
  photosfirst: kinds("photo", "video", "video"),
  large: kinds("large"),
  photo: kinds("photo", "file"),
  gone: [],
};
const clipOf: Readonly<Record<string, string>> = { "10": "clip.mp4", "11": "part-1.mp4", "12": "part-2.mp4" };

/** Any part of an album shows the whole album. */
const routes: Routes = {
  ...Object.fromEntries(
    Object.entries(posts).map(([channel, parts]) => [
      `/${channel}/`,
      ({ response }: Parameters<Routes[string]>[0]) => {
        response.setHeader("content-type", "text/html; charset=utf-8").end(telegramPage(channel, parts));
      },
    ]),
  ),
  "/file/": ({ request, response, clips: at }) => {
    const [, id = "", kind] = /\/file\/(\d+)\.(\w+)/.exec(request.url ?? "") ?? [];
    const bytes = kind === "mp4" ? readFileSync(join(at, clipOf[id] ?? "")) : Buffer.from("no picture");
    response.setHeader("content-type", kind === "mp4" ? "video/mp4" : "image/jpeg");
    response.setHeader("content-length", bytes.length).end(bytes);
  },
};

beforeAll(async () => {
  mkdirSync(clips);
  makeSiteClips(clips);
  site = await openSite({ clips, routes });
  tools = mappedTools(folder.path, site.url);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

/** What one command asks, with how many results each address gives. */
const asked = [
  ["t.me/one/10", 1],
  ["https://t.me/s/one/10", 1],
  ["https://telegram.me/one/10", 1],
  ["https://t.me/album/10", 2],
  ["https://t.me/album/12?single", 1],
  ["https://t.me/photofirst/10", 1],
  ["https://t.me/photosfirst/10", 2],
  ["https://t.me/large/10", 1],
  ["https://t.me/photo/10", 1],
  ["https://t.me/gone/10", 1],
] as const;
/** Other spellings of an album among those, asked for once it is captured. */
const spelt = ["https://T.ME/album/10/", "https://t.me/s/album/10"];
const given = new Map<string, readonly CaptureResult[]>();
const of = (url: (typeof asked)[number][0]) => given.get(url) ?? [];
const statuses = (results: readonly CaptureResult[]) => results.map(({ status }) => status);

const digestOf = (id: string) => sha256(readFileSync(join(clips, clipOf[id] ?? "")));
const originals = (results: readonly CaptureResult[]) =>
  results.map(({ files }) => files.find(({ path }) => path.startsWith("original/"))?.sha256);

describe("a Telegram post", () => {
  beforeAll(async () => {
    const urls = asked.map(([url]) => url);
    const words = ["archive", "--json", "--vault", vault, ...urls];
    const { lines, status, stderr } = await holdfast(words, { HOLDFAST_TOOLS: tools });
    const results = lines as unknown as CaptureResult[];
    expect([status, results.length], stderr).toEqual([4, asked.reduce((sum, [, count]) => sum + count, 0)]);
    for (const [url, count] of asked) given.set(url, results.splice(0, count));
  });

  it("with one video is one capture, under any of its spellings", () => {
    expect(statuses(of("t.me/one/10"))).toEqual(["captured"]);
    expect(originals(of("t.me/one/10"))).toEqual([digestOf("10")]);
    expect(statuses(of("https://t.me/s/one/10"))).toEqual(["already-captured"]);
    expect(statuses(of("https://telegram.me/one/10"))).toEqual(["already-captured"]);
  });

  it("with several videos is a capture of each, with the post as parent, and it is said what was no video", () => {
    const results = of("https://t.me/album/10");
    expect(statuses(results)).toEqual(["captured", "captured"]);
    expect(originals(results)).toEqual([digestOf("10"), digestOf("12")]);
    for (const [at, { id }] of results.entries())
      expect(showCapture(vault, id ?? "").record).toMatchObject({
        parent: { url: "https://t.me/album/10", index: at + 1 },
        warnings: expect.arrayContaining(["the post also has 1 photo, which holdfast did not fetch"]),
      });
  });

  it.each(spelt)(
    "with several videos is found under another spelling, every one of them: %s",
    async (url) => {
      const { lines } = await holdfast(["archive", "--json", "--vault", vault, url], {
        HOLDFAST_TOOLS: tools,
      });
      expect(lines.map(({ status, id }) => [status, id])).toEqual(
        of("https://t.me/album/10").map(({ id }) => ["already-captured", id]),
      );
    },
  );

  it("of which one video was named alone is that one, and it is said that there are others", () => {
    const [result] = of("https://t.me/album/12?single");
    expect(statuses(of("https://t.me/album/12?single"))).toEqual(["captured"]);
    expect(originals(of("https://t.me/album/12?single"))).toEqual([digestOf("12")]);
    expect(result?.left_out).toBe(
      "the post also has 1 other video and 1 photo, which holdfast did not fetch",
    );
    expect(of("https://t.me/photosfirst/10").map(({ left_out }) => left_out)).toEqual(
      Array(2).fill("the post also has 1 photo, which holdfast did not fetch"),
    );
  });

  it.each([
    ["https://t.me/album/10", "number 1 of 2 of the post"],
    ["https://t.me/photosfirst/10", "1 format; a capture takes"],
    ["https://t.me/large/10", "holdfast import FILE"],
    ["https://t.me/gone/10", "there is nothing at this address"],
  ])("is what holdfast formats says of it, as a capture would: %s", async (url, words) => {
    const { stderr } = await holdfast(["formats", url], { HOLDFAST_TOOLS: tools });
    expect(stderr).toContain(words);
  });

  it("that begins with a photo loses none of its videos, be it one or more", () => {
    expect(originals(of("https://t.me/photofirst/10"))).toEqual([digestOf("11")]);
    expect(originals(of("https://t.me/photosfirst/10"))).toEqual(["11", "12"].map(digestOf));
  });

  it.each([
    ["https://t.me/large/10", "not-on-web", "get the file with Telegram's app, then: holdfast import FILE"],
    ["https://t.me/photo/10", "no-video", "copy the address of the post or the video itself"],
    [
      "https://t.me/gone/10",
      "not-found",
      "check the post in Telegram: a private channel has no public page; get the file with Telegram's app, then: holdfast import FILE",
    ],
  ] as const)("of which no video can be had says so: %s is %s", (url, code, hint) => {
    const [result] = of(url);
    expect([result?.status, result?.hint]).toEqual(["failed", hint]);
    const [entry] = showCapture(vault, result?.id ?? "").entries;
    expect(JSON.parse(entry?.line ?? "{}").body.failure.code).toBe(code);
  });
});
