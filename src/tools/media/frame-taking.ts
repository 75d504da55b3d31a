import { maxGapFor } from "../../core/media/keyframe-plan.js";
import type { DecodingSource } from "./frame-runs.js";
import type { MediaRun } from "./input.js";
import type { TakenFrame } from "./picture-taking.js";
import type { Pictures } from "./pictures.js";

/** What a route to the frames works with; it adds to `runs`. */
export interface FrameTaking {
  readonly source: DecodingSource;
  readonly pictures: Pictures;
  readonly outDir: string;
  readonly runs: MediaRun[];
  readonly onProgress: (done: number, total: number) => void;
}

/** A frame that was taken, and its number in presentation order. */
export interface NumberedFrame {
  readonly number: number;
  /** First or last of the clip. */
  readonly fixed: boolean;
  readonly taken: TakenFrame;
}

/** What a route found: every frame it drew, ascending, and the gap it kept to in seconds. */
export interface RouteResult {
  readonly frames: readonly NumberedFrame[];
  readonly maxGap: number;
  /** The bound on the number of keyframes cut more than near-identical ones. */
  readonly bitten: boolean;
  readonly notes: readonly string[];
}

/** The longest gap that is kept to over frames with these first and last times, in seconds. */
export function gapOver(firstTime: number, lastTime: number): number {
  return maxGapFor(Math.max(0, lastTime - firstTime));
}
