import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { sha256 } from "../../../src/audit/digest.ts";
import { type ClipName, openClips, shots } from "../../support/clips.ts";
import { expectTrue, inFolder, keyframesOf, probeOk } from "../../support/keyframes.ts";
import { program } from "../../support/programs-on-path.ts";
import { shotsWithoutFrame, takeEveryShot, takeTrue } from "../../trials/clip-readings.ts";

const clips = openClips();
afterAll(clips.remove);

const take = (name: ClipName) => takeTrue(clips.get(name));

describe("every shot of a second or longer has a keyframe, and each is the frame it says it is", () => {
  // The soak takes those of every other clip of known cuts (test/SOAK.md).
  test.each([
    ["in a clip with a single key frame", "shots-one-keyframe.mp4"],
    ["in a clip with a key frame every 2 s that ignores the cuts", "shots-fixed-gop.mp4"],
    ["in an AVI that states no presentation times", "shots-mpeg4.avi"],
    ["in VP8, whose hidden pictures are packets too", "shots-vp8.webm"],
    ["in a clip with a variable frame rate", "shots-vfr.mp4"],
    ["in a transport stream with reordered frames", "shots.ts"],
    ["in a clip too long to decode wholly, also between key frames", "long-fixed-gop.mp4"],
  ] as const)("%s", (_, name) => takeEveryShot(clips, name));

  test("in a transport stream that starts late", async () => {
    const { set, times } = await take("late-start.ts");
    expect(Number(set.keyframes[0]?.pts_time)).toBeGreaterThan(3600);
    expect(shotsWithoutFrame(times, shots, times[0])).toEqual([]);
  });
});

test("of VP8, whose packets may be pictures that are never shown, every frame is decoded at once, however large it says it is", async () => {
  await inFolder(async (folder) => {
    const media = join(folder, "shown.webm");
    const encoding = [
      "-c:v",
      "libvpx",
      "-deadline",
      "realtime",
      "-cpu-used",
      "8",
      "-threads",
      "1",
      "-g",
      "50",
    ];
    const input = ["-nostdin", "-loglevel", "error", "-i", clips.get("shots-fixed-gop.mp4")];
    execFileSync(program("ffmpeg"), [...input, ...encoding, media]);
    const probed = await probeOk(media);
    const video = { ...probed.video!, width: 1600, height: 1200 };
    const set = await inFolder((outDir) => keyframesOf(media, outDir, null, { ...probed, video }));
    expect(set.notes).toEqual(["every frame was decoded to find shots"]);
    expect(set.runs.map((run) => run.program)).toEqual(["ffprobe", "ffmpeg"]);
  });
});

describe("awkward clips yield their true first and last frame and true hashes", () => {
  test.each([
    ["an edit list that hides the first frames", "edit-list.mp4"],
    ["a single frame", "one-frame.mp4"],
    ["a size that changes half way", "size-change.ts"],
  ] as const)("%s", async (_, name) => {
    await take(name);
  });

  test("a start before zero keeps its minus sign in record and file name", async () => {
    const { set } = await take("negative-start.ts");
    expect(set.keyframes[0]?.pts_time).toMatch(/^-0\.\d{6}$/);
    expect(set.keyframes[0]?.path).toMatch(/^kf--000000\.\d{6}s-f000000\.jpg$/);
  });
});

