import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Downloader, FetchOutcome } from "../../src/tools/download/fetch-types.ts";
import { type KeptYtDlp, openKeptYtDlp } from "../../src/tools/download/kept-yt-dlp.ts";
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

/** The same yt-dlp as one zip behind a line that names python3, as its own release is made, is kept loaded too. */
export async function zipIsKept(program: Downloader, site: Site, folder: string): Promise<void> {
  const zip = join(folder, "yt-dlp-zip");
  const python = join(dirname(program.path), "python3");
  const packages = execFileSync(python, ["-c", "import yt_dlp; print(yt_dlp.__path__[0])"], {
    encoding: "utf8",
  }).trim();
  execFileSync("/usr/bin/env", ["python3", "-c", zipScript, packages, zip]);
  chmodSync(zip, 0o755);
  const zipped = { path: zip, version: program.version };
  const kept = openKeptYtDlp(zipped);
  const fetch = () => fetchVideo(requestFor(zipped, `${site.url}/clips/clip.mp4`, folder, { run: kept.run }));
  // On a busy machine an interpreter can take too long to load; the next one is given its time anew.
  let outcome = await fetch();
  for (let again = 0; again < 2 && !outcome.run.forked; again += 1) outcome = await fetch();
  await kept.close();
  expect([outcome.kind, outcome.run.forked]).toEqual(["media", true]);
}

/** Modules in a zip with a `__main__.py`: compiled ones, where they are here, load sooner. */
const zipScript = `
import importlib.util, sys, pathlib, zipfile
package, out = pathlib.Path(sys.argv[1]), sys.argv[2]
with open(out, "wb") as file:
    file.write(b"#!/usr/bin/env python3\\n")
    with zipfile.ZipFile(file, "a") as archive:
        for path in sorted(package.rglob("*.py")):
            name = "yt_dlp/" + str(path.relative_to(package))
            compiled = pathlib.Path(importlib.util.cache_from_source(str(path)))
            if compiled.exists():
                archive.write(compiled, name + "c")
            else:
                archive.write(path, name)
        archive.writestr("__main__.py", "import yt_dlp\\nyt_dlp.main()\\n")
`;
