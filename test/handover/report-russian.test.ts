import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdfast } from "../support/cli.js";
import { htmlTokens } from "../support/html-tokens.js";
import { tellingClip } from "../support/publication-clips.js";
import { openSite, type Site } from "../support/site.js";
import { temporaryFolder } from "../support/vaults.js";
import { testDownloader } from "../support/yt-dlp.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("vault");
const downloader = await testDownloader();
let site: Site;
const ids: Record<string, string> = {};

async function capture(title: string, argv: readonly string[]): Promise<void> {
  const run = await holdfast([...argv, "--json", "--vault", vault], { HOLDFAST_NEW_VAULT: "1" });
  ids[title] = String(run.lines[0]!.id);
}

beforeAll(async () => {
  site = await openSite({ clips: at("clips") });
  const clip = tellingClip(folder.path);
  const bytes = readFileSync(clip);
  const half = Math.floor(bytes.length / 2);
  writeFileSync(at("cut.mp4"), bytes.subarray(0, half));
  writeFileSync(
    at("noise.mp4"),
    Buffer.concat([bytes.subarray(0, half), randomBytes(4096), bytes.subarray(half + 4096)]),
  );
  await capture("an imported clip with a copy, a package and notes", ["import", clip]);
  const whole = Object.values(ids)[0]!;
  for (const argv of [
    ["redact", whole, "--no-fill"],
    ["export", whole, "--to", at("package")],
    ["annotate", whole, "case=7"],
    ["verify", "--record"],
  ])
    await holdfast([...argv, "--vault", vault]);
  await capture("a clip cut short", ["import", at("cut.mp4")]);
  await capture("a clip with noise in it", ["import", at("noise.mp4")]);
  await capture("a file that is not there", ["import", at("nowhere.mp4")]);
  if (downloader === null) return;
  await capture("a fetched clip", ["archive", `${site.url}/page/video`]);
  await capture("an attempt at what is not there", ["archive", `${site.url}/missing.mp4`]);
  await capture("an attempt at nobody", ["archive", "http://127.0.0.1:1/clip.mp4"]);
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

/** Names of programs, formats, protocols and standards, and what stands in Latin letters everywhere. */
const allowed = new Set(
  `holdfast yt dlp ffmpeg ffprobe ExifTool SHA UTC IV IP WHOIS HTTP OCFL DRM SABR RTMP RTSP MMS JavaScript Content
  Credentials CP2A C2PA TLS RFC cookie fixity inventory json sha512 FORMAT md deep pts time frame sha256 moov
  track mp4 original publication copy case hex`.split(/\s+/),
);

/** The words of a document outside exact text, with what a source said left out: a claim stands in its own language. */
function words(page: string): readonly string[] {
  const ours = page
    .replace(/<section id="claims">[\s\S]*?<\/section>/, "")
    .replace(/\d{8}-[0-9A-Z]{8}|&#60;name&#62;/g, " ")
    .replace(/<code[\s\S]*?<\/code>/g, " ")
    .replace(/<span class="quoted"><bdi>(?:[^<]*(?:GMT|:\/\/|SHA-256)[^<]*)<\/bdi>/g, " ");
  return htmlTokens(ours)
    .texts.filter((text) => !text.includes("box-sizing"))
    .flatMap((text) => text.split(/[^\p{L}\p{N}]+/u));
}

const cases = [
  "an imported clip with a copy, a package and notes",
  "a clip cut short",
  "a clip with noise in it",
  "a file that is not there",
  ...(downloader === null
    ? []
    : ["a fetched clip", "an attempt at what is not there", "an attempt at nobody"]),
];

describe("a Russian report has no words of another language", () => {
  it.each(cases)("%s", async (title) => {
    const to = at(`${ids[title]}.html`);
    const run = await holdfast(["report", ids[title]!, "--lang", "ru", "--to", to, "--vault", vault]);
    expect([0, 1], run.stderr).toContain(run.status);
    const page = readFileSync(to, "utf8");
    const seen = words(page);
    expect(seen.filter((word) => /[а-я]/.test(word)).length).toBeGreaterThan(200);
    const foreign = seen.filter((word) => /[A-Za-z]{2}/.test(word) && !/[0-9a-f]{32}|^\d+$/.test(word));
    expect([...new Set(foreign.filter((word) => !allowed.has(word)))]).toEqual([]);
  });

  it("and this check finds one", () => {
    const page = '<!DOCTYPE html><html lang="ru"><body><p>все кадры where frames exist</p></body></html>';
    expect(words(page)).toContain("where");
  });
});
