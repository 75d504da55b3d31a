import { basename } from "node:path";
import { parseRatio, parseSeconds, type Ratio } from "../../core/media/timing.js";
import { ffprobeLimits } from "../run/limits.js";
import { ffprobeReadingOptions, type MediaRun, mediaUrl, runMedia, whyUnusable } from "./input.js";

/** One stream as the container announces it: the file's claims, not proof. */
export interface StreamSummary {
  readonly index: number;
  /** `video`, `audio`, `subtitle`, `data`, `attachment`, or `unknown`. */
  readonly type: string;
  /** ffprobe's name for the codec; null if no decoder knows the stream. */
  readonly codec: string | null;
  /** Whether this is a cover picture or thumbnail stored as a video stream. */
  readonly picture: boolean;
  /** Its start by the container's clock, in decimal seconds; null if unknown. */
  readonly start: string | null;
}

/** The video stream for keyframes: the first that is not a cover picture. */
export interface VideoStream {
  readonly index: number;
  readonly codec: string;
  /** Size of the decoded frame, before rotation and aspect ratio are applied. */
  readonly width: number;
  readonly height: number;
  /** Clockwise rotation for display, in degrees: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** The sample aspect ratio; 1/1 if the file states none. */
  readonly sampleAspect: Ratio;
  readonly timeBase: Ratio;
  /** False if the file says that the frames are interlaced: then packets cannot be counted as frames. */
  readonly progressive: boolean;
  /** The announced number of frames, or the length times the frame rate; null if neither is announced. */
  readonly announcedFrames: number | null;
}

/** What ffprobe read from a file. */
export interface MediaProbe {
  readonly ok: true;
  /** The complete output of ffprobe; its `filename` is the base name, never a local path. */
  readonly json: string;
  /** ffmpeg's names for the container, for instance `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  readonly streams: readonly StreamSummary[];
  /** Announced length in decimal seconds; null if the file announces none. */
  readonly duration: string | null;
  /** Start of the file's earliest stream, in decimal seconds; null if unknown. */
  readonly start: string | null;
  readonly video: VideoStream | null;
  readonly hasAudio: boolean;
  readonly run: MediaRun;
}

export type ProbeOutcome =
  | MediaProbe
  | { readonly ok: false; readonly reason: string; readonly run: MediaRun };

export interface ProbeRequest {
  /** Absolute path of ffprobe. */
  readonly ffprobe: string;
  /** Absolute path of the file; its base name appears in the JSON. */
  readonly media: string;
  /** An existing empty folder, also the program's TMPDIR. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

const whole = ["-show_format", "-show_streams", "-show_chapters", "-show_programs", "-of", "json=compact=1"];

/** The command line of `probeMedia`. */
export function probeArgv(media: string): readonly string[] {
  return [...ffprobeReadingOptions, "-print_filename", basename(media), ...whole, mediaUrl(media)];
}

/** Asks ffprobe for everything that the container announces (EVIDENCE §7.1). A refusal is a result, not an error. */
export async function probeMedia(request: ProbeRequest): Promise<ProbeOutcome> {
  const run = await runMedia({
    program: "ffprobe",
    path: request.ffprobe,
    argv: probeArgv(request.media),
    media: [request.media],
    scratch: request.scratch,
    limits: ffprobeLimits,
    signal: request.signal,
  });
  const reason = whyUnusable(run);
  if (reason !== null) return { ok: false, reason: withRefusal(reason, run), run };
  const json = run.result.stdout.toString("utf8");
  const facts = readProbe(json);
  return facts === null
    ? { ok: false, reason: "ffprobe found no stream in the file", run }
    : { ok: true, json, ...facts, run };
}

/** What ffprobe says of a file that it refuses, where that tells a person what to do. */
const refusals: readonly (readonly [said: string, words: string])[] = [
  ["moov atom not found", "its index (moov) is missing, as where a recording or a copy broke off"],
  ["not on whitelist", "holdfast does not read this kind of file"],
];

function withRefusal(reason: string, run: MediaRun): string {
  const said = refusals.find(([part]) => run.result.stderr.includes(part));
  return said === undefined ? reason : `${reason}: ${said[1]}`;
}

type ProbeFacts = Omit<MediaProbe, "ok" | "json" | "run">;
type Json = Readonly<Record<string, unknown>>;

/** Reads the needed values from ffprobe's JSON, whose contents the file's maker controls; null if there is no stream. */
export function readProbe(json: string): ProbeFacts | null {
  const document = asObject(parseJson(json));
  const streams = asObjects(document.streams);
  if (streams.length === 0) return null;
  const format = asObject(document.format);
  const summaries = streams.map(summarise);
  const video = streams.find((_, at) => summaries[at]?.type === "video" && !summaries[at]?.picture);
  return {
    container: asText(format.format_name) ?? "unknown",
    streams: summaries,
    duration: seconds(asText(format.duration)),
    start: seconds(asText(format.start_time)),
    video: video ? readVideo(video, format) : null,
    hasAudio: summaries.some((stream) => stream.type === "audio"),
  };
}

function summarise(stream: Json): StreamSummary {
  const disposition = asObject(stream.disposition);
  return {
    index: asInteger(stream.index) ?? 0,
    type: asText(stream.codec_type) ?? "unknown",
    codec: knownCodec(asText(stream.codec_name)),
    picture: disposition.attached_pic === 1 || disposition.timed_thumbnails === 1,
    start: seconds(asText(stream.start_time)),
  };
}

function knownCodec(name: string | null): string | null {
  return name === "unknown" || name === "none" ? null : name;
}

function readVideo(stream: Json, format: Json): VideoStream | null {
  const codec = knownCodec(asText(stream.codec_name));
  const width = asInteger(stream.width) ?? 0;
  const height = asInteger(stream.height) ?? 0;
  const timeBase = parseRatio(asText(stream.time_base));
  if (codec === null || width < 1 || height < 1 || timeBase === null) return null;
  const order = asText(stream.field_order);
  return {
    index: asInteger(stream.index) ?? 0,
    codec,
    width,
    height,
    rotation: readRotation(stream),
    sampleAspect: parseRatio(asText(stream.sample_aspect_ratio)) ?? { num: 1, den: 1 },
    timeBase,
    progressive: order === null || order === "progressive" || order === "unknown",
    announcedFrames: readFrameCount(stream, format),
  };
}

function readFrameCount(stream: Json, format: Json): number | null {
  const stated = Number(asText(stream.nb_frames) ?? Number.NaN);
  if (Number.isSafeInteger(stated) && stated > 0) return stated;
  const rate = parseRatio(asText(stream.avg_frame_rate));
  const length = parseSeconds(asText(stream.duration) ?? asText(format.duration));
  return rate === null || length === null ? null : Math.ceil(((length / 1_000_000) * rate.num) / rate.den);
}

/** ffprobe states the display matrix's angle counter-clockwise, and the old `rotate` tag clockwise. */
function readRotation(stream: Json): number {
  const matrix = asObjects(stream.side_data_list).find((data) => typeof data.rotation === "number");
  const tag = Number(asText(asObject(stream.tags).rotate) ?? Number.NaN);
  const clockwise = typeof matrix?.rotation === "number" ? -matrix.rotation : tag;
  if (!Number.isFinite(clockwise)) return 0;
  return (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
}

function seconds(text: string | null): string | null {
  return parseSeconds(text) === null ? null : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function asObjects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function asInteger(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
