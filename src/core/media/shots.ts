import { colourDifference, dhash, hashDistance, type Look, nearIdentical } from "./dhash.js";

/** A decoded frame as far as the choice of frames needs it: presentation time in seconds, and what it looks like. */
export interface SeenFrame {
  readonly time: number;
  readonly look: Look;
}

// A cut changes the picture at least this much (mean per colour value, or bits of the hash) from one frame to the next …
const cutColour = 5;
const cutBits = 12;
// … and this many times more than the frames around it do, so that a moving camera does not count as a row of cuts.
const cutContrast = 3.5;
/** How many frames on either side are looked at to tell a cut from a camera that moves. */
export const neighbours = 6;

/**
 * Positions of the frames that begin a new shot (never 0). `frames` are consecutive decoded frames in presentation
 * order. A position is found if the jump from one frame to the next stands out from the jumps around it.
 */
export function findCuts(frames: readonly SeenFrame[]): readonly number[] {
  const jumps = frames.map((frame, at) => jump(frames[at - 1], frame));
  return jumps.flatMap((size, at) => (at > 0 && isCut(jumps, size, at) ? [at] : []));
}

/** The change between two frames on one scale: colour difference, or hash bits scaled so that both thresholds meet. */
export function jump(before: SeenFrame | undefined, frame: SeenFrame): number {
  if (before === undefined) return 0;
  const colour = colourDifference(before.look, frame.look);
  if (colour < 1) return colour;
  const bits = hashDistance(dhash(before.look), dhash(frame.look));
  return Math.max(colour, (bits * cutColour) / cutBits);
}

/** Whether a frame begins a shot: the jump of this `size` to it stands out from those around it. */
export function isCut(jumps: readonly number[], size: number, at: number): boolean {
  if (size < cutColour) return false;
  const around = [
    ...jumps.slice(Math.max(1, at - neighbours), at),
    ...jumps.slice(at + 1, at + 1 + neighbours),
  ];
  around.sort((a, b) => a - b);
  // The upper quartile: one more cut close by must not hide this one.
  const usual = around[Math.floor(around.length * 0.75)] ?? 0;
  return size >= cutContrast * usual || size >= 60;
}

/** Shots shorter than this, in seconds, are flashes and need no frame; the promise is for shots of 1 s. */
export const shortestShot = 0.4;
const settle = 0.2;
const calmSpacing = 2;
const closestSpacing = 0.45;
const strongChange = 24;

/**
 * Chooses frames that show a whole stretch of consecutive decoded frames: the first and last, one for every shot of
 * 0.4 s or longer, more where the picture changes strongly within a shot, and none further apart than `maxGap` seconds.
 * Returns ascending positions.
 */
export function chooseFrames(frames: readonly SeenFrame[], maxGap: number): readonly number[] {
  if (frames.length === 0) return [];
  const wanted = new Set(shotRepresentatives(frames));
  const chosen = [0];
  for (let at = 1; at < frames.length; at++) {
    const last = frames[chosen.at(-1) ?? 0];
    const frame = frames[at];
    if (last && frame && (wanted.has(at) || isWorthKeeping(frames, at, last, frame, maxGap))) chosen.push(at);
  }
  if (chosen.at(-1) !== frames.length - 1) chosen.push(frames.length - 1);
  return chosen;
}

function isWorthKeeping(
  frames: readonly SeenFrame[],
  at: number,
  last: SeenFrame,
  frame: SeenFrame,
  maxGap: number,
): boolean {
  const next = frames[at + 1];
  if (next && next.time - last.time > maxGap) return true;
  const elapsed = frame.time - last.time;
  if (elapsed < closestSpacing) return false;
  if (colourDifference(last.look, frame.look) >= strongChange) return true;
  return elapsed >= calmSpacing && !nearIdentical(last.look, frame.look);
}

/** One position per shot: shortly after the cut, when blends and compression have settled, at most half way in. */
function shotRepresentatives(frames: readonly SeenFrame[]): readonly number[] {
  const starts = [0, ...findCuts(frames)];
  return starts.flatMap((start, shot) => {
    const end = starts[shot + 1] ?? frames.length;
    const from = frames[start]?.time ?? 0;
    const until = frames[end]?.time ?? frames[end - 1]?.time ?? from;
    if (start === 0 || until - from < shortestShot) return [];
    let at = start;
    while (at + 1 < end && (frames[at + 1]?.time ?? 0) <= from + Math.min(settle, (until - from) / 2)) at++;
    return [at];
  });
}
