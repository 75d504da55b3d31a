import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Downloader, FetchRequest } from "../../src/tools/download/fetch-types.ts";
import type { FetchBounds } from "../../src/tools/run/limits.js";
import { fetchBounds } from "../../src/tools/run/limits.ts";
import { findProgram } from "../../src/tools/run/programs.ts";
import { run } from "../../src/tools/run/run.ts";

/** The yt-dlp to test with: `$HOLDFAST_TEST_YTDLP`, else the one holdfast itself would use; null where there is none. */
export async function testDownloader(): Promise<Downloader | null> {
  const path = process.env.HOLDFAST_TEST_YTDLP;
  if (path) return { path, version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim() };
  return findProgram("yt-dlp", { env: process.env, now: new Date() });
}

/** Bounds small enough that every fault shows within seconds. */
export const smallBounds: FetchBounds = { ...fetchBounds, maxBytes: 3_000_000, wallMs: 60_000 };

export type RequestChange = Partial<Omit<FetchRequest, "program" | "url" | "folder">>;

/** A request for `url` in a fresh folder below `base`. */
export function requestFor(
  program: Downloader,
  url: string,
  base: string,
  change: RequestChange = {},
): FetchRequest {
  return {
    program,
    run,
    url,
    folder: mkdtempSync(join(base, "attempt-")),
    item: null,
    ofPost: false,
    keepsInterrupted: false,
    proxy: null,
    jail: null,
    cookiesFile: null,
    format: null,
    referer: null,
    resume: true,
    subtitles: null,
    thumbnail: false,
    impersonate: false,
    comments: false,
    since: null,
    bounds: smallBounds,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...change,
  };
}

/** A folder that `clean` removes with everything in it. */
export function scratchFolder(): { readonly folder: string; readonly clean: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  return { folder, clean: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Whether this yt-dlp can make requests that imitate a browser. */
export function canImpersonate({ path }: Downloader): boolean {
  const { stdout } = spawnSync(path, ["--ignore-config", "--no-update", "--list-impersonate-targets"], {
    encoding: "utf8",
  });
  return /^Chrome.* curl_cffi$/m.test(stdout ?? "");
}
