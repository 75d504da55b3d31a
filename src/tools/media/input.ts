import { readFileSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import ffmpegCommand from "fluent-ffmpeg";
import { HoldfastError } from "../../core/words/error.js";
import { run } from "../run/run.js";
import type { Limits, RunResult } from "../run/run-request.js";

/** One finished run of ffmpeg or ffprobe, ready for `describeRun`. `argv` contains local paths. */
export interface MediaRun {
  readonly program: "ffmpeg" | "ffprobe";
  readonly argv: readonly string[];
  readonly result: RunResult;
}

// Only named demuxers: a downloaded "mp4" that is really a playlist would make ffmpeg read other files (SECURITY §1.3).
// Those of phones and platforms, then those of cameras, recorders and dictating machines.
const demuxers = [
  "mov,matroska,mpegts,mpeg,avi,flv,ogg,mp3,aac,wav,flac,gif",
  "asf,amr,mxf,dv,aiff,caf,au,w64,ac3,eac3,h264,hevc,mpegvideo,m4v,dhav,ivf",
].join(",");

// Memory errors are mostly found in rarely used decoders.
const decoders = [
  "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,msmpeg4v3,theora,gif",
  "aac,aac_latm,mp3,mp3float,mp2,opus,vorbis,flac,ac3,eac3,pcm_s16le,pcm_s16be,pcm_u8,pcm_mulaw,pcm_alaw,amrnb,amrwb",
  // Of cameras, recorders and Windows. RealMedia's are left out: old, rare, and a source of memory errors.
  "wmv1,wmv2,wmv3,vc1,dvvideo,prores,dnxhd,wmav1,wmav2,alac,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,gsm_ms",
  "pcm_s8,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_bluray,pcm_dvd",
  // Pictures with words, which camcorders and broadcasts put beside the film.
  "pgssub,dvbsub,dvdsub",
  // Text subtitles: without these decoders, a clip that contains such subtitles is refused as a whole.
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

/** The first options of every ffprobe run (SECURITY §4.4): the file's maker controls everything that is read. */
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

/** One output of an ffmpeg command: its target (`pipe:1`, `-` or `file:<absolute path>`) and its options. */
export interface FfmpegOutput {
  readonly to: string;
  readonly options: readonly string[];
}

interface ComposedCommand {
  readonly _getArguments: () => string[];
}

/** Composes an ffmpeg command line; starts nothing. Every input gets the reading options, then `inputOptions`. */
export function ffmpegArgv(
  inputs: readonly string[],
  inputOptions: readonly string[],
  outputs: readonly FfmpegOutput[],
): readonly string[] {
  const command = ffmpegCommand();
  for (const media of inputs) {
    // Added one by one: fluent-ffmpeg splits a list item that contains one space, such as a path.
    command.input(mediaUrl(media));
    spread((...all) => command.inputOptions(...all), [...ffmpegReadingOptions, ...inputOptions]);
  }
  for (const output of outputs) {
    command.output(output.to);
    spread((...all) => command.outputOptions(...all), output.options);
  }
  return (command as unknown as ComposedCommand)._getArguments();
}

/** fluent-ffmpeg would split a single option at its space. */
function spread(add: (...options: string[]) => unknown, options: readonly string[]): void {
  if (options.length === 1) throw new Error("ffmpeg options must be passed at least two at a time");
  if (options.length > 1) add(...options);
}

/** The only form in which ffmpeg receives a path, so that no name can act as an option, a pattern or a URL. */
export function mediaUrl(path: string): string {
  if (!isAbsolute(path))
    throw new HoldfastError("io", "reading media: the path is not absolute", "please report this as a bug");
  return `file:${path}`;
}

/**
 * Runs ffmpeg or ffprobe in an empty folder, in a jail if possible, and returns what the record needs to describe the
 * run.
 */
export async function runMedia(request: {
  readonly program: "ffmpeg" | "ffprobe";
  readonly path: string;
  readonly argv: readonly string[];
  /** The files to read. In a jail, the program sees only these, `scratch` and `outDir`. */
  readonly media: readonly string[];
  readonly scratch: string;
  /** A folder that the program writes into besides `scratch`. */
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

/** Reads and removes a file that a run wrote beside its output; empty if a refused run wrote none. */
export function takeSideFile(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  } finally {
    rmSync(path, { force: true });
  }
}

/** Why a run is unusable, without the program's own words, which a file can control; null if it ended with status 0. */
export function whyUnusable(run: MediaRun): string | null {
  const { endedBy, exitCode, signal, reason } = run.result;
  if (endedBy !== "exited") return `${run.program} was ended: ${reason}`;
  if (signal !== null) return `${run.program} was ended by ${signal}`;
  if (exitCode !== 0) return `${run.program} refused the file (exit ${exitCode})`;
  return null;
}
