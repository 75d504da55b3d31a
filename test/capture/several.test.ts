import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
let site: Site;

beforeAll(async () => {
  mkdirSync(clips);
  makeSiteClips(clips);
  site = await openSite({ clips });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

async function archive(url: string, ...options: readonly string[]) {
  const { lines, status, stderr } = await holdfast(["archive", "--json", "--vault", vault, ...options, url]);
  return { results: lines as unknown as CaptureResult[], status, stderr };
}

const digestOf = (part: number) => sha256(readFileSync(join(clips, `part-${part}.mp4`)));
const originals = (results: readonly CaptureResult[]) =>
  results.map(({ files }) => files.find(({ path }) => path.startsWith("original/"))?.sha256 ?? null);

describe("a page with several videos", () => {
  it("of which the first cannot be had does not lose the others with it", async () => {
    const { results, status } = await archive(`${site.url}/page/several-one-gone`);
    expect(results.map((result) => result.status)).toEqual(["failed", "captured", "captured"]);
    expect(originals(results)).toEqual([null, digestOf(2), digestOf(3)]);
    const places = results.slice(1).map(({ id }) => showCapture(vault, id ?? "").record?.parent?.index);
    expect([places, status]).toEqual([[2, 3], 4]);
  });

  it("that was typed in another spelling is found whole, and none of its videos is stored twice", async () => {
    const first = await archive(`${site.url}/page/several`);
    const { host } = new URL(site.url);
    for (const spelling of [`HTTP://${host}/page/several`, `http://${host}/page/several?utm_source=chat`]) {
      const { results } = await archive(spelling);
      expect(results.map((result) => [result.status, result.id])).toEqual(
        first.results.map(({ id }) => ["already-captured", id]),
      );
    }
  });

  it("that is served to one page alone is read with that page's address for each of its videos", async () => {
    const { results } = await archive(
      `${site.url}/page/several-for-one-page`,
      "--referer",
      "https://news.example/story",
    );
    expect(originals(results)).toEqual([digestOf(1), digestOf(2)]);
  });
});
