import { join } from "node:path";
import { type Look, lookBytes, lookHeight, lookWidth } from "../../core/media/dhash.js";
import type { Limits } from "../run/run-request.js";
import type { VideoStream } from "./ffprobe.js";
import { type FfmpegOutput, ffmpegArgv, type MediaRun, runMedia, takeSideFile } from "./input.js";

/** What every decoding run needs. Paths are absolute; `scratch` is an existing folder for temporary files. */
export interface DecodingSource {
  readonly ffmpeg: string;
  readonly media: string;
  readonly video: VideoStream;
  readonly scratch: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** The number of decoding threads. */
  readonly threads: 1 | 2;
}

/** Which part of the stream to decode, and which of its frames the decoder may skip. */
export interface DecodingWindow {
  /** The time to seek to, in seconds from the start of the file; null to read from the start. */
  readonly seek: string | null;
  /**
   * The first presentation time to return, and the first one after it not to, in units of the time base; null for no
   * bound.
   */
  readonly fromPts: number | null;
  readonly untilPts: number | null;
  /** `nokey` decodes only key frames, `noref` skips frames that no other frame needs, `none` decodes everything. */
  readonly skip: "nokey" | "noref" | "none";
}

export const wholeStream: DecodingWindow = { seek: null, fromPts: null, untilPts: null, skip: "none" };

/** A decoded frame reduced to its look; `pts` is null if the decoder stated no time. */
export interface LookedAt {
  readonly pts: number | null;
  readonly look: Look;
}

/** The command line that prints the look of every frame in a window (raw RGB) and writes the times to `side`. */
export function looksArgv(source: DecodingSource, window: DecodingWindow, side: string): readonly string[] {
  return ffmpegArgv(
    [source.media],
    inputOptions(source, window),
    looksOutputs(source.video, trimmed(window), side),
  );
}

/** The outputs that print the look of every frame of the first input and write the times to `side`. */
function looksOutputs(video: VideoStream, filters: string, side: string): readonly FfmpegOutput[] {
  const reduce = `scale=${lookWidth}:${lookHeight}:flags=area,format=rgb24,split=2[look][time]`;
  const graph = `[0:${video.index}]${filters}${reduce}`;
  return [
    {
      to: "pipe:1",
      options: ["-filter_complex", graph, "-map", "[look]", ...exactTimes(video), "-f", "rawvideo"],
    },
    { to: `file:${side}`, options: ["-map", "[time]", ...exactTimes(video), "-f", "framecrc"] },
  ];
}

/** Decodes a window and returns the look of each frame, in presentation order. */
export async function lookAtFrames(
  source: DecodingSource,
  window: DecodingWindow,
): Promise<{ readonly frames: readonly LookedAt[]; readonly run: MediaRun }> {
  const side = join(source.scratch, `looks-${window.fromPts ?? "all"}.txt`);
  const looks: Look[] = [];
  const run = await runDecoder(
    source,
    looksArgv(source, window, side),
    inPieces(lookBytes, async (look) => {
      looks.push(look);
    }),
  );
  const lines = takeFrameLines(side);
  return { frames: looks.map((look, at) => ({ pts: lines[at]?.pts ?? null, look })), run };
}

/** A line about a frame: its time, its size as raw pixels, and a hash of them, whose kind depends on the format. */
export interface FrameLine {
  readonly pts: number | null;
  readonly bytes: number;
  readonly hash: string;
}

/**
 * The command line that prints the frames with the given times as raw RGB of the stream's announced size, and writes
 * the hash of each frame as decoded (unrotated, unscaled, decoder's pixel format) to `side`. With key frames only, it
 * drops inter-coded frames: in a stream that refreshes gradually, no frame can be decoded alone. `count` gets a line for
 * every frame that was decoded on the way.
 */
export function picturesArgv(
  source: DecodingSource,
  window: DecodingWindow,
  pts: readonly number[],
  side: string,
  count: string | null = null,
): readonly string[] {
  const wanted = pts.map((time) => `eq(pts\\,${time})`).join("+");
  const intra = window.skip === "nokey" ? "eq(pict_type\\,PICT_TYPE_I)*" : "";
  const select = `${trimmed(window)}select=${intra}(${wanted})`;
  const { width, height, index } = source.video;
  const common = ["-map", `0:${index}`, "-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"];
  const limited = [...exactTimes(source.video), "-frames:v", String(pts.length)];
  const scaled = `${select},scale=${width}:${height},format=rgb24`;
  const outputs: FfmpegOutput[] = [
    { to: "pipe:1", options: [...common, "-vf", scaled, ...limited, "-f", "rawvideo"] },
    {
      to: `file:${side}`,
      options: [
        ...common,
        "-vf",
        select,
        ...limited,
        "-autoscale",
        "0",
        "-f",
        "framehash",
        "-hash",
        "sha256",
      ],
    },
  ];
  const counted: FfmpegOutput[] =
    count === null
      ? []
      : [
          {
            to: `file:${count}`,
            options: [...common, "-vf", countedFrames(window), ...exactTimes(source.video), "-f", "framecrc"],
          },
        ];
  return ffmpegArgv([source.media], inputOptions(source, window), [...outputs, ...counted]);
}

