import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Downloader, FetchOutcome } from "../../src/tools/download/fetch-types.ts";
import type { KeptYtDlp } from "../../src/tools/download/kept-yt-dlp.ts";
import { fetchVideo } from "../../src/tools/download/yt-dlp.ts";
import { run } from "../../src/tools/run/run.ts";
import type { Site } from "../support/site.ts";
import { requestFor } from "../support/yt-dlp.ts";

/** A file, a page with a video and one without, a stream in pieces, what is not there, and a file that breaks off. */
export const addresses = [
  "/clips/clip.mp4",
  "/page/json-ld",
  "/page/none",
  "/hls/plain.m3u8",
  "/clips/none.mp4",
  "/fault/cut-length.mp4",
] as const;

/** Fetches one address by a fork of a yt-dlp that stays loaded and by a process of its own. Throws where they differ. */
export async function forkAgrees(
  program: Downloader,
  kept: KeptYtDlp,
  site: Site,
  folder: string,
  path: (typeof addresses)[number],
): Promise<void> {
  const fetch = (by: typeof run) =>
    fetchVideo(requestFor(program, `${site.url}${path}`, folder, { run: by }));
  const [forked, own] = [await fetch(kept.run), await fetch(run)];
  expect([forked.run.forked, own.run.forked]).toEqual([true, false]);
  expect(essence(forked)).toEqual(essence(own));
}

/** What two fetches of one address have in common whichever way they went. */
function essence(outcome: FetchOutcome) {
  const tracks = outcome.kind === "media" ? outcome.tracks : [];
  return {
    kind: outcome.kind,
    failure: outcome.kind === "failed" ? outcome.failure.code : null,
    exit: outcome.run.exitCode,
    endedBy: outcome.run.endedBy,
    files: tracks.map(({ path, name, announcedBytes, segments }) => ({
      name,
      announcedBytes,
      bytes: readFileSync(path).toString("base64"),
      segments: segments?.map((segment) => readFileSync(segment.path).toString("base64")) ?? null,
    })),
    requests: outcome.exchanges.map(({ method, url, status }) => [method, url, status]),
    transfer: outcome.transfer.verdict,
    pages: outcome.pages.map(({ path }) => readFileSync(path, "utf8")),
    stderr: outcome.run.stderr.toString().replaceAll(/attempt-\w+/g, "attempt"),
  };
}
