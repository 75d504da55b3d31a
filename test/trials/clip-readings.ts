import { expect } from "vitest";
import { streamHashes, strictDecode } from "../../src/tools/media/ffmpeg.ts";
import type { MediaProbe } from "../../src/tools/media/ffprobe.ts";
import { type ShortPassTry, tryShortPass } from "../../src/tools/media/short-pass.ts";
import { type ClipName, type Clips, longShots, shots } from "../support/clips.ts";
import { expectTrue, inFolder, keyframesOf, never, probeOk } from "../support/keyframes.ts";
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

export const tried = (media: string, probed?: MediaProbe): Promise<ShortPassTry | null> =>
  inFolder(async (scratch) => tryShortPass(await request(media, scratch, probed)));

/** All that is kept of a clip, by one pass or by separate runs. */
export async function readings(media: string, pass: ShortPassTry["pass"]) {
  const separate = (folder: string) => inFolder(async (scratch) => readSeparately(media, folder, scratch));
  return inFolder(async (folder) => {
    if (pass === null) return separate(folder);
    const { keyframes, maxGap, notes } = await keyframesOf(media, folder, pass.looks);
    const { looks, ...rest } = pass;
    return { keyframes: looks === null ? [] : keyframes, maxGap, notes, ...rest };
  });
}

async function readSeparately(media: string, folder: string, scratch: string) {
  const asked = await request(media, scratch);
  const { keyframes, maxGap, notes } = await keyframesOf(media, folder);
  const { verdict, grounds } = await strictDecode(asked);
  const hashes = await streamHashes({ ...asked, deep: false });
  return { keyframes, maxGap, notes, decode: { verdict, grounds }, streams: hashes.ok ? hashes.streams : [] };
}

/** True where a pass was clean and gave what separate runs give; false where there was none. */
export async function passAgrees(media: string): Promise<boolean> {
  const pass = (await tried(media))?.pass ?? null;
  if (pass === null) return false;
  expect(await readings(media, pass)).toEqual(await readings(media, null));
  return true;
}

/** Clips for which no pass is tried: long ones, and those of a kind whose times a pass could not tell. */
export const leftAlone: readonly ClipName[] = [
  "late-start.ts",
  "long-fixed-gop.mp4",
  "long-scene-keys.mp4",
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

/** The keyframes of a clip of known cuts are true, and every shot has one. */
export async function takeEveryShot(clips: Clips, name: ClipName): Promise<void> {
  const { times } = await takeTrue(clips.get(name));
  const cuts = name.startsWith("long-") ? longShots : shots;
  expect(shotsWithoutFrame(times, cuts, name.endsWith(".ts") ? times[0] : 0)).toEqual([]);
}
