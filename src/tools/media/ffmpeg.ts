import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DecodeCheck } from "../../core/capture/record.js";
import { fromMicroseconds, parseSeconds } from "../../core/media/timing.js";
import { decodeLimits, remuxLimits } from "../run/limits.js";
import type { MediaProbe } from "./ffprobe.js";
import { ffmpegArgv, type MediaRun, runMedia, whyUnusable } from "./input.js";

/** What every function here needs: absolute paths of ffmpeg and of the original, and an existing empty folder. */
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

/** The options of an output that is one SHA-256 per stream over the packets of an input (EVIDENCE §5). */
export function packetHashOptions(input: number): readonly string[] {
  return ["-map", String(input), "-c", "copy", "-f", "streamhash", "-hash", "sha256"];
}

/** The command line of `streamHashes`. */
export function packetHashArgv(media: string): readonly string[] {
  return ffmpegArgv([media], [], [{ to: "-", options: packetHashOptions(0) }]);
}

/** The command line whose output is one SHA-256 over the decoded pictures of each video stream (EVIDENCE §5). */
export function decodedHashArgv(media: string): readonly string[] {
  const options = ["-map", "0:V", "-fps_mode", "passthrough", "-f", "streamhash", "-hash", "sha256"];
  return ffmpegArgv([media], ["-noautorotate"], [{ to: "-", options }]);
}

/** Hashes each stream's packets, and with `deep` also the decoded pictures of video streams. */
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
  // The picture streams of the output are numbered on their own: the first of them is the first video stream.
  const pictures = failed === null ? readStreamHashes(decoded.result.stdout.toString("latin1")) : [];
  const videos = lines.filter(({ type }) => type === "v");
  const streams = lines.map((line) => ({
    ...withoutDecoded(line),
    decoded_sha256: line.type === "v" ? (pictures[videos.indexOf(line)]?.sha256 ?? null) : null,
  }));
  const runs = [packets, decoded];
  const notComparable =
    decoded.result.stderr.length > 0 ? ["decoding gave warnings: the decoded hash is not comparable"] : [];
  return {
    ok: true,
    streams,
    notes: [...warningNote(packets), ...notComparable, ...(failed === null ? [] : [failed])],
    runs,
  };
}

/** Reads lines such as `0,v,SHA256=<64 hex digits>`; anything else is skipped. */
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

/** The options before an input whose first error is to be one, and not something to be smoothed over. */
export const strictReadingOptions: readonly string[] = ["-err_detect", "explode"];

/** The options of an output that decodes everything of the first input, keeps nothing and tells `progress` how far it came. */
export function decodeOptions(progress: string): readonly string[] {
  return ["-map", "0:V?", "-map", "0:a?", "-sn", "-dn", "-f", "null", "-progress", progress];
}

/** The option that ends a run at its first error. */
export const strictRunOption = "-xerror";

/** The command line that decodes everything. A strict one stops at the first error, the other goes on to the end. */
export function decodeArgv(media: string, strict: boolean): readonly string[] {
  const options = decodeOptions("pipe:1");
  return strict
    ? ffmpegArgv([media], strictReadingOptions, [{ to: "-", options: [...options, strictRunOption] }])
    : ffmpegArgv([media], [], [{ to: "-", options }]);
}

/**
 * Decodes every picture and sound strictly (SECURITY §1.5). `sound`: no error, not a word on stderr, and the decoded
 * length is the announced one within the larger of 1 s and 2 %. `short`: it ends before that, however it is decoded.
 * `damaged`: errors, but it reaches its end. `unknown`: nothing to decode, no announced length, or ended by us.
 */
export async function strictDecode(request: FfmpegRequest): Promise<DecodeOutcome> {
  if (request.probe.video === null && !request.probe.hasAudio) {
    return { verdict: "unknown", grounds: ["no stream that can be decoded"], runs: [] };
  }
  const strict = await runFfmpeg(request, decodeArgv(request.media, true), limitsFor(request.probe));
  if (strict.result.endedBy !== "exited") return endedByUs(strict);
  if (strict.result.exitCode === 0 && strict.result.stderr.length === 0) {
    return { ...judgeCleanDecode(progressOf(strict), request.probe), runs: [strict] };
  }
  // Where the strict decode stopped says nothing about the rest: a second, patient one finds the end.
  const patient = await runFfmpeg(request, decodeArgv(request.media, false), limitsFor(request.probe));
  if (patient.result.endedBy !== "exited") return endedByUs(strict, patient);
  const length = compareLengths(progressOf(patient), request.probe);
  const grounds = [
    `the strict decode met errors or warnings (exit ${strict.result.exitCode ?? "by signal"})`,
    length.words,
  ];
  return { verdict: length.short ? "short" : "damaged", grounds, runs: [strict, patient] };
}

/** The verdict where a strict decode ended well and without a word; `progress` is what it told of its progress. */
export function judgeCleanDecode(progress: string, probe: MediaProbe): Omit<DecodeCheck, "original"> {
  const length = compareLengths(progress, probe);
  const verdict = length.short ? "short" : length.known ? "sound" : "unknown";
  return { verdict, grounds: ["the strict decode met no error or warning", length.words] };
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

/** The last `out_time` of ffmpeg's progress in microseconds; null where it said none. */
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
  /** Video first; each an original with its probe. One entry remuxes a single file (a TS). */
  readonly tracks: readonly { readonly media: string; readonly probe: MediaProbe }[];
  /** Existing folder; the file is `playable.mp4` or `playable.mkv`. */
  readonly outDir: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export type PlayableOutcome =
  | {
      readonly ok: true;
      /** Name inside `outDir`. */
      readonly file: "playable.mp4" | "playable.mkv";
      readonly runs: readonly MediaRun[];
    }
  | { readonly ok: false; readonly reason: string; readonly runs: readonly MediaRun[] };

/** The command line that copies the first picture and sound streams into one file, without tags (SECURITY §4.5). */
export function playableArgv(tracks: readonly string[], out: string): readonly string[] {
  const maps =
    tracks.length > 1
      ? ["-map", "0:V:0", ...tracks.slice(1).flatMap((_, index) => ["-map", `${index + 1}:a:0`])]
      : ["-map", "0:V:0", "-map", "0:a:0?"];
  const options = [...maps, "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact"];
  const faststart = out.endsWith(".mp4") ? ["-movflags", "+faststart"] : [];
  return ffmpegArgv(tracks, [], [{ to: `file:${out}`, options: [...options, ...faststart] }]);
}

/** Puts separate tracks, or a transport stream, into one file that players open; nothing is re-encoded. */
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

/** Runs ffmpeg over one original with the arguments and limits given. */
export function runFfmpeg(
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

/** A stream's hash over its packets alone. */
export function withoutDecoded(line: ReturnType<typeof readStreamHashes>[number]): StreamHashLine {
  return { stream: line.stream, type: line.type, packets_sha256: line.sha256, decoded_sha256: null };
}

function warningNote(run: MediaRun): readonly string[] {
  return run.result.stderr.length > 0 ? ["ffmpeg gave warnings while reading the packets"] : [];
}
