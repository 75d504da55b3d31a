import { readFileSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import ffmpegCommand from "fluent-ffmpeg";
import { HoldfastError } from "../../core/words/error.js";
import { run } from "../run/run.js";
import type { Limits, RunResult } from "../run/run-request.js";

/** One finished run of ffmpeg or ffprobe, ready for `describeRun`. `argv` holds paths of this machine. */
export interface MediaRun {
  readonly program: "ffmpeg" | "ffprobe";
  readonly argv: readonly string[];
  readonly result: RunResult;
}

// Named demuxers only: a downloaded "mp4" that is really a playlist would make ffmpeg read other files (SECURITY §1.3).
const demuxers = "mov,matroska,mpegts,mpeg,avi,flv,ogg,mp3,aac,wav,flac,gif";

// Rarely used decoders are where the memory errors are found.
const decoders = [
  "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,msmpeg4v3,theora,gif",
  "aac,aac_latm,mp3,mp3float,mp2,opus,vorbis,flac,ac3,eac3,pcm_s16le,pcm_s16be,pcm_u8,pcm_mulaw,pcm_alaw,amrnb,amrwb",
  // Subtitles that are text: without them a clip that carries some is refused as a whole.
  "subrip,srt,ass,ssa,webvtt,mov_text,text",
].join(",");

const readingOptions = [
  "-max_alloc",
  "268435456",
  "-protocol_whitelist",
  "file",
  "-format_whitelist",
  demuxers,
  "-codec_whitelist",
  decoders,
  "-max_streams",
  "32",
  "-max_pixels",
  "40000000",
];

/** The options every ffprobe run begins with (SECURITY §4.4): whoever made the file controls all that is read. */
export const ffprobeReadingOptions: readonly string[] = [
  "-hide_banner",
  "-loglevel",
  "error",
  ...readingOptions,
  "-probesize",
  "50000000",
  "-analyzeduration",
  "30000000",
  "-threads",
  "1",
];

/** The options before every `-i` of an ffmpeg run (SECURITY §4.5). */
const ffmpegReadingOptions: readonly string[] = [
  "-nostdin",
  "-hide_banner",
  "-loglevel",
  "error",
  ...readingOptions,
  "-threads",
  "2",
];

/** One output of an ffmpeg command: where it goes (`pipe:1`, `-` or `file:<absolute path>`) and its options. */
export interface FfmpegOutput {
  readonly to: string;
  readonly options: readonly string[];
}

interface ComposedCommand {
  readonly _getArguments: () => string[];
}

/** Composes an ffmpeg command line; starts nothing. Every input gets the reading options, `inputOptions` come last. */
export function ffmpegArgv(
  inputs: readonly string[],
  inputOptions: readonly string[],
  outputs: readonly FfmpegOutput[],
): readonly string[] {
  const command = ffmpegCommand();
  for (const media of inputs) {
    // One by one: in a list it splits whatever has one blank in it, such as a path.
    command.input(mediaUrl(media));
    spread((...all) => command.inputOptions(...all), [...ffmpegReadingOptions, ...inputOptions]);
  }
  for (const output of outputs) {
    command.output(output.to);
    spread((...all) => command.outputOptions(...all), output.options);
  }
  return (command as unknown as ComposedCommand)._getArguments();
}

/** A single one would be taken for a list that is to be split. */
function spread(add: (...options: string[]) => unknown, options: readonly string[]): void {
  if (options.length === 1) throw new Error("an option of ffmpeg without a second one");
  if (options.length > 1) add(...options);
}

/** The only form in which a path is handed to ffmpeg: no name of ours can be taken for an option, pattern or URL. */
export function mediaUrl(path: string): string {
  if (!isAbsolute(path)) throw new HoldfastError("io", "media is read by absolute path only", "report this");
  return `file:${path}`;
}

/** Runs ffmpeg or ffprobe in an empty folder of ours, locked in where that works, and keeps what is needed to describe the run. */
export async function runMedia(request: {
  readonly program: "ffmpeg" | "ffprobe";
  readonly path: string;
  readonly argv: readonly string[];
  /** The files it is to read; of everything else that is ours it sees `scratch` and `outDir` only. */
  readonly media: readonly string[];
  readonly scratch: string;
  /** A folder it writes into besides `scratch`. */
  readonly outDir?: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>;
}): Promise<MediaRun> {
  const { program, path, argv, media, scratch, outDir, limits, signal, onStdout } = request;
  const result = await run({
    program: path,
    argv,
    cwd: scratch,
    jail: { reads: media, writes: outDir === undefined ? [] : [outDir] },
    limits,
    signal,
    ...(onStdout ? { onStdout } : {}),
  });
  return { program, argv, result };
}

/** Reads and removes a file that a run wrote beside its output; empty where a run that was refused wrote none. */
export function takeSideFile(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  } finally {
    rmSync(path, { force: true });
  }
}

/** Why a run cannot be used, in our words (what a program printed is hostile text); null when it ended with exit 0. */
export function whyUnusable(run: MediaRun): string | null {
  const { endedBy, exitCode, signal, reason } = run.result;
  if (endedBy !== "exited") return `${run.program} was ended: ${reason}`;
  if (signal !== null) return `${run.program} was ended by ${signal}`;
  if (exitCode !== 0) return `${run.program} refused the file (exit ${exitCode})`;
  return null;
}
