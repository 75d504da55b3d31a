import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { failureOf } from "../../src/core/capture/failure-codes.js";
import { showCapture } from "../../src/search/show.js";
import { fetchVideo } from "../../src/tools/download/yt-dlp.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { languages, previewBytes } from "../support/site-extras.js";
import { temporaryFolder } from "../support/vaults.js";
import { requestFor, smallBounds, testDownloader } from "../support/yt-dlp.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;

const paths = [
  "/extras/page/good.jpg",
  "/extras/page/none.jpg",
  "/extras/page/cut.jpg",
  "/extras/page/good.php",
  "/extras/page/good.mp4",
  "/extras/subtitles/9",
  "/extras/subtitles/1",
  "/extras/expired",
  "/extras/guarded",
];
const given = new Map<string, CaptureResult>();

beforeAll(async () => {
  mkdirSync(clips);
  makeSiteClips(clips);
  site = await openSite({ clips });
  const urls = paths.map((path) => `${site.url}${path}`);
  const words = ["archive", "--json", "--vault", vault, "--subs-langs", "kk,ru,en", ...urls];
  const { lines, stderr } = await holdfast(words);
  const results = lines as unknown as CaptureResult[];
  expect(
    results.map(({ url }) => url),
    stderr,
  ).toEqual(urls);
  for (const [at, path] of paths.entries()) given.set(path, results[at] as CaptureResult);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

const of = (path: string) => {
  const result = given.get(path);
  if (result === undefined) throw new Error(`nothing of ${path}`);
  return result;
};
const record = (path: string) => {
  const { record: found } = showCapture(vault, of(path).id ?? "");
  if (found === null) throw new Error(`no record of ${path}`);
  return found;
};
const original = (path: string) => of(path).files.find((file) => file.path.startsWith("original/"))?.sha256;
const roleOf = (path: string, role: string) => of(path).files.filter((file) => file.role === role);
function stored(path: string, logical: string): Buffer {
  const object = join(vault, of(path).object ?? "");
  const places = readdirSync(object).map((version) => join(object, version, "content", logical));
  return readFileSync(places.find(existsSync) ?? "");
}
const clipDigest = () => sha256(readFileSync(join(clips, "clip.mp4")));

describe("the preview picture", () => {
  it("is kept as a source, as the site sent it", () => {
    const pictures = roleOf("/extras/page/good.jpg", "thumbnail");
    expect(pictures.map(({ path }) => path)).toEqual(["source/thumbnail.jpg"]);
    expect(stored("/extras/page/good.jpg", "source/thumbnail.jpg")).toEqual(previewBytes);
    expect(record("/extras/page/good.jpg").requests.map(({ url }) => url)).toContain(
      `${site.url}/extras/picture/good.jpg`,
    );
  });

  it.each(paths.filter((path) => /page\/(?!good.jpg)/.test(path)))(
    "is never a reason to fail, nor taken for the clip: %s",
    (path) => {
      expect(of(path).status).toBe("captured");
      expect(original(path)).toBe(clipDigest());
      expect(roleOf(path, "thumbnail")).toEqual([]);
    },
  );

  it.each(["slow.jpg", "endless.jpg"])(
    "that does not end leaves the clip its turn without it: %s",
    async (name) => {
      const program = await testDownloader();
      if (!program) throw new Error("there is no yt-dlp");
      const request = requestFor(program, `${site.url}/extras/page/${name}`, folder.path, {
        thumbnail: true,
        bounds: {
          ...smallBounds,
          // The look-up may take its time until the picture is asked for, and not a moment longer.
          get lookUpMs() {
            const asked = site.requests.some(({ path }) => path === `/extras/picture/${name}`);
            return asked ? 0 : smallBounds.wallMs;
          },
        },
      });
      const outcome = await fetchVideo(request);
      expect(outcome).toMatchObject({ kind: "failed", remedy: "without-extras", partialTracks: [] });
    },
  );
});

describe("subtitles", () => {
  it("of sixty come in the languages that were named, with their regional forms, and no other is asked for", () => {
    expect(languages).toHaveLength(60);
    const asked = site.requests.filter(({ path }) => path.startsWith("/extras/track/9/"));
    expect(asked).toHaveLength(4);
    const names = roleOf("/extras/subtitles/9", "subtitle").map(({ path }) =>
      path.replace(/^.*subtitle-\d+\./, ""),
    );
    expect(names.sort()).toEqual(["en-US.vtt", "en.vtt", "kk.vtt", "ru.vtt"]);
  });

  it("that a site refuses after some leave those that came and the clip, and the record says so", () => {
    const path = "/extras/subtitles/1";
    expect(of(path).status).toBe("captured");
    expect(original(path)).toBe(clipDigest());
    expect(roleOf(path, "subtitle")).toHaveLength(1);
    const { warnings, requests, runs } = record(path);
    expect(warnings).toContain(
      "1 of the subtitles came, the others could not be downloaded: the site asks to slow down (429)",
    );
    expect(requests.filter(({ url }) => url.endsWith(".vtt")).map(({ status }) => status)).toEqual([
      200, 429,
    ]);
    expect(runs).toHaveLength(2);
  });
});

it("a page that lets in only browsers is asked once more as a browser asks, where yt-dlp can", () => {
  const { status, reason } = of("/extras/guarded");
  const asked = site.requests.filter(({ path }) => path === "/extras/guarded");
  const imitated = asked.filter(({ headers }) => headers["sec-ch-ua"] !== undefined);
  if (imitated.length === 0) {
    expect([status, reason]).toEqual(["failed", failureOf("impersonation-missing").reason]);
    return;
  }
  expect(status, String(reason)).toBe("captured");
  const { runs } = record("/extras/guarded");
  expect(runs.map(({ argv }) => argv.includes("--extractor-args=generic:impersonate"))).toEqual([
    false,
    true,
  ]);
});

it("an address of the media that has expired is looked up once more", () => {
  expect(of("/extras/expired").status).toBe("captured");
  expect(original("/extras/expired")).toBe(clipDigest());
  expect(record("/extras/expired").runs).toHaveLength(2);
});
