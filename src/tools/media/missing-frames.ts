import { microseconds, parseSeconds } from "../../core/media/timing.js";
import type { DecodingWindow } from "./frame-runs.js";
import type { FrameTaking, NumberedPicture } from "./frame-taking.js";
import { discardFrames, takeFrames } from "./picture-taking.js";

interface Wanted {
  readonly number: number;
  readonly pts: number;
}

// Frames closer together than this are decoded in one run, since a run starts at the key frame before its first.
const closeMicroseconds = 10_000_000;
const mostRuns = 8;
// ffmpeg refuses a filter expression with many more terms than this.
const mostOfARun = 60;
// Some containers find places only roughly.
const seekMargin = 500_000;

/**
 * Decodes again only what leads to these frames (ascending) and takes them. Where a seek does not lead there, everything
 * up to them is decoded. `decodedAgain` counts the frames that were decoded for this.
 */
export async function takeMissing(
  taking: FrameTaking,
  missing: readonly Wanted[],
  start: string | null,
): Promise<{ readonly taken: readonly NumberedPicture[]; readonly decodedAgain: number }> {
  const taken: NumberedPicture[] = [];
  let decodedAgain = 0;
  for (const [at, group] of inGroups(taking, missing).entries()) {
    const sought = await takeGroup(taking, group, `missing-${at}`, seekTo(taking, group, start));
    const all = sought.isComplete ? sought : await takeGroup(taking, group, `missing-${at}-anew`, null);
    if (all !== sought) discardFrames(sought.taken.map((frame) => frame.taken));
    taken.push(...all.taken);
    decodedAgain += sought.decoded + (all === sought ? 0 : all.decoded);
  }
  return { taken, decodedAgain };
}

function inGroups(taking: FrameTaking, missing: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const groups: Wanted[][] = [];
  for (const frame of missing) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    const isClose =
      before !== undefined && timeOf(taking, frame) - timeOf(taking, before) < closeMicroseconds;
    if (group && isClose && group.length < mostOfARun) group.push(frame);
    else groups.push([frame]);
  }
  if (groups.length <= mostRuns) return groups;
  const runs = Math.ceil(missing.length / mostOfARun);
  return Array.from({ length: runs }, (_, at) => missing.slice(at * mostOfARun, (at + 1) * mostOfARun));
}

/** In seconds from the start of the file; null for its start. */
function seekTo(taking: FrameTaking, [first]: readonly Wanted[], start: string | null): string | null {
  if (first === undefined) return null;
  const since = timeOf(taking, first) - (parseSeconds(start) ?? 0) - seekMargin;
  return since > 0 ? (since / 1_000_000).toFixed(6) : null;
}

async function takeGroup(taking: FrameTaking, group: readonly Wanted[], name: string, seek: string | null) {
  const { source, pictures, outDir } = taking;
  const pts = group.map((frame) => frame.pts);
  const window: DecodingWindow = { seek, fromPts: null, untilPts: (pts.at(-1) ?? 0) + 1, skip: "none" };
  const found = await takeFrames({ source, pictures, window, pts, folder: outDir, name, counts: true });
  taking.runs.push(found.run);
  const taken = found.frames.flatMap((frame) => {
    const wanted = group.find((one) => one.pts === frame.pts);
    return wanted === undefined ? [] : [{ number: wanted.number, taken: frame }];
  });
  return { taken, decoded: found.decoded, isComplete: taken.length === group.length };
}

function timeOf({ source }: FrameTaking, { pts }: Wanted): number {
  return microseconds(pts, source.video.timeBase);
}
