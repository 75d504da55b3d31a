import { join } from "node:path";
import type { DecodeCheck } from "../../core/capture/record.js";
import { lookBytes } from "../../core/media/dhash.js";
import { parseSeconds } from "../../core/media/timing.js";
import { shortPassLimits } from "../run/limits.js";
import {
  decodeOptions,
  type FfmpegRequest,
  judgeCleanDecode,
  packetHashOptions,
  readStreamHashes,
  runFfmpeg,
  type StreamHashLine,
  strictReadingOptions,
  strictRunOption,
  withoutDecoded,
} from "./ffmpeg.js";
import type { MediaProbe, VideoStream } from "./ffprobe.js";
import { type FrameLine, type LookedAt, looksOutputs, takeFrameLines } from "./frame-runs.js";
import { ffmpegArgv, type MediaRun, takeSideFile, whyUnusable } from "./input.js";
import { decodesCheaply } from "./key-frame-route.js";

/**
 * The result of one run over a short clip, equal to those of `lookAtFrames`, `strictDecode` and `streamHashes` in three
 * runs: starting ffmpeg costs more than decoding a clip of a few seconds.
 */
export interface ShortPass {
  /** Every frame in presentation order; null for a file without a video stream. */
  readonly looks: readonly LookedAt[] | null;
  readonly decode: Omit<DecodeCheck, "original">;
  readonly streams: readonly StreamHashLine[];
}

/** A pass that was tried. `pass` is null unless the run was completely clean: then nothing of it may be used. */
export interface ShortPassTry {
  readonly pass: ShortPass | null;
  readonly run: MediaRun;
}

interface SideFiles {
  readonly times: string;
  readonly progress: string;
  readonly hashes: string;
}

const longest = 120_000_000;
// Containers whose clock never jumps. In others, ffmpeg corrects times in a way that depends on its other options.
const steadyContainers = /^(mov|matroska)\b/;

/**
 * Decodes a short clip once, strictly, for the looks of its frames, the verdict of the strict decode and the stream
 * hashes. Null, without starting anything, unless the probe announces a short clip of a common kind.
 */
export async function tryShortPass(request: FfmpegRequest): Promise<ShortPassTry | null> {
  const { probe, media, scratch } = request;
  const length = parseSeconds(probe.duration);
  if (length === null || length > longest || !announcesShortClip(probe)) return null;
  const side = sideFilesIn(scratch);
  const run = await runFfmpeg(
    request,
    shortPassArgv(media, probe.video, side),
    shortPassLimits(length / 1_000_000),
  );
  const times = takeFrameLines(side.times);
  const [progress, hashes] = [takeSideFile(side.progress), takeSideFile(side.hashes)];
  const streams = readStreamHashes(hashes).map(withoutDecoded);
  const looks = probe.video === null ? null : readLooks(run, times, probe.video, probe.start);
  const clean = whyUnusable(run) === null && run.result.stderr.length === 0;
  if (!clean || looks === "incomplete" || streams.length !== probe.streams.length) return { pass: null, run };
  return { pass: { looks, decode: judgeCleanDecode(progress, probe), streams }, run };
}

function announcesShortClip({ video, hasAudio, start, container }: MediaProbe): boolean {
  if (!steadyContainers.test(container)) return false;
  if (video === null) return hasAudio;
  const { announcedFrames } = video;
  return announcedFrames !== null && decodesCheaply(announcedFrames, video) && start !== null;
}

function sideFilesIn(scratch: string): SideFiles {
  return {
    times: join(scratch, "times.txt"),
    progress: join(scratch, "progress.txt"),
    hashes: join(scratch, "hashes.txt"),
  };
}

// ffmpeg reports the progress of its furthest output. The others are dated back so that this is the strict decode.
const longAgo = 2 ** 40;
const datedBack = ["-bsf", "setts=ts=0"];

/**
 * The command line of `tryShortPass`. It reads the file twice, once to decode and once for the packets: copying packets
 * from an input changes how ffmpeg rounds the times of sound decoded from the same input.
 */
export function shortPassArgv(media: string, video: VideoStream | null, side: SideFiles): readonly string[] {
  const looks = video === null ? [] : looksOutputs(video, `setpts=PTS-${longAgo},`, side.times);
  return ffmpegArgv(
    [media, media],
    ["-noautorotate", ...strictReadingOptions, ...threadOptions(video)],
    [
      ...looks,
      {
        to: "-",
        options: [...decodeOptions(`file:${side.progress}`), strictRunOption, ...filterThreads(video)],
      },
      { to: `file:${side.hashes}`, options: [...packetHashOptions(1), ...datedBack] },
    ],
  );
}

const tinyPixels = 40_000_000;

/** Below this number of pixels, threads cost more than they save, and a batch can use the other core for other clips. */
export function decodingThreads(video: VideoStream | null): 1 | 2 {
  if (video === null) return 1;
  return (video.announcedFrames ?? tinyPixels) * video.width * video.height <= tinyPixels ? 1 : 2;
}

function threadOptions(video: VideoStream | null): readonly string[] {
  return decodingThreads(video) === 1 ? ["-threads", "1"] : [];
}

function filterThreads(video: VideoStream | null): readonly string[] {
  return decodingThreads(video) === 1 ? ["-filter_complex_threads", "1"] : [];
}

/** The looks with their true times; `incomplete` if anything is missing or there are more frames than announced. */
function readLooks(
  run: MediaRun,
  times: readonly FrameLine[],
  video: VideoStream,
  start: string | null,
): readonly LookedAt[] | "incomplete" {
  const { stdout } = run.result;
  const offset = unitsOf(start, video);
  const looks = times.flatMap(({ pts }, at) =>
    pts === null
      ? []
      : [{ pts: pts + longAgo + offset, look: stdout.subarray(at * lookBytes, (at + 1) * lookBytes) }],
  );
  const whole = looks.length === times.length && stdout.length === looks.length * lookBytes;
  return whole && looks.length > 0 && decodesCheaply(looks.length, video) ? looks : "incomplete";
}

/** ffmpeg counts times from the file's start; the option against that would change its progress report. */
function unitsOf(start: string | null, { timeBase }: VideoStream): number {
  return Math.round(((parseSeconds(start) ?? 0) * timeBase.den) / (timeBase.num * 1_000_000));
}
