import type { MediaProbe } from "./ffprobe.js";
import type { MediaRun } from "./media-input.js";

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

export async function streamHashes(
  request: FfmpegRequest & { readonly deep: boolean },
): Promise<StreamHashOutcome> {
  throw new Error(`not yet ${request.media}`);
}

export interface DecodeOutcome {
  readonly verdict: "sound" | "damaged" | "unknown";
  /** One sentence per observation. */
  readonly grounds: readonly string[];
  readonly runs: readonly MediaRun[];
}

export async function strictDecode(request: FfmpegRequest): Promise<DecodeOutcome> {
  throw new Error(`not yet ${request.media}`);
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
      readonly ok: true /** Name inside `outDir`. */;
      readonly file: "playable.mp4" | "playable.mkv";
      readonly runs: readonly MediaRun[];
    }
  | { readonly ok: false; readonly reason: string; readonly runs: readonly MediaRun[] };

export async function makePlayable(request: PlayableRequest): Promise<PlayableOutcome> {
  throw new Error(`not yet ${request.outDir}`);
}