function countedFrames(window: DecodingWindow): string {
  return `${trimmed(window)}scale=2:2`;
}

/**
 * Decodes the frames with the given times and passes each to `take` (raw RGB, announced size) as it arrives, with its
 * position among the frames of this run. The returned lines state which frame each was. With `counts`, `decoded` is the
 * number of frames decoded on the way.
 */
export async function takePictures(
  source: DecodingSource,
  window: DecodingWindow,
  pts: readonly number[],
  name: string,
  take: (rgb: Uint8Array, at: number) => Promise<void>,
  counts = false,
): Promise<{ readonly lines: readonly FrameLine[]; readonly decoded: number; readonly run: MediaRun }> {
  const side = join(source.scratch, `${name}.txt`);
  const count = counts ? join(source.scratch, `${name}-count.txt`) : null;
  const { width, height } = source.video;
  const run = await runDecoder(
    source,
    picturesArgv(source, window, pts, side, count),
    inPieces(width * height * 3, take),
  );
  const decoded = count === null ? 0 : takeFrameLines(count).length;
  return { lines: takeFrameLines(side), decoded, run };
}

export function inputOptions(source: DecodingSource, window: DecodingWindow): readonly string[] {
  const skip = window.skip === "none" ? [] : ["-skip_frame", window.skip];
  // Threads decode neighbouring frames in parallel; with key frames only, they bring nothing.
  const threads = source.threads === 1 || window.skip === "nokey" ? ["-threads", "1"] : [];
  const seek = window.seek === null ? [] : ["-ss", window.seek, "-noaccurate_seek"];
  return ["-copyts", "-noautorotate", ...skip, ...threads, ...seek];
}

/** Limits by presentation time: what `-t` counts from depends on where a seek lands. */
function trimmed({ fromPts, untilPts }: DecodingWindow): string {
  const from = fromPts === null ? [] : [`start_pts=${fromPts}`];
  const until = untilPts === null ? [] : [`end_pts=${untilPts}`];
  const bounds = [...from, ...until];
  return bounds.length === 0 ? "" : `trim=${bounds.join(":")},`;
}

/** Without the stream's own time base, ffmpeg rounds times to the frame rate that it guesses. */
export function exactTimes(video: VideoStream): readonly string[] {
  return ["-fps_mode", "passthrough", "-enc_time_base", `${video.timeBase.num}/${video.timeBase.den}`];
}

export function runDecoder(
  source: DecodingSource,
  argv: readonly string[],
  onStdout: (chunk: Buffer) => void | Promise<void>,
): Promise<MediaRun> {
  const { ffmpeg, media, scratch, limits, signal } = source;
  return runMedia({
    program: "ffmpeg",
    path: ffmpeg,
    argv,
    media: [media],
    scratch,
    limits,
    signal,
    onStdout,
  });
}

/** Splits a byte stream into pieces of equal size and drops an incomplete last piece. */
export function inPieces(
  size: number,
  take: (piece: Uint8Array, at: number) => Promise<void>,
): (chunk: Buffer) => Promise<void> {
  let piece = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  let count = 0;
  return async (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      const full = piece;
      piece = Buffer.allocUnsafeSlow(size);
      filled = 0;
      await take(full, count++);
    }
  };
}

/** Reads and removes a file of framecrc or framehash lines. */
function takeFrameLines(side: string): readonly FrameLine[] {
  return takeSideFile(side)
    .split("\n")
    .flatMap((line) => readFrameLine(line) ?? []);
}

/** Reads a framecrc or framehash line: `stream, dts, pts, duration, size, hash`. Null for any other line. */
export function readFrameLine(line: string): FrameLine | null {
  const columns = line.split(",").map((column) => column.trim());
  const [pts, bytes, hash] = [Number(columns[2]), Number(columns[4]), columns[5]];
  if (line.startsWith("#") || hash === undefined) return null;
  return { pts: Number.isSafeInteger(pts) ? pts : null, bytes, hash };
}
