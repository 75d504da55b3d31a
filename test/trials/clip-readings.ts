import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { type ClipPassTry, tryClipPass } from "../../src/tools/media/clip-pass.ts";
import { streamHashes, strictDecode } from "../../src/tools/media/ffmpeg.ts";
import type { MediaProbe } from "../../src/tools/media/ffprobe.ts";
import type { Pictures } from "../../src/tools/media/pictures.ts";
import { type ClipName, type Clips, longShots, shots } from "../support/clips.ts";
import { expectTrue, inFolder, keyframesOf, never, pictures, probeOk } from "../support/keyframes.ts";
import { program } from "../support/programs-on-path.ts";

async function request(media: string, scratch: string, probed?: MediaProbe) {
  return {
    ffmpeg: program("ffmpeg"),
    media,
    probe: probed ?? (await probeOk(media)),
    scratch,
    signal: never,
  };
}

/** One pass over a clip, with what it took drawn into `outDir`. */
export const tried = (
  media: string,
  outDir: string,
  probed?: MediaProbe,
  drawer: Pictures = pictures,
): Promise<ClipPassTry | null> =>
  inFolder(async (scratch) => {
    const drawing = { pictures: drawer, outDir, onProgress: () => undefined };
    return tryClipPass({ ...(await request(media, scratch, probed)), deep: false, drawing });
  });

/** All that is kept of a clip by one pass; null where none was tried or it was not clean. */
export const passReadings = (media: string) =>
  inFolder(async (outDir) => {
    const pass = (await tried(media, outDir))?.pass;
    if (!pass) return null;
    const { keyframes, maxGap, notes } = await keyframesOf(media, outDir, pass.frames);
    expect(readdirSync(outDir).sort()).toEqual(keyframes.map(({ path }) => path).sort());
    const { frames, decode, streams } = pass;
    return { keyframes: frames === null ? [] : keyframes, maxGap, notes, decode, streams };
  });

/** The same by separate runs. */
export const readings = (media: string) =>
  inFolder((folder) =>
    inFolder(async (scratch) => {
      const asked = await request(media, scratch);
      const { keyframes, maxGap, notes } = await keyframesOf(media, folder);
      const { verdict, grounds } = await strictDecode(asked);
      const hashes = await streamHashes({ ...asked, deep: false });
      const streams = hashes.ok ? hashes.streams : [];
      return { keyframes, maxGap, notes, decode: { verdict, grounds }, streams };
    }),
  );

/**
 * True where a pass was clean and gave what separate runs give; false where there was none. Of a long clip, separate runs
 * choose other keyframes, since they do not look at every frame.
 */
export async function passAgrees(media: string): Promise<boolean> {
  const [pass, separate] = [await passReadings(media), await readings(media)];
  if (pass === null) return false;
  const { decode, streams } = separate;
  const sawAll = separate.notes.includes("every frame was decoded to find shots");
  expect(pass).toEqual(sawAll ? separate : { ...pass, decode, streams });
  if (pass.keyframes.length > 0) await expectTrue(media, { ...pass, decoded: 0, runs: [] });
  return true;
}

/** Clips for which no pass is tried: those of a kind whose times a pass could not tell. */
export const leftAlone: readonly ClipName[] = [
  "late-start.ts",
  "negative-start.ts",
  "shots-mjpeg.avi",
  "shots-mpeg4.avi",
  "shots.ts",
  "size-change.ts",
  "sound-and-picture.ts",
];

/** Keyframes of a file, each held to be the frame that it says it is. */
export const takeTrue = (media: string) =>
  inFolder(async (outDir) => {
    const set = await keyframesOf(media, outDir);
    await expectTrue(media, set);
    return { set, times: set.keyframes.map(({ pts_time }) => Number(pts_time)) };
  });

export function shotsWithoutFrame(times: readonly number[], cuts: typeof shots, offset = 0) {
  return cuts.filter(({ from, to }) => !times.some((time) => time >= from + offset && time < to + offset));
}

/** The keyframes of a clip of known cuts are true, and every shot has one, by a pass and by separate runs. */
export async function takeEveryShot(clips: Clips, name: ClipName): Promise<void> {
  const cuts = name.startsWith("long-") ? longShots : shots;
  const { times } = await takeTrue(clips.get(name));
  expect(shotsWithoutFrame(times, cuts, name.endsWith(".ts") ? times[0] : 0)).toEqual([]);
  const pass = await passReadings(clips.get(name));
  if (pass === null) return;
  const passed = pass.keyframes.map(({ pts_time }) => Number(pts_time));
  expect(shotsWithoutFrame(passed, cuts)).toEqual([]);
}