describe("what a keyframe shows", () => {
  const sizeOf = async (path: string) => {
    const { format, width, height } = await sharp(path).metadata();
    return `${format} ${width}x${height}`;
  };

  test.each([
    ["is turned as the phone was held", "turned-90.mp4", "jpeg 120x160"],
    ["is turned the other way too", "turned-270.mp4", "jpeg 120x160"],
    ["is stretched where samples are not square", "wide-samples.mp4", "jpeg 213x120"],
    ["is the full picture", "picture.mp4", "jpeg 160x120"],
  ] as const)("%s, as ffmpeg itself shows it", async (_, name, size) => {
    await inFolder(async (outDir) => {
      const { keyframes } = await keyframesOf(clips.get(name), outDir);
      const paths = keyframes.map(({ path }) => join(outDir, path));
      expect(new Set(await Promise.all(paths.map(sizeOf)))).toEqual(new Set([size]));
      if (!name.startsWith("turned")) return;
      const shown = await sharp(paths[0]).raw().toBuffer();
      expect(meanDifference(shown, firstFrameAsPlayed(clips.get(name)))).toBeLessThan(10);
    });
  });

  test("has the digest and the name that the record states, nothing else is left in the folder, and a second time is the same", async () => {
    await inFolder(async (outDir) => {
      const { keyframes } = await keyframesOf(clips.get("shots-scene-keys.mp4"), outDir);
      expect(readdirSync(outDir).sort()).toEqual(keyframes.map(({ path }) => path));
      for (const { path, sha256: digest, pts_time, frame } of keyframes) {
        expect(sha256(readFileSync(join(outDir, path)))).toBe(digest);
        expect(path).toBe(`kf-${pts_time.padStart(13, "0")}s-f${String(frame).padStart(6, "0")}.jpg`);
      }
      expect((await take("shots-scene-keys.mp4")).set.keyframes).toEqual(keyframes);
    });
  });
});

describe("no near-identical neighbours", () => {
  test("a still picture yields its first and last frame and one where the gap rule asks for it", async () => {
    const { set, times } = await take("still.mp4");
    expect(set.maxGap).toBe("10");
    expect(times.length).toBeGreaterThanOrEqual(5);
    expect(times.length).toBeLessThanOrEqual(7);
  });
});

describe("damaged clips", () => {
  test("a clip without its end yields what decodes and says so", async () => {
    await inFolder(async (outDir) => {
      const whole = readFileSync(clips.get("shots.mkv"));
      const media = join(outDir, "cut.mkv");
      writeFileSync(media, whole.subarray(0, Math.floor(whole.length * 0.6)));
      mkdirSync(join(outDir, "kf"));
      const set = await keyframesOf(media, join(outDir, "kf"));
      expect(set.keyframes.length).toBeGreaterThan(1);
      await expectTrue(media, set);
    });
  });

  test("flipped bytes do not stop the keyframes, and the record says that the decoder complained", async () => {
    await inFolder(async (outDir) => {
      const bytes = readFileSync(clips.get("shots-fixed-gop.mp4"));
      for (let at = Math.floor(bytes.length * 0.4); at < bytes.length * 0.45; at += 7) bytes[at]! ^= 0x5a;
      const media = join(outDir, "flipped.mp4");
      writeFileSync(media, bytes);
      mkdirSync(join(outDir, "kf"));
      const set = await keyframesOf(media, join(outDir, "kf"));
      expect(set.keyframes.length).toBeGreaterThan(1);
      expect(set.notes.join()).toContain("the decoder reported errors");
    });
  });
});

/** Raw RGB of the first frame, turned by ffmpeg. */
function firstFrameAsPlayed(media: string): Buffer {
  const output = ["-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  return execFileSync(program("ffmpeg"), ["-nostdin", "-loglevel", "error", "-i", media, ...output]);
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;
}

test("a picture that cannot be written is said to whoever asked for the keyframes, and to nobody else", async () => {
  const strays: unknown[] = [];
  const onStray = (error: unknown) => strays.push(error);
  process.on("unhandledRejection", onStray);
  try {
    await inFolder(async (outDir) => {
      for (let at = 0; at < 100; at += 1) writeFileSync(join(outDir, `whole-${at}.part`), "");
      await expect(keyframesOf(clips.get("shots-one-keyframe.mp4"), outDir)).rejects.toMatchObject({
        code: "EEXIST",
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(strays).toEqual([]);
  } finally {
    process.off("unhandledRejection", onStray);
  }
});
