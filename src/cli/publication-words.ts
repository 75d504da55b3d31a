import type { FilledRegion, PublicationRecord, Region } from "../core/media/publication.js";
import { fromMicroseconds, parseSeconds } from "../core/media/timing.js";

/** The regions of a copy, one line each. */
export function filledLines({ fills }: Pick<PublicationRecord, "fills">): readonly string[] {
  if (fills.length === 0) return ["nothing: a copy without tags, the whole picture is visible"];
  return fills.map(
    (fill) => `${regionText(fill.filled)}, ${spanText(fill)} (requested: ${regionText(fill.asked)})`,
  );
}

function regionText({ x, y, width, height }: Region): string {
  return `${x},${y},${width}x${height}`;
}

function spanText({ from, to, first_frame, last_frame }: FilledRegion): string {
  if (from === null || to === null) return "the whole clip";
  return `${from} s to ${to} s, frames ${first_frame} to ${last_frame}`;
}

/** How the copy treats the sound. */
export const soundWords: Readonly<Record<PublicationRecord["sound"], string>> = {
  removed: "removed",
  kept: "kept: voices identify people",
  none: "the clip has none",
};

/**
 * In microseconds. A smaller shift is neither visible nor audible: containers round times, and audio encoders begin
 * with a packet of silence.
 */
const smallest = 50_000;

/** How the times of a copy relate to those of its original. */
export function timingLines({
  sound,
  timing,
}: Pick<PublicationRecord, "sound" | "timing">): readonly string[] {
  if (timing === undefined) return [];
  const [picture, copy] = [parseSeconds(timing.picture) ?? 0, parseSeconds(timing.copy) ?? 0];
  const apart = (parseSeconds(timing.sound) ?? picture) - picture;
  return [
    ...(sound === "kept" && Math.abs(apart) >= smallest
      ? [
          `the sound begins ${inSeconds(Math.abs(apart))} ${apart < 0 ? "before" : "after"} the picture, as in the original`,
        ]
      : []),
    ...(Math.abs(copy) >= smallest
      ? [
          `0 s is ${inSeconds(copy)} of the original: the copy begins with its ${sound === "kept" ? "first picture or sound" : "picture"}`,
        ]
      : []),
  ];
}

function inSeconds(time: number): string {
  return `${fromMicroseconds(time).replace(/\.?0+$/, "")} s`;
}
