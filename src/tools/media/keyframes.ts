import type { Keyframe } from "../../core/capture/record.js";
import { dhash } from "../../core/media/dhash.js";
import {
  keyframeName,
  maxKeyframes,
  presentationOrder,
  withinLimit,
} from "../../core/media/keyframe-plan.js";
import { decimalSeconds, parseSeconds } from "../../core/media/timing.js";
import { HoldfastError } from "../../core/words/error.js";
import { decodeLimits } from "../run/limits.js";
import { decodingThreads } from "./clip-pass.js";
import type { MediaProbe, VideoStream } from "./ffprobe.js";
import type { DecodingSource } from "./frame-runs.js";
import type { FrameTaking, NumberedFrame, RouteResult } from "./frame-taking.js";
import { type MediaRun, whyUnusable } from "./input.js";
import { takeFromKeyFrames } from "./key-frame-route.js";
import { readPackets } from "./packets.js";
import type { PassFrames } from "./pass-reader.js";
import { discardFrames, keepFrame } from "./picture-taking.js";
import type { Pictures } from "./pictures.js";
import { takeFromPass, takeFromWholeDecode } from "./whole-decode-route.js";

/** The keyframes of one media file. Each `path` is a plain file name inside `outDir`. */
export interface KeyframeSet {
  readonly keyframes: readonly Keyframe[];
  /** The promised longest gap between neighbours wherever frames exist, in decimal seconds. */
  readonly maxGap: string;
  /** Notes for a reader: errors, how shots were detected, limits that were reached. One sentence each. */
  readonly notes: readonly string[];
  /** How many frames were decoded to choose and take them, by the pass over the clip or by `runs`. */
  readonly decoded: number;
  readonly runs: readonly MediaRun[];
}

export interface KeyframeRequest {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Draws the keyframes. */
  readonly pictures: Pictures;
  /** Absolute path of the original. */
  readonly media: string;
  /** The result of `probeMedia`; must have `video`. */
  readonly probe: MediaProbe;
  /** Existing folder for the JPEG files. */
  readonly outDir: string;
  /** Existing empty folder for side files. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** What `tryClipPass` took into `outDir`, if it was tried and clean. */
  readonly passed?: PassFrames | null;
  /** Called with the numbers of frames done and planned. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Takes the keyframes of a clip: the first and last frame, one of every shot of 1 s or longer, no gap above the stated
 * maximum wherever frames exist, no near-identical neighbours, at most 300. Usually the one pass over the clip has taken
 * them. Without it there are two routes. The fast one decodes key frames and, between them, only stretches that may hide a
 * shot; it assumes that packets are frames and gives up if the decoder disagrees. The other one decodes everything. A clip
 * that decodes only in part yields what decodes, and the notes say so. Throws `interrupted`.
 */
export async function extractKeyframes(request: KeyframeRequest): Promise<KeyframeSet> {
  const { video } = request.probe;
  if (video === null)
    return { keyframes: [], maxGap: "10", notes: ["no video stream"], decoded: 0, runs: [] };
  if (!request.passed) return lookAndTake(request, video);
  const taking = takingWith(request, video, decodingThreads(video));
  const result = await takeFromPass(taking, request.passed, request.probe.start);
  throwIfInterrupted(request.signal);
  return finish(taking, result, video);
}

async function lookAndTake(request: KeyframeRequest, video: VideoStream): Promise<KeyframeSet> {
  const { ffprobe, media, scratch, signal } = request;
  const scan = await readPackets({ ffprobe, media, stream: video.index, scratch, signal });
  const taking = takingWith(request, video, 2);
  taking.runs.push(scan.run);
  const whole = whyUnusable(scan.run) === null && video.progressive && !hidesFrames(video);
  const frames = whole ? presentationOrder(scan.packets, video.timeBase) : null;
  const start = parseSeconds(request.probe.start);
  const fast =
    frames && start !== null
      ? await takeFromKeyFrames(taking, {
          frames,
          packets: scan.packets,
          start: start / 1_000_000,
          seeksLate: /mpeg/.test(request.probe.container),
        })
      : null;
  const result = fast ?? (await takeFromWholeDecode(taking, request.probe.start));
  throwIfInterrupted(signal);
  return finish(taking, result, video);
}

function throwIfInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new HoldfastError("interrupted", "making keyframes: interrupted", "finish with: holdfast derive");
}

function takingWith(request: KeyframeRequest, video: VideoStream, threads: 1 | 2): FrameTaking {
  return {
    source: { ...decodingSource(request, video), threads },
    pictures: request.pictures,
    outDir: request.outDir,
    runs: [],
    onProgress: request.onProgress ?? (() => {}),
  };
}

/** VP8 stores frames that are never shown in packets of their own. */
function hidesFrames(video: VideoStream): boolean {
  return video.codec === "vp8";
}

function decodingSource(request: KeyframeRequest, video: VideoStream): Omit<DecodingSource, "threads"> {
  const { ffmpeg, media, scratch, signal, probe } = request;
  const seconds = (parseSeconds(probe.duration) ?? 0) / 1_000_000;
  // Frames are processed as they arrive and not collected, so stdout needs no limit.
  const limits = { ...decodeLimits(seconds), stdoutBytes: Number.MAX_SAFE_INTEGER };
  return { ffmpeg, media, video, scratch, limits, signal };
}

/** Drops near-identical neighbours among all frames taken, names the remaining files and removes the others. */
function finish(taking: FrameTaking, result: RouteResult, video: VideoStream): KeyframeSet {
  const candidates = result.frames.map(({ taken, fixed }) => ({
    time: (taken.pts * video.timeBase.num) / video.timeBase.den,
    look: taken.look,
    fixed,
  }));
  const { kept, bitten } = withinLimit(candidates, result.maxGap, maxKeyframes);
  const staying = new Set(kept);
  discardFrames(result.frames.filter((_, at) => !staying.has(at)).map(({ taken }) => taken));
  const keyframes = result.frames
    .filter((_, at) => staying.has(at))
    .map((frame) => nameKeyframe(frame, video, taking.outDir));
  return {
    keyframes,
    maxGap: String(result.maxGap),
    notes: [
      ...result.notes,
      ...boundNote(bitten || result.bitten),
      ...errorNotes(taking.runs, keyframes.length),
    ],
    decoded: result.decoded,
    runs: taking.runs,
  };
}

function nameKeyframe({ taken, number }: NumberedFrame, video: VideoStream, outDir: string): Keyframe {
  const ptsTime = decimalSeconds(taken.pts, video.timeBase);
  const path = keyframeName(ptsTime, number);
  keepFrame(taken, outDir, path);
  return {
    pts_time: ptsTime,
    pts: taken.pts,
    frame: number,
    path,
    sha256: taken.jpeg.sha256,
    frame_sha256: taken.frameSha256,
    dhash: dhash(taken.look),
  };
}

function boundNote(bitten: boolean): readonly string[] {
  return bitten
    ? [`the clip has more than ${maxKeyframes} different frames: the most different ones were kept`]
    : [];
}

function errorNotes(runs: readonly MediaRun[], found: number): readonly string[] {
  const ended = runs.map(whyUnusable).filter((reason) => reason !== null);
  const complained = runs.some((run) => run.program === "ffmpeg" && run.result.stderr.length > 0);
  return [
    ...new Set(ended),
    ...(complained ? ["the decoder reported errors: the frames that decode were taken"] : []),
    ...(found === 0 ? ["no frame could be decoded"] : []),
  ];
}
