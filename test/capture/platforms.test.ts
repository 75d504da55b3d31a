import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { mappedTools } from "../support/mapped-downloader.js";
import { instagramRoutes, tikTokRoutes, xRoutes, youTubeRoutes } from "../support/platform-pages.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;

const first = { clip: "part-1.mp4" };
const second = { clip: "part-2.mp4" };
const routes = {
  ...instagramRoutes({ ONE: [first], CAROUSEL: ["photo", first, "photo", second] }),
  ...xRoutes({ "1234567890123": ["photo", second, first] }),
  ...tikTokRoutes({ "7000000000000000001": "part-1.mp4" }),
  ...youTubeRoutes("dQw4w9WgXcQ"),
};
const addresses = {
  instagram: "https://www.instagram.com/p/ONE/",
  carousel: "https://instagram.com/p/CAROUSEL/",
  x: "https://x.com/witness/status/1234567890123",
  tikTok: "https://www.tiktok.com/@witness/video/7000000000000000001",
  youTube: "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
} as const;

interface Reached {
  readonly status: number;
  readonly results: readonly CaptureResult[];
}

async function archive(tools: string, urls: readonly string[], ...options: string[]): Promise<Reached> {
  const words = ["archive", "--json", "--vault", vault, ...options, ...urls];
  const { lines, status, stderr } = await holdfast(words, { HOLDFAST_TOOLS: tools });
  expect(lines.length, stderr).toBeGreaterThan(0);
  return { status, results: lines as unknown as CaptureResult[] };
}

/** The tools folder without what set-up adds for some sites. */
function bareTools(): string {
  const tools = mappedTools(join(folder.path, "bare"), site.url);
  rmSync(join(tools, "node"), { force: true });
  const lib = join(tools, "yt-dlp", "lib");
  for (const python of readdirSync(lib))
    rmSync(join(lib, python, "site-packages", "curl_cffi"), { recursive: true, force: true });
  return tools;
}

let full: Reached;
let tools: string;

beforeAll(async () => {
  mkdirSync(clips);
  makeSiteClips(clips);
  site = await openSite({ clips, routes });
  tools = mappedTools(folder.path, site.url);
  full = await archive(tools, Object.values(addresses));
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

const hasImpersonation = () =>
  readdirSync(join(tools, "yt-dlp", "lib")).some((python) =>
    readdirSync(join(tools, "yt-dlp", "lib", python, "site-packages")).includes("curl_cffi"),
  );
const of = (url: string) =>
  full.results.filter((result) => {
    const parent = result.id === null ? null : showCapture(vault, result.id).record?.parent;
    return result.url === url || parent?.url === url;
  });
const digestOf = ({ clip }: { readonly clip: string }) => sha256(readFileSync(join(clips, clip)));
const originals = (results: readonly CaptureResult[]) =>
  results.map(({ files }) => files.find(({ path }) => path.startsWith("original/"))?.sha256);

describe("posts of the platforms, on pages of ours that the real extractors read", () => {
  it("a clip of Instagram is captured without an account, where yt-dlp can look like a browser", (context) => {
    if (!hasImpersonation()) context.skip("this machine's package index has no curl_cffi");
    const results = of(addresses.instagram);
    expect(originals(results)).toEqual([digestOf(first)]);
    expect(results[0]).toMatchObject({ status: "captured", rendition: { grade: "best" } });
  });

  it("a carousel that begins with a photo: every video is a capture, and it is said what was no video", (context) => {
    if (!hasImpersonation()) context.skip("this machine's package index has no curl_cffi");
    const results = of(addresses.carousel);
    expect(originals(results)).toEqual([digestOf(first), digestOf(second)]);
    for (const [at, { id, left_out }] of results.entries()) {
      expect(left_out).toBe("the post also has 2 entries without a video, which holdfast did not fetch");
      const { record } = showCapture(vault, id ?? "");
      expect(record?.parent).toMatchObject({ url: "https://instagram.com/p/CAROUSEL/", index: 2 * at + 2 });
      expect(record?.warnings).toContain(left_out);
    }
  });

  it("holdfast formats passes over the photo at the beginning, and says which entry it asked for", async (context) => {
    if (!hasImpersonation()) context.skip("this machine's package index has no curl_cffi");
    const { lines } = await holdfast(["formats", "--json", addresses.carousel], { HOLDFAST_TOOLS: tools });
    expect(lines.at(-1)).toMatchObject({ formats: 1, place: { number: 2, of: 4 } });
  });

  it("a post of X with a photo and two videos is two captures with the post as parent", () => {
    const results = of(addresses.x);
    expect(originals(results)).toEqual([digestOf(second), digestOf(first)]);
    expect(results.map(({ id }) => showCapture(vault, id ?? "").record?.parent?.index)).toEqual([1, 2]);
  });

  it("a clip of TikTok is captured where yt-dlp can look like a browser, with that request in the record", (context) => {
    if (!hasImpersonation()) context.skip("this machine's package index has no curl_cffi");
    const [result] = of(addresses.tikTok);
    expect(originals(of(addresses.tikTok))).toEqual([digestOf(first)]);
    const { record } = showCapture(vault, result?.id ?? "");
    expect(record?.requests.map(({ url }) => new URL(url).pathname)).toContain(
      "/@witness/video/7000000000000000001",
    );
  });

  it("a clip of YouTube whose best rendition asks for a sum of the player: what came is kept and called reduced", () => {
    const [result] = of(addresses.youTube);
    expect(result).toMatchObject({ status: "captured", rendition: { grade: "reduced" } });
    expect(originals(of(addresses.youTube))).toEqual([digestOf(first)]);
    expect(["no-js-runtime", "n-challenge-failed"]).toContain(result?.rendition?.reasons[0]);
  });

  it("cookies for YouTube do not turn a working address into a failure", async (context) => {
    const jar = join(folder.path, "cookies.txt");
    const cookie = (name: string) => `.youtube.com\tTRUE\t/\tTRUE\t2000000000\t${name}\tCANARY-${name}`;
    const names = ["LOGIN_INFO", "SAPISID", "__Secure-3PAPISID", "SID"];
    writeFileSync(jar, `# Netscape HTTP Cookie File\n${names.map(cookie).join("\n")}\n`);
    const { record } = showCapture(vault, of(addresses.youTube)[0]?.id ?? "");
    const offered = record?.runs[0]?.argv.some((argument) => argument.startsWith("--js-runtimes=node:"));
    if (!offered) context.skip("this machine has no JavaScript runtime that yt-dlp takes");
    const { results } = await archive(tools, [addresses.youTube], "--again", "--cookies", jar);
    expect(results[0]).toMatchObject({ status: "captured", rendition: { grade: "reduced" } });
  });
});

describe("without what set-up adds for some sites", () => {
  it("what fails for want of it says so, and what works without it works", async () => {
    const urls = [addresses.instagram, addresses.tikTok, addresses.youTube];
    const { status, results } = await archive(bareTools(), urls, "--again");
    expect(status).toBe(4);
    const [instagram, tikTok, youTube] = results;
    expect(instagram).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/looks like a browser/),
    });
    expect(instagram?.hint).toContain("npm run setup");
    expect(tikTok?.status).toBe("failed");
    expect(tikTok?.reason).toMatch(/browser/);
    expect(youTube).toMatchObject({ status: "captured", rendition: { grade: "reduced" } });
    if (Number.parseInt(process.versions.node, 10) < 22)
      expect(youTube?.rendition?.reasons).toContain("no-js-runtime");
  });
});
