import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type MediaProbe, type ProbeOutcome, probeMedia } from "../../src/tools/media/ffprobe.ts";
import { extractKeyframes, type KeyframeRequest, type KeyframeSet } from "../../src/tools/media/keyframes.ts";
import { openPictures } from "../../src/tools/media/pictures.ts";
import { everyFrame, framesAt } from "./clips.ts";
import { program } from "./programs-on-path.ts";

export const never = new AbortController().signal;

/** What draws in the tests of every file that shares this process. Its folder goes with all that the run wrote. */
export const pictures = openPictures(mkdtempSync(join(tmpdir(), "holdfast-test-")));
afterAll(() => pictures.close());

/** Runs an action with a fresh folder that is gone afterwards. */
export async function inFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function probe(media: string): Promise<ProbeOutcome> {
  return inFolder((scratch) => probeMedia({ ffprobe: program("ffprobe"), media, scratch, signal: never }));
}

const probes = new Map<string, Promise<ProbeOutcome>>();

/** What ffprobe says of a clip, asked once for each clip as it is now. */
export async function probeOk(media: string): Promise<MediaProbe> {
  const { size, mtimeMs } = statSync(media);
  const key = `${media} ${size} ${mtimeMs}`;
  const asked = probes.get(key) ?? probe(media);
  probes.set(key, asked);
  const outcome = await asked;
  if (!outcome.ok) throw new Error(`ffprobe refused ${media}`);
  return outcome;
}

/** Takes the keyframes of a clip into `outDir`, or gives those that a pass took there. */
export async function keyframesOf(
  media: string,
  outDir: string,
  passed: KeyframeRequest["passed"] = null,
  probed?: MediaProbe,
): Promise<KeyframeSet> {
  const probe = probed ?? (await probeOk(media));
  return inFolder((scratch) =>
    extractKeyframes({
      ffmpeg: program("ffmpeg"),
      ffprobe: program("ffprobe"),
      pictures,
      media,
      probe,
      outDir,
      scratch,
      signal: never,
      passed,
    }),
  );
}

/** Pixels of a picture, from which on a hash of each takes longer than all the rest. */
const largePicture = 400_000;

/**
 * Holds keyframes against a plain decode of every frame: number, time and hash of each are the decoder's own, the first
 * and last frame are there, and where a gap is longer than promised there is no frame in it.
 */
export async function expectTrue(media: string, set: KeyframeSet): Promise<void> {
  const { video } = await probeOk(media);
  const { timeBase, index, width, height } = video!;
  const base = `${timeBase.num}/${timeBase.den}`;
  const numbers = set.keyframes.map(({ frame }) => frame);
  const frames =
    (width ?? 0) * (height ?? 0) > largePicture
      ? framesAt(media, index, base, numbers)
      : everyFrame(media, index, base);
  const claimed = set.keyframes.map(({ frame, pts, frame_sha256 }) => ({ frame, pts, sha256: frame_sha256 }));
  expect(claimed).toEqual(claimed.map(({ frame }) => ({ frame, ...frames[frame] })));
  expect(claimed[0]?.frame).toBe(0);
  expect(claimed.at(-1)?.frame).toBe(frames.length - 1);
  const seconds = (at: number) => ((frames[at]?.pts ?? 0) * timeBase.num) / timeBase.den;
  for (const [at, { frame }] of claimed.slice(1).entries()) {
    const before = claimed[at]!.frame;
    const gap = seconds(frame) - seconds(before);
    if (frame > before + 1) expect(gap).toBeLessThanOrEqual(Number(set.maxGap) + 0.001);
  }
}
