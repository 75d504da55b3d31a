import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DecodeCheck } from "../../core/capture/record.js";
import { fromMicroseconds, parseSeconds } from "../../core/media/timing.js";
import { decodeLimits, remuxLimits } from "../run/limits.js";
import type { MediaProbe } from "./ffprobe.js";
import { ffmpegArgv, type MediaRun, runMedia, whyUnusable } from "./input.js";

/** What every run needs: absolute paths of ffmpeg and the original, and an existing empty folder. */
export interface FfmpegRequest {
  readonly ffmpeg: string;
  readonly media: string;
  readonly probe: MediaProbe;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export interface StreamHashLine {
  readonly stream: number;
  readonly type: string;
  readonly packets_sha256: string;
  readonly decoded_sha256: string | null;
}

export type StreamHashOutcome =
  | {
      readonly ok: true;
      readonly streams: readonly StreamHashLine[];
      readonly notes: readonly string[];
      readonly runs: readonly MediaRun[];
    }
  | { readonly ok: false; readonly reason: string; readonly runs: readonly MediaRun[] };

/** The options of an output with one SHA-256 per stream over an input's packets (EVIDENCE §5). */
export function packetHashOptions(input: number): readonly string[] {
  return ["-map", String(input), "-c", "copy", "-f", "streamhash", "-hash", "sha256"];
}

/** The command line of `streamHashes`. */
export function packetHashArgv(media: string): readonly string[] {
  return ffmpegArgv([media], [], [{ to: "-", options: packetHashOptions(0) }]);
}

/** The options of an output with one SHA-256 over the decoded frames of each video stream (EVIDENCE §5). */
export const decodedHashOptions: readonly string[] = [
  ...["-map", "0:V", "-fps_mode", "passthrough", "-f", "streamhash", "-hash", "sha256"],
];

/** The command line that prints one SHA-256 over the decoded frames of each video stream. */
export function decodedHashArgv(media: string): readonly string[] {
  return ffmpegArgv([media], ["-noautorotate"], [{ to: "-", options: decodedHashOptions }]);
}

/** Hashes each stream's packets and, with `deep`, also the decoded frames of video streams. */
export async function streamHashes(
  request: FfmpegRequest & { readonly deep: boolean },
): Promise<StreamHashOutcome> {
  const bytes = statSync(request.media).size;
  const packets = await runFfmpeg(request, packetHashArgv(request.media), remuxLimits(bytes));
  const refusal = whyUnusable(packets);
  if (refusal !== null) return { ok: false, reason: refusal, runs: [packets] };
  const lines = readStreamHashes(packets.result.stdout.toString("latin1"));
  if (!request.deep || request.probe.video === null) {
    return { ok: true, streams: lines.map(withoutDecoded), notes: warningNote(packets), runs: [packets] };
  }
  const decoded = await runFfmpeg(request, decodedHashArgv(request.media), limitsFor(request.probe));
  const failed = whyUnusable(decoded);
  const pictures = failed === null ? readStreamHashes(decoded.result.stdout.toString("latin1")) : [];
  const streams = withDecoded(lines, pictures);
  const runs = [packets, decoded];
  const notComparable =
    decoded.result.stderr.length > 0
      ? ["decoding caused warnings, so the decoded hash is not comparable"]
      : [];
  return {
    ok: true,
    streams,
    notes: [...warningNote(packets), ...notComparable, ...(failed === null ? [] : [failed])],
    runs,
  };
}

/** Reads lines such as `0,v,SHA256=<64 hex digits>`; skips anything else. */
export function readStreamHashes(
  text: string,
): readonly { readonly stream: number; readonly type: string; readonly sha256: string }[] {
  return [...text.matchAll(/^(\d+),([a-z]),SHA256=([0-9a-f]{64})$/gm)].map((match) => ({
    stream: Number(match[1]),
    type: match[2] ?? "",
    sha256: match[3] ?? "",
  }));
}

export interface DecodeOutcome extends Omit<DecodeCheck, "original"> {
  readonly runs: readonly MediaRun[];
}

/** The options that make ffmpeg report an input's first error instead of concealing it. */
export const strictReadingOptions: readonly string[] = ["-err_detect", "explode"];

/** The options of an output that decodes the whole first input, keeps nothing and reports its position to `progress`. */
export function decodeOptions(progress: string): readonly string[] {
  // The muxer counts time in frames of the rate that ffmpeg guesses. Without this, two frames closer together, as phones
  // record them, get one time, and it complains of a clip that decodes without an error.
  const spaced = ["-fps_mode", "vfr"];
  return ["-map", "0:V?", "-map", "0:a?", "-sn", "-dn", ...spaced, "-f", "null", "-progress", progress];
}

/** The option that ends a run at its first error. */
export const strictRunOption = "-xerror";

/**
 * The command line that decodes everything. A strict decode stops at the first error; otherwise it continues to the
 * end.
 */
export function decodeArgv(media: string, strict: boolean): readonly string[] {
  const options = decodeOptions("pipe:1");
  return strict
    ? ffmpegArgv([media], strictReadingOptions, [{ to: "-", options: [...options, strictRunOption] }])
    : ffmpegArgv([media], [], [{ to: "-", options }]);
}

/**
 * Decodes all video and audio strictly (SECURITY §1.5). `sound`: no error, nothing on stderr, and the decoded length
 * equals the announced one within 1 s or 2 %, whichever is larger. `short`: it ends earlier, strictly decoded or not.
 * `damaged`: errors, but it reaches its end. `unknown`: nothing to decode, no announced length, or holdfast ended the run.
 */
export async function strictDecode(request: FfmpegRequest): Promise<DecodeOutcome> {
  if (request.probe.video === null && !request.probe.hasAudio) {
    return { verdict: "unknown", grounds: ["the file has no decodable stream"], runs: [] };
  }
  const strict = await runFfmpeg(request, decodeArgv(request.media, true), limitsFor(request.probe));
  if (strict.result.endedBy !== "exited") return endedByUs(strict);
  if (strict.result.exitCode === 0 && strict.result.stderr.length === 0) {
    return { ...judgeCleanDecode(progressOf(strict), request.probe), runs: [strict] };
  }
  // The strict decode may stop early, so a second, tolerant decode finds the end.
  const patient = await runFfmpeg(request, decodeArgv(request.media, false), limitsFor(request.probe));
  if (patient.result.endedBy !== "exited") return endedByUs(strict, patient);
  const length = compareLengths(progressOf(patient), request.probe);
  const grounds = [
    `the strict decode reported errors or warnings (exit ${strict.result.exitCode ?? "by signal"})`,
    length.words,
  ];
  return { verdict: length.short ? "short" : "damaged", grounds, runs: [strict, patient] };
}

/** The verdict of a strict decode that ended well and printed nothing on stderr; `progress` is its progress report. */
export function judgeCleanDecode(progress: string, probe: MediaProbe): Omit<DecodeCheck, "original"> {
  const length = compareLengths(progress, probe);
  const verdict = length.short ? "short" : length.known ? "sound" : "unknown";
  return { verdict, grounds: ["the strict decode reported no error or warning", length.words] };
}

function progressOf(run: MediaRun): string {
  return run.result.stdout.toString("latin1");
}

function endedByUs(...runs: readonly MediaRun[]): DecodeOutcome {
  return {
    verdict: "unknown",
    grounds: [`the decode was ended: ${runs.at(-1)?.result.reason ?? "unknown"}`],
    runs,
  };
}

/** The last `out_time` of ffmpeg's progress report, in microseconds; null if it has none. */
export function readProgress(text: string): number | null {
  const last = [...text.matchAll(/^out_time_us=(\d+)$/gm)].at(-1);
  return last ? Number(last[1]) : null;
}

function compareLengths(
  progress: string,
  probe: MediaProbe,
): { readonly known: boolean; readonly short: boolean; readonly words: string } {
  const decoded = readProgress(progress);
  const announced = parseSeconds(probe.duration);
  if (announced === null) return { known: false, short: false, words: "the file announces no length" };
  if (decoded === null) return { known: false, short: true, words: "nothing was decoded" };
  const tolerance = Math.max(1_000_000, announced * 0.02);
  const words = `${fromMicroseconds(decoded)} s decoded, ${fromMicroseconds(announced)} s announced`;
  return { known: Math.abs(decoded - announced) <= tolerance, short: decoded < announced - tolerance, words };
}

export interface PlayableRequest {
  readonly ffmpeg: string;
  /** The originals with their probes, video first. A single one (a TS) is remuxed. */
  readonly tracks: readonly { readonly media: string; readonly probe: MediaProbe }[];
  /** An existing folder for `playable.mp4` or `playable.mkv`. */
  readonly outDir: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export type PlayableOutcome =
  | {
      readonly ok: true;
      /** The file's name inside `outDir`. */
      readonly file: "playable.mp4" | "playable.mkv";
      readonly runs: readonly MediaRun[];
    }
  | { readonly ok: false; readonly reason: string; readonly runs: readonly MediaRun[] };

/** The command line that copies the first video and audio streams into one file, without tags (SECURITY §4.5). */
export function playableArgv(tracks: readonly string[], out: string): readonly string[] {
  const maps =
    tracks.length > 1
      ? ["-map", "0:V:0", ...tracks.slice(1).flatMap((_, index) => ["-map", `${index + 1}:a:0`])]
      : ["-map", "0:V:0", "-map", "0:a:0?"];
  const options = [...maps, "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact"];
  const faststart = out.endsWith(".mp4") ? ["-movflags", "+faststart"] : [];
  return ffmpegArgv(tracks, [], [{ to: `file:${out}`, options: [...options, ...faststart] }]);
}

/** Combines separate tracks, or converts a transport stream, into one file that players open, without re-encoding. */
export async function makePlayable(request: PlayableRequest): Promise<PlayableOutcome> {
  const { ffmpeg: path, outDir, scratch, signal } = request;
  const media = request.tracks.map((track) => track.media);
  const limits = remuxLimits(media.reduce((sum, path) => sum + statSync(path).size, 0));
  const runs: MediaRun[] = [];
  let reason = "no container can hold the tracks";
  for (const file of ["playable.mp4", "playable.mkv"] as const) {
    const out = join(outDir, file);
    const argv = playableArgv(media, out);
    const run = await runMedia({ program: "ffmpeg", path, argv, media, scratch, outDir, limits, signal });
    runs.push(run);
    const refusal = whyUnusable(run);
    if (refusal === null) return { ok: true, file, runs };
    reason = refusal;
    rmSync(out, { force: true });
    if (run.result.endedBy !== "exited") break;
  }
  return { ok: false, reason, runs };
}

/** Runs ffmpeg over one original with the given arguments and limits. */
function runFfmpeg(
  request: Pick<FfmpegRequest, "ffmpeg" | "media" | "scratch" | "signal">,
  argv: readonly string[],
  limits: ReturnType<typeof remuxLimits>,
): Promise<MediaRun> {
  const { ffmpeg, media, scratch, signal } = request;
  return runMedia({ program: "ffmpeg", path: ffmpeg, argv, media: [media], scratch, limits, signal });
}

function limitsFor(probe: MediaProbe): ReturnType<typeof decodeLimits> {
  return decodeLimits((parseSeconds(probe.duration) ?? 0) / 1_000_000);
}

/** The hashes of all packets, beside those of decoded frames, of which there may be none. */
export function withDecoded(
  packets: ReturnType<typeof readStreamHashes>,
  pictures: ReturnType<typeof readStreamHashes>,
): readonly StreamHashLine[] {
  // The output of decoded frames numbers its streams separately: its first one is the input's first video stream.
  const videos = packets.filter(({ type }) => type === "v");
  return packets.map((line) => ({
    ...withoutDecoded(line),
    decoded_sha256: line.type === "v" ? (pictures[videos.indexOf(line)]?.sha256 ?? null) : null,
  }));
}

/** A stream's hash of its packets only. */
function withoutDecoded(line: ReturnType<typeof readStreamHashes>[number]): StreamHashLine {
  return { stream: line.stream, type: line.type, packets_sha256: line.sha256, decoded_sha256: null };
}

function warningNote(run: MediaRun): readonly string[] {
  return run.result.stderr.length > 0 ? ["ffmpeg printed warnings while reading the packets"] : [];
}
