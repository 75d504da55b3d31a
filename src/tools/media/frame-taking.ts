import { maxGapFor } from "../../core/media/keyframe-plan.js";
import type { DecodingSource } from "./frame-runs.js";
import type { MediaRun } from "./input.js";
import type { TakenFrame } from "./picture-taking.js";
import type { Pictures } from "./pictures.js";

/** What a route to the frames works with. The route adds to `runs`. */
export interface FrameTaking {
  readonly source: DecodingSource;
  readonly pictures: Pictures;
  readonly outDir: string;
  readonly runs: MediaRun[];
  readonly onProgress: (done: number, total: number) => void;
}

/** A taken frame and its number in presentation order. */
export interface NumberedPicture {
  readonly number: number;
  readonly taken: TakenFrame;
}

export interface NumberedFrame extends NumberedPicture {
  /** Whether it is the first or last frame of the clip. */
  readonly fixed: boolean;
}

/** The result of a route: every frame it drew, ascending, and the longest gap it allowed, in seconds. */
export interface RouteResult {
  readonly frames: readonly NumberedFrame[];
  readonly maxGap: number;
  /** Whether the limit on the number of keyframes removed more than near-identical ones. */
  readonly bitten: boolean;
  /** How many frames its runs showed. */
  readonly decoded: number;
  readonly notes: readonly string[];
}

/** The longest gap allowed between frames for a clip with these first and last times, in seconds. */
export function gapOver(firstTime: number, lastTime: number): number {
  return maxGapFor(Math.max(0, lastTime - firstTime));
}
