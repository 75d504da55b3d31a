import type { Keyframe } from "../core/record.js";
import type { MediaProbe } from "./ffprobe.js";
import type { MediaRun } from "./media-input.js";

/** Keyframes of one media file. `path` of each is a plain file name inside `outDir`. */
export interface KeyframeSet {
  readonly keyframes: readonly Keyframe[];
  /** The longest gap between neighbours that is promised where frames exist, decimal seconds. */
  readonly maxGap: string;
  /** What a reader must know: errors met, frames replaced, bounds that bit. One sentence each. */
  readonly notes: readonly string[];
  readonly runs: readonly MediaRun[];
}

export interface KeyframeRequest {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Absolute path of the original. */
  readonly media: string;
  /** What `probeMedia` found; must have `video`. */
  readonly probe: MediaProbe;
  /** Existing folder the JPEG files are written into. */
  readonly outDir: string;
  /** Existing empty folder for side files. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Called with frames done and frames planned. */
  readonly onProgress?: (done: number, total: number) => void;
}

export async function extractKeyframes(request: KeyframeRequest): Promise<KeyframeSet> {
  throw new Error(`not yet: ${request.media}`);
}
