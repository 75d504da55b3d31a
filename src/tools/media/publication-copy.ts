import { join } from "node:path";
import { codedSize } from "../../core/media/fill.js";
import type { Region } from "../../core/media/publication.js";
import { microseconds, parseRatio } from "../../core/media/timing.js";
import { copyLimits, decodeLimits, versionLimits } from "../run/limits.js";
import { readProgress } from "./ffmpeg.js";
import {
  type FfmpegOutput,
  ffmpegArgv,
  type MediaRun,
  runMedia,
  takeSideFile,
  whyUnusable,
} from "./input.js";

/** What ffmpeg needs to make a copy: absolute paths of the program and of an existing scratch folder. */
export interface CopyTools {
  readonly ffmpeg: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Announced length of the clip in seconds, which sets the limits of a run. */
  readonly seconds: number;
}

/** Video encoders, the better one first. Every ffmpeg has the second. */
export type PictureEncoder = "libx264" | "mpeg4";

/** A region of the coded picture to fill; `enable` are the seconds between which it is filled, null for no bound. */
export interface FillBox {
  readonly region: Region;
  readonly after: string | null;
  readonly before: string | null;
}

export interface CopyPlan {
  readonly media: string;
  /** Index of the video stream. */
  readonly stream: number;
  /** The file whose sound is kept, possibly `media` itself; null for no sound. */
  readonly sound: string | null;
  /** Size as displayed, with square samples and after rotation. */
  readonly picture: { readonly width: number; readonly height: number };
  readonly boxes: readonly FillBox[];
  readonly encoder: PictureEncoder;
  /** Where in the original the copy begins, in decimal seconds: this moment is 0 in the copy. */
  readonly begins: string;
}

// Exact for every common frame rate, and the finest time base that MPEG-4 can state.
const ticks = "1/60000";

/**
 * An output that writes nothing but uses every stream. If sound or video of an input is unused, ffmpeg counts the times of
 * some containers (MPEG-TS) from the first used stream instead of the beginning of the clip, as a player does.
 */
export function wholeClip(inputs: readonly string[]): FfmpegOutput {
  const maps = inputs.flatMap((_, at) => ["-map", `${at}:a?`, "-map", `${at}:v?`]);
  return { to: "-", options: [...maps, "-c", "copy", "-f", "null"] };
}

/** The command line that lists the time of every frame as a copy's filters see it. */
export function frameTimesArgv(media: string, stream: number): readonly string[] {
  return ffmpegArgv([media], ["-noautorotate"], [frameTimesOutput(stream), wholeClip([media])]);
}

/** The output that lists the times of frames, for `readFrameTimes`. */
export function frameTimesOutput(stream: number): FfmpegOutput {
  const options = ["-map", `0:${stream}`, "-an", "-sn", "-dn", "-vf", "scale=16:16"];
  const times = ["-fps_mode", "vfr", "-enc_time_base", ticks, "-f", "framecrc"];
  return { to: "-", options: [...options, ...times] };
}

/** The times of all frames in ascending order, in microseconds from the beginning of the clip. */
export async function frameTimes(
  tools: CopyTools,
  media: string,
  stream: number,
): Promise<{ readonly times: readonly number[]; readonly run: MediaRun }> {
  const argv = frameTimesArgv(media, stream);
  const run = await runOn(tools, argv, [media], decodeLimits(tools.seconds));
  return { times: readFrameTimes(run.result.stdout.toString("latin1")), run };
}

