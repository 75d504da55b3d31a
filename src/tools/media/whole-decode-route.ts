import { maxKeyframes, withinLimit } from "../../core/media/keyframe-plan.js";
import { chooseFrames } from "../../core/media/shots.js";
import { type LookedAt, lookAtFrames, wholeStream } from "./frame-runs.js";
import { type FrameTaking, gapOver, type NumberedFrame, type RouteResult } from "./frame-taking.js";
import { whyUnusable } from "./input.js";
import { discardFrames, takeFrames } from "./picture-taking.js";

/**
 * Decodes the whole stream twice, to look at every frame and to take the chosen ones. Frame numbers count the frames that
 * the decoder shows, so this works for streams whose packets cannot be counted as frames.
 */
export async function takeFromWholeDecode(taking: FrameTaking): Promise<RouteResult> {
  const looked = await lookAtFrames(taking.source, wholeStream);
  taking.runs.push(looked.run);
  const { result } = await takeSeen(taking, looked.frames);
  return result;
}

/**
 * Takes the chosen frames of a stream whose frames have all been looked at. Null, leaving nothing behind, if the decoder
 * reports errors or does not show the chosen frames.
 */
export async function takeFromLooks(
  taking: FrameTaking,
  looks: readonly LookedAt[],
): Promise<RouteResult | null> {
  const { result, asPlanned } = await takeSeen(taking, looks);
  if (asPlanned) return result;
  discardFrames(result.frames.map(({ taken }) => taken));
  return null;
}

async function takeSeen(
  taking: FrameTaking,
  looks: readonly LookedAt[],
): Promise<{ readonly result: RouteResult; readonly asPlanned: boolean }> {
  const { source, pictures, runs } = taking;
  const { num, den } = source.video.timeBase;
  const timed = looks.flatMap(({ pts, look }, number) =>
    pts === null ? [] : [{ pts, number, time: (pts * num) / den, look }],
  );
  const first = timed[0];
  const last = timed.at(-1);
  if (!first || !last)
    return { result: { frames: [], maxGap: gapOver(0, 0), bitten: false, notes: [] }, asPlanned: false };
  const maxGap = gapOver(first.time, last.time);
  const chosen = chooseFrames(timed, maxGap).flatMap((at) => timed[at] ?? []);
  const candidates = chosen.map((frame) => ({ ...frame, fixed: frame === first || frame === last }));
  const { kept, bitten } = withinLimit(candidates, maxGap, maxKeyframes);
  const numbers = new Map(timed.map(({ pts, number }) => [pts, number]));
  const pts = [...new Set(kept.flatMap((at) => candidates[at]?.pts ?? []))].sort((a, b) => a - b);
  let done = 0;
  const taken = await takeFrames({
    source,
    pictures,
    window: wholeStream,
    pts,
    folder: taking.outDir,
    name: "whole",
    onFrame: () => taking.onProgress(++done, pts.length),
  });
  runs.push(taken.run);
  const frames = taken.frames.flatMap((frame): NumberedFrame[] => {
    const number = numbers.get(frame.pts);
    const fixed = frame.pts === first.pts || frame.pts === last.pts;
    return number === undefined ? [] : [{ number, fixed, taken: frame }];
  });
  const clean = whyUnusable(taken.run) === null && taken.run.result.stderr.length === 0;
  const asPlanned =
    clean && frames.length === pts.length && pts.every((time, at) => taken.frames[at]?.pts === time);
  return {
    result: { frames, maxGap, bitten, notes: ["every frame was decoded to find shots"] },
    asPlanned,
  };
}
