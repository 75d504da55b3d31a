import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import type { Progress, YTDlpEventEmitter } from "yt-dlp-wrap";
import { mayResume } from "../../core/capture/parts.js";
import { openTrafficReader, type TrafficReader } from "../../core/capture/traffic-log.js";
import { isOfTheSystem } from "../run/jail.js";
import { commentPatience, type FetchBounds, ytDlpLimits, ytDlpListLimits } from "../run/limits.js";
import type { RunRequest, RunResult } from "../run/run-request.js";
import type {
  Downloader,
  FetchOutcome,
  FetchProgress,
  FetchRequest,
  ListOutcome,
  ListRequest,
} from "./fetch-types.js";
import { judgeFetch, judgeList } from "./fetch-verdict.js";
import { readReceived } from "./received-files.js";
import { writtenThumbnails } from "./thumbnails.js";
import { openDownloadWatch, type WatchReason } from "./watch.js";
import { type YtDlpOptions, ytDlpArgs, ytDlpListArgs } from "./yt-dlp-args.js";
import { jailOfRun } from "./yt-dlp-jail.js";

/**
 * Fetches one video as received, in native format: no merge, no fix-up, no renaming. One run of yt-dlp in
 * `request.folder`. Never throws because of a server or yt-dlp. Success is judged from the files: exit status 0 alone is
 * never a success (SECURITY §1.5).
 */
export async function fetchVideo(request: FetchRequest): Promise<FetchOutcome> {
  const { received: folder, noPrograms } = makeFolders(request.folder);
  const argv = ytDlpArgs({
    ...request,
    ...toolsOf(request.program),
    noPrograms,
    maxBytes: request.bounds.maxBytes,
  });
  const watch = openDownloadWatch(folder, patientBounds(request), () => performance.now());
  const traffic = openTrafficReader(originScheme(request));
  const confinement = confinementOf(request, noPrograms);
  const seen = await runDownload(request, { argv, cwd: folder, ...confinement }, watch, traffic);
  const log = traffic.finish();
  const pictures = new Set(writtenThumbnails(log.remarks).map(({ file }) => file));
  return judgeFetch(request, { ...seen, argv, received: readReceived(folder, pictures), log });
}

/**
 * Asks yt-dlp for the entries of a playlist, a channel or a page with several videos; downloads none of them. The address
 * of a single video yields one entry: itself. Entries may themselves be lists.
 */
export async function listEntries(request: ListRequest): Promise<ListOutcome> {
  const { received, noPrograms } = makeFolders(request.folder);
  const argv = ytDlpListArgs({ ...request, ...toolsOf(request.program), noPrograms });
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

export function toolsOf({ version, runtime = null }: Downloader): Pick<YtDlpOptions, "version" | "runtime"> {
  return { version, runtime };
}

/**
 * Inside a jail yt-dlp sees the folder it writes to, the empty folder without programs, its cookies, and the program that
 * runs scripts for it.
 */
export function confinementOf(
  { program, jail, cookiesFile }: Pick<FetchRequest, "program" | "jail" | "cookiesFile">,
  noPrograms: string,
): Pick<RunRequest, "jail"> {
  if (jail === null) return {};
  const { runtime } = toolsOf(program);
  const shown = runtime === null || isOfTheSystem(runtime) ? [] : [runtime];
  return {
    jail: jailOfRun(jail, {
      reads: [noPrograms, ...shown],
      writes: cookiesFile === null ? [] : [cookiesFile],
    }),
  };
}

/** Two subfolders of a fresh folder: one that yt-dlp writes to, and an empty one where it looks for ffmpeg. */
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
  traffic: TrafficReader,
): Promise<Seen> {
  const decoder = new StringDecoder("utf8");
  let breaks = 0;
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
    onStderr: (chunk) => {
      try {
        // Python reads a header's bytes as Latin-1 too.
        traffic.pushErrors(chunk.toString("latin1"));
      } catch (bug) {
        bugs.push(bug);
      }
    },
    onStdout: (chunk, end) => {
      const text = decoder.write(chunk);
      try {
        traffic.push(text);
        readProgress(text);
        if (traffic.breaks() === breaks) return;
        breaks = traffic.breaks();
        if (mayResume(traffic.soFar())) return;
        watchdog ??= "broken-off";
        end(watchdog);
      } catch (bug) {
        bugs.push(bug);
        throw bug;
      }
    },
  });
  // `run` ends the program if reading its output throws; a bug in holdfast must not look like an interrupt.
  if (bugs.length > 0) throw bugs[0];
  return { run: result, watchdog };
}

// The package is CommonJS with a default export, which loaders import in two different shapes.
const { default: YTDlpWrap }: typeof import("yt-dlp-wrap") = createRequire(import.meta.url)("yt-dlp-wrap");

// The server controls the text of other lines, and the package's pattern is slow on long ones.
const longestLine = 200;

/**
 * Reads yt-dlp's progress lines (in the form that `yt-dlp-args.ts` sets) from pieces of its stdout, with the parser of
 * the yt-dlp-wrap package. `run.ts`, not that package, starts and stops yt-dlp.
 */
export function openProgressReader(onProgress: (progress: FetchProgress) => void): (text: string) => void {
  const emitter = new EventEmitter() as YTDlpEventEmitter;
  emitter.on("progress", (progress) => onProgress(readProgress(progress)));
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, longestLine + 1);
    for (const line of lines) {
      if (line.startsWith("[download] ") && line.length <= longestLine) {
        YTDlpWrap.emitYoutubeDlEvents(line, emitter);
      }
    }
  };
}

function readProgress(progress: Progress): FetchProgress {
  return {
    // `yt-dlp-args.ts` puts bytes where the package expects a percentage.
    done: known(progress.percent) ?? 0,
    total: known(Number(progress.totalSize)),
    speed: known(Number(progress.currentSpeed)),
    etaSeconds: known(Number(progress.eta)),
  };
}

function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? Math.round(value) : null;
}