/** Reads the output of the muxer `framecrc` for one stream; skips lines of any other form. */
export function readFrameTimes(text: string): readonly number[] {
  const base = parseRatio(/^#tb 0: (\S+)$/m.exec(text)?.[1]);
  if (base === null) return [];
  return [...text.matchAll(/^0, *-?\d+, *(-?\d{1,15}),/gm)].map((line) =>
    microseconds(Number(line[1]), base),
  );
}

/** The best video encoder of this ffmpeg, with the run that listed its encoders. */
export async function pictureEncoder(
  tools: CopyTools,
): Promise<{ readonly encoder: PictureEncoder; readonly run: MediaRun }> {
  const run = await runOn(tools, ["-hide_banner", "-encoders"], [], versionLimits);
  const hasX264 = /^ V\S* libx264 /m.test(run.result.stdout.toString("latin1"));
  return { encoder: hasX264 ? "libx264" : "mpeg4", run };
}

/**
 * The command line of a copy: every frame is decoded, rotated, filled and re-encoded; nothing else of the original is
 * mapped. A group of pictures begins wherever a fill begins or ends, so that no frame is predicted from one that shows
 * what is hidden.
 */
export function copyArgv(plan: CopyPlan, out: string): readonly string[] {
  const { media, stream, sound, boxes, encoder } = plan;
  const inputs = sound === null || sound === media ? [media] : [media, sound];
  const cuts = boxes.flatMap(({ after, before }) => [after, before]).filter((time) => time !== null);
  const options = [
    ...["-map", `0:${stream}`, ...(sound === null ? ["-an"] : ["-map", `${inputs.length - 1}:a:0`])],
    ...["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-vf", filters(plan), "-fps_mode", "vfr", "-enc_time_base:v", ticks, "-threads", "2"],
    ...encoding[encoder],
    ...(cuts.length === 0 ? [] : ["-force_key_frames", [...new Set(cuts)].join(",")]),
    ...(sound === null ? [] : ["-c:a", "aac", "-b:a", "128k", "-flags:a", "+bitexact"]),
    ...["-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"],
    ...["-output_ts_offset", shiftedBy(plan.begins), "-progress", "pipe:1", "-f", "mp4"],
  ];
  return ffmpegArgv(inputs, [], [{ to: `file:${out}`, options }, wholeClip(inputs)]);
}

/** The negated time; ffmpeg does not accept `--1`. */
function shiftedBy(begins: string): string {
  return begins.startsWith("-") ? begins.slice(1) : `-${begins}`;
}

const encoding: Readonly<Record<PictureEncoder, readonly string[]>> = {
  // The filter removes the encoder's description of itself, which reveals how many cores the machine has.
  libx264: [
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-a53cc", "0"],
    // Deblocking would carry pixels from around a filled region into it.
    ...["-x264-params", "no-deblock=1"],
    ...["-bsf:v", "filter_units=remove_types=6"],
  ],
  mpeg4: ["-c:v", "mpeg4", "-q:v", "2", "-bf", "0"],
};

function filters({ picture: { width, height }, boxes }: CopyPlan): string {
  const boxFilters = boxes.map(({ region, after, before }) => {
    const { x, y, width: w, height: h } = region;
    const when = [after === null ? [] : `gte(t,${after})`, before === null ? [] : `lte(t,${before})`].flat();
    const enable = when.length === 0 ? "" : `:enable='${when.join("*")}'`;
    return `drawbox=x=${x}:y=${y}:w=${w}:h=${h}:color=black:t=fill${enable}`;
  });
  const coded = codedSize({ width, height });
  const odd = coded.width !== width || coded.height !== height;
  // Pad while every pixel has its own colour; later, padding would replace the last row or column.
  const pad = odd ? ["format=yuv444p", `pad=${coded.width}:${coded.height}`] : [];
  const size = [`scale=${width}:${height}:out_range=tv`, "setsar=1", ...pad, "format=yuv420p"];
  return [...size, ...boxFilters].join(",");
}

/** Makes a copy at `out`, in the folder `outDir`. `onTime` receives the position reached, in microseconds. */
export async function makeCopy(
  tools: CopyTools,
  plan: CopyPlan,
  place: { readonly out: string; readonly outDir: string },
  onTime: (time: number) => void,
): Promise<MediaRun> {
  const media = plan.sound === null ? [plan.media] : [...new Set([plan.media, plan.sound])];
  const { ffmpeg: path, scratch, signal } = tools;
  return runMedia({
    program: "ffmpeg",
    path,
    argv: copyArgv(plan, place.out),
    media,
    scratch,
    outDir: place.outDir,
    limits: copyLimits(tools.seconds),
    signal,
    onStdout: (chunk) => {
      const time = readProgress(chunk.toString("latin1"));
      if (time !== null) onTime(time);
    },
  });
}

/** A filled region and the frames that must show it, counted from 0. */
export interface FillProof {
  readonly region: Region;
  readonly first: number;
  readonly last: number;
}

const planes = ["Y", "U", "V"] as const;

/** The command line that measures how far a region is from black in every frame of its fill. */
export function fillProofArgv(copy: string, proofs: readonly FillProof[]): readonly string[] {
  const from = proofs.map((_, at) => `[in${at}]`).join("");
  const chains = proofs.map(({ region: { x, y, width, height }, first, last }, at) => {
    const prints = planes.map(
      (plane) => `metadata=mode=print:key=lavfi.signalstats.${plane}MAX:file=${proofFile(at, plane)}`,
    );
    const steps = [
      `select=between(n\\,${first}\\,${last})`,
      `crop=${width}:${height}:${x}:${y}`,
      "lutyuv=y=abs(val-16):u=abs(val-128):v=abs(val-128)",
      "signalstats",
      ...prints,
    ];
    return `[in${at}]${steps.join(",")}[out${at}]`;
  });
  const graph = [`[0:V:0]split=${proofs.length}${from}`, ...chains].join(";");
  const outputs = proofs.flatMap((_, at) => ["-map", `[out${at}]`]);
  const options = ["-filter_complex", graph, ...outputs, "-fps_mode", "passthrough", "-f", "null"];
  return ffmpegArgv([copy], ["-noautorotate"], [{ to: "-", options }]);
}

/** A bare name in the working folder, because a path in a filter would need quoting twice. */
function proofFile(at: number, plane: string): string {
  return `fill-${at}-${plane}.txt`;
}

/** The measurement of one fill: the number of frames, and the largest distance of any sample in the region from black. */
export interface FillMeasure {
  readonly frames: number;
  readonly furthest: number;
}

/** Decodes a finished copy and measures its fills. An unusable run measures nothing. */
export async function measureFills(
  tools: CopyTools,
  copy: string,
  proofs: readonly FillProof[],
): Promise<{ readonly measures: readonly FillMeasure[]; readonly run: MediaRun }> {
  const argv = fillProofArgv(copy, proofs);
  const run = await runOn(tools, argv, [copy], decodeLimits(tools.seconds));
  const measures = proofs.map((_, at) => {
    const values = planes.map((plane) => readMaxima(takeSideFile(join(tools.scratch, proofFile(at, plane)))));
    const frames = Math.min(...values.map((of) => of.length));
    return { frames, furthest: values.flat().reduce((most, value) => Math.max(most, value), 0) };
  });
  return { measures: whyUnusable(run) === null ? measures : [], run };
}

/** A malformed number counts as the largest distance. */
function readMaxima(text: string): readonly number[] {
  return [...text.matchAll(/^lavfi\.signalstats\.[YUV]MAX=(.*)$/gm)].map((line) => {
    const value = Number(line[1]);
    return Number.isFinite(value) ? value : 255;
  });
}

function runOn(
  { ffmpeg: path, scratch, signal }: CopyTools,
  argv: readonly string[],
  media: readonly string[],
  limits: Parameters<typeof runMedia>[0]["limits"],
): Promise<MediaRun> {
  return runMedia({ program: "ffmpeg", path, argv, media, scratch, limits, signal });
}
