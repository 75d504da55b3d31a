import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { bareTools, canCopyTools } from "../support/copied-tools.js";
import { jail } from "../support/jails.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { temporaryFolder } from "../support/vaults.js";

/* A sample of what the other tests hold with every extra of yt-dlp; `npm run soak` tries all of it without them. */

const folder = temporaryFolder();
const clips = join(folder.path, "clips");
const vault = join(folder.path, "vault");
const cookie = "CANARY-of-the-session-4711";
let site: Site;
let result: CaptureResult | undefined;

beforeAll(async () => {
  if (!canCopyTools) return;
  mkdirSync(clips);
  makeSiteClips(clips);
  site = await openSite({ clips });
  const jar = join(folder.path, "cookies.txt");
  writeFileSync(jar, `127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tsession\t${cookie}\n`);
  const words = ["archive", "--json", "--vault", vault, "--cookies", jar, `${site.url}/page/cookie`];
  const { lines } = await holdfast(words, { HOLDFAST_TOOLS: bareTools() });
  [result] = lines as unknown as CaptureResult[];
});
afterAll(async () => {
  await site?.close();
  folder.remove();
});

describe.skipIf(!canCopyTools)("a capture by a yt-dlp without any extras", () => {
  it("is whole, and its record names the modules that were there and no other", () => {
    expect(result).toMatchObject({ status: "captured", rendition: { grade: "best" } });
    const names = showCapture(vault, result?.id ?? "").record?.software.map(({ name }) => name) ?? [];
    expect(names).toEqual(expect.arrayContaining(["yt-dlp", "pycryptodomex"]));
    for (const extra of ["requests", "curl-cffi", "brotli", "websockets"]) expect(names).not.toContain(extra);
  });

  it.skipIf(!jail.works)("ran in the jail, through the guard", () => {
    const [run] = showCapture(vault, result?.id ?? "").record?.runs ?? [];
    expect(run?.sandbox).toBe("bwrap");
    expect(run?.argv).toContain("--proxy=<egress-guard>");
  });

  it("sent the session along and kept it in the private annex alone", () => {
    expect(site.requests.some(({ headers }) => String(headers.cookie).includes(cookie))).toBe(true);
    const holds = readdirSync(vault, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes(cookie));
    expect(holds.length).toBeGreaterThan(0);
    for (const path of holds) expect(path.slice(vault.length)).toMatch(/^\/private\//);
  });
});
