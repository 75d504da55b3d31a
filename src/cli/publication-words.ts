import type { FilledRegion, PublicationRecord, Region } from "../core/publication.js";

/** The regions of a copy, one line each. */
export function filledLines({ fills }: Pick<PublicationRecord, "fills">): readonly string[] {
  if (fills.length === 0) return ["nothing: everything in the picture can be seen"];
  return fills.map(
    (fill) => `${regionText(fill.filled)}, ${spanText(fill)} (asked for ${regionText(fill.asked)})`,
  );
}

function regionText({ x, y, width, height }: Region): string {
  return `${x},${y},${width}x${height}`;
}

function spanText({ from, to, first_frame, last_frame }: FilledRegion): string {
  if (from === null || to === null) return "the whole clip";
  return `${from} s to ${to} s, frames ${first_frame} to ${last_frame}`;
}

/** What became of the sound, in words. */
export const soundWords: Readonly<Record<PublicationRecord["sound"], string>> = {
  removed: "removed",
  kept: "kept: voices identify people",
  none: "the clip has none",
};
