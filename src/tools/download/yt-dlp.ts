import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { openTrafficReader } from "../../core/capture/traffic-log.js";
import { openDownloadWatch, type WatchReason } from "./watch.js";
import type { FetchBounds, FetchOutcome, FetchRequest, ListOutcome, ListRequest } from "./fetch-types.js";
import { judgeFetch, judgeList } from "./fetch-verdict.js";
import { commentPatience, ytDlpLimits, ytDlpListLimits } from "../run/limits.js";
import { readReceived } from "./received-files.js";
import type { RunRequest, RunResult } from "../run/run.js";
import { ytDlpArgs, ytDlpListArgs } from "./yt-dlp-args.js";
import { jailOfRun } from "./yt-dlp-jail.js";
import { openProgressReader } from "../yt-dlp-progress.js";

/**
 * Fetches one video as received, in native format: no merge, no fix-up, no renaming. One run of yt-dlp in
 * `request.folder`; never throws for what a server or yt-dlp does. Success is judged from the files: exit status 0
 * alone never is one (SECURITY §1.5).
 */
export async function fetchVideo(request: FetchRequest): Promise<FetchOutcome> {
  const { received: folder, noPrograms } = makeFolders(request.folder);
  const argv = ytDlpArgs({
    ...request,
    version: request.program.version,
    noPrograms,
    maxBytes: request.bounds.maxBytes,
  });
  const watch = openDownloadWatch(folder, patientBounds(request), () => performance.now());
  const traffic = openTrafficReader(originScheme(request));
  const confinement = confinementOf(request, noPrograms);
  const seen = await runDownload(request, { argv, cwd: folder, ...confinement }, watch, traffic.push);
  return judgeFetch(request, { ...seen, argv, received: readReceived(folder), log: traffic.finish() });
}

/**
 * Asks yt-dlp what is in a playlist, a channel or a page with several videos; downloads none of it. An address that
 * is a single video gives one entry: itself. Entries may themselves be lists.
 */
export async function listEntries(request: ListRequest): Promise<ListOutcome> {
  const { received, noPrograms } = makeFolders(request.folder);
  const argv = ytDlpListArgs({ ...request, version: request.program.version, noPrograms });
  const result = await request.run({
    program: request.program.path,
    argv,
    cwd: received,
    ...confinementOf(request, noPrograms),
    limits: { ...ytDlpListLimits, wallMs: Math.min(ytDlpListLimits.wallMs, request.bounds.wallMs) },
    signal: request.signal,
  });
  return judgeList(request.url, result, argv);
}

/** Inside a jail yt-dlp sees the folder it writes to, the one it looks into in vain, and its cookies. */
function confinementOf(
  { jail, cookiesFile }: Pick<FetchRequest, "jail" | "cookiesFile">,
  noPrograms: string,
): Pick<RunRequest, "jail"> {
  if (jail === null) return {};
  return {
    jail: jailOfRun(jail, { reads: [noPrograms], writes: cookiesFile === null ? [] : [cookiesFile] }),
  };
}

/** The two folders inside a fresh one: where yt-dlp writes, and where it looks for ffmpeg in vain. */
function makeFolders(folder: string): { readonly received: string; readonly noPrograms: string } {
  const received = join(folder, "received");
  const noPrograms = join(folder, "no-programs");
  mkdirSync(received, { mode: 0o700 });
  mkdirSync(noPrograms, { mode: 0o700 });
  return { received, noPrograms };
}

function patientBounds(request: FetchRequest): FetchBounds {
  if (!request.comments) return request.bounds;
  return { ...request.bounds, lookUpMs: request.bounds.lookUpMs * commentPatience };
}

function originScheme(request: FetchRequest): "http" | "https" {
  return request.proxy === null && request.url.startsWith("http:") ? "http" : "https";
}

interface Seen {
  readonly run: RunResult;
  readonly watchdog: WatchReason | null;
}

async function runDownload(
  request: FetchRequest,
  how: Pick<RunRequest, "argv" | "cwd" | "jail">,
  watch: () => WatchReason | null,
  onText: (text: string) => void,
): Promise<Seen> {
  const decoder = new StringDecoder("utf8");
  const readProgress = openProgressReader(request.onProgress);
  let watchdog: WatchReason | null = null;
  const bugs: unknown[] = [];
  const result = await request.run({
    program: request.program.path,
    ...how,
    limits: ytDlpLimits(request.bounds),
    signal: request.signal,
    watch: () => {
      watchdog ??= watch();
      return watchdog;
    },
    onStdout: (chunk) => {
      const text = decoder.write(chunk);
      try {
        onText(text);
        readProgress(text);
      } catch (bug) {
        bugs.push(bug);
        throw bug;
      }
    },
  });
  // `run` ends the program when its output cannot be taken; a bug of ours must not pass for an interrupt.
  if (bugs.length > 0) throw bugs[0];
  return { run: result, watchdog };
}
