import { join } from "node:path";
import type { DecodeCheck } from "../../core/capture/record.js";
import { parseSeconds } from "../../core/media/timing.js";
import { decodeLimits } from "../run/limits.js";
import {
  decodedHashOptions,
  decodeOptions,
  type FfmpegRequest,
  judgeCleanDecode,
  packetHashOptions,
  readStreamHashes,
  type StreamHashLine,
  strictReadingOptions,
  strictRunOption,
  withDecoded,
} from "./ffmpeg.js";
import type { MediaProbe, VideoStream } from "./ffprobe.js";
import { type PassClock, type PassFiles, passFilesIn, passOutputs } from "./frame-pass.js";
import {
  type FfmpegOutput,
  ffmpegArgv,
  type MediaRun,
  runMedia,
  takeSideFile,
  whyUnusable,
} from "./input.js";
import { type PassFrames, PassReader } from "./pass-reader.js";
import type { Pictures } from "./pictures.js";

/** The result of the one decode of an original, equal to those of a strict decode, packet hashes and keyframes apart. */
export interface ClipPass {
  /** What was seen and taken of the video; null where no keyframes were asked for. */
  readonly frames: PassFrames | null;
  readonly decode: Omit<DecodeCheck, "original">;
  readonly streams: readonly StreamHashLine[];
}

/** A pass that was tried. `pass` is null unless the run was completely clean: then nothing of it may be used. */
export interface ClipPassTry {
  readonly pass: ClipPass | null;
  readonly run: MediaRun;
}

export interface ClipPassRequest extends FfmpegRequest {
  /** Whether every decoded frame is hashed as well. */
  readonly deep: boolean;
  /** Where keyframes are drawn, into an existing folder; null where the clip needs none. */
  readonly drawing: {
    readonly pictures: Pictures;
    readonly outDir: string;
    readonly onProgress: (done: number, total: number) => void;
  } | null;
}

interface SideFiles extends PassFiles {
  readonly progress: string;
  readonly packets: string;
  readonly decodedHashes: string;
}

// Containers whose clock never jumps. In others, ffmpeg corrects times in a way that depends on its other options.
const steadyContainers = /^(mov|matroska)\b/;

/**
 * Decodes a clip once, strictly: for the verdict of the strict decode, the stream hashes and the keyframes. Null, without
 * starting anything, for a container whose clock may jump.
 */
export async function tryClipPass(request: ClipPassRequest): Promise<ClipPassTry | null> {
  const { ffmpeg, probe, media, scratch, signal, drawing, deep } = request;
  if (!allowsOnePass(probe)) return null;
  const side = sideFilesIn(scratch);
  const video = drawing === null ? null : probe.video;
  const reader =
    video === null || drawing === null
      ? null
      : new PassReader({ video, clock: clockOf(video, probe.start), files: side, ...drawing });
  const run = await runMedia({
    program: "ffmpeg",
    path: ffmpeg,
    argv: clipPassArgv(media, probe, { side, deep, pictures: reader !== null }),
    media: [media],
    scratch,
    limits: {
      ...decodeLimits((parseSeconds(probe.duration) ?? 0) / 1_000_000),
      // Pictures are taken as they arrive and not collected.
      stdoutBytes: Number.MAX_SAFE_INTEGER,
    },
    signal,
    ...(reader === null ? {} : { onStdout: reader.onStdout }),
  });
  const [progress, packets, decoded] = [side.progress, side.packets, side.decodedHashes].map(takeSideFile);
  const frames = reader === null ? null : await finishReading(reader, run);
  const streams = withDecoded(readStreamHashes(packets ?? ""), readStreamHashes(decoded ?? ""));
  const clean = whyUnusable(run) === null && run.result.stderr.length === 0;
  const seen = reader === null || (frames?.whole === true && frames.count > 0);
  if (!clean || !seen || streams.length !== probe.streams.length) {
    await reader?.discard();
    return { pass: null, run };
  }
  return { pass: { frames, decode: judgeCleanDecode(progress ?? "", probe), streams }, run };
}

/** Null if a picture could not be drawn: then separate runs follow. Throws where the disk is why. */
async function finishReading(reader: PassReader, run: MediaRun): Promise<PassFrames | null> {
  try {
    return await reader.finish(run);
  } catch (error) {
    await reader.discard();
    if (error instanceof Error && "errno" in error) throw error;
    return null;
  }
}

function allowsOnePass({ video, hasAudio, start, container }: MediaProbe): boolean {
  if (!steadyContainers.test(container)) return false;
  return video === null ? hasAudio : start !== null;
}

function sideFilesIn(scratch: string): SideFiles {
  return {
    ...passFilesIn(scratch),
    progress: join(scratch, "progress.txt"),
    packets: join(scratch, "packets.txt"),
    decodedHashes: join(scratch, "decoded-hashes.txt"),
  };
}

// ffmpeg reports the progress of its furthest output. The others are dated back so that this is the strict decode.
const longAgo = 2 ** 40;
const datedBack = ["-bsf", "setts=ts=0"];

/** ffmpeg counts times from the file's start; the option against that would change its progress report. */
function clockOf({ timeBase }: VideoStream, start: string | null): PassClock {
  const units = Math.round(((parseSeconds(start) ?? 0) * timeBase.den) / (timeBase.num * 1_000_000));
  return { shift: longAgo, offset: longAgo + units, start: 0 };
}

/**
 * The command line of `tryClipPass`. It reads the file twice, once to decode and once for the packets: copying packets
 * from an input changes how ffmpeg rounds the times of sound decoded from the same input.
 */
export function clipPassArgv(
  media: string,
  { video, start }: Pick<MediaProbe, "video" | "start">,
  how: { readonly side: SideFiles; readonly deep: boolean; readonly pictures: boolean },
): readonly string[] {
  const { side, deep, pictures } = how;
  const decoded: FfmpegOutput = { to: `file:${side.decodedHashes}`, options: decodedHashOptions };
  return ffmpegArgv(
    [media, media],
    ["-noautorotate", ...strictReadingOptions, ...threadOptions(video)],
    [
      ...(video !== null && pictures ? passOutputs(video, clockOf(video, start), side) : []),
      { to: "-", options: [...decodeOptions(`file:${side.progress}`), strictRunOption] },
      { to: `file:${side.packets}`, options: [...packetHashOptions(1), ...datedBack] },
      ...(video !== null && deep ? [decoded] : []),
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
