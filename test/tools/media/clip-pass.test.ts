import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { clipPassArgv } from "../../../src/tools/media/clip-pass.ts";
import type { MediaProbe } from "../../../src/tools/media/ffprobe.ts";
import { passFilesIn, pictureFiles, printedSize } from "../../../src/tools/media/frame-pass.ts";
import { PassReader } from "../../../src/tools/media/pass-reader.ts";
import type { RunResult } from "../../../src/tools/run/run-request.ts";
import { type ClipName, everyFrame, openClips } from "../../support/clips.ts";
import { footagePath, someFootage, whyNoFootage } from "../../support/footage.ts";
import { inFolder, keyframesOf, pictures, probeOk } from "../../support/keyframes.ts";
import {
  leftAlone,
  passAgrees,
  passReadings,
  readings,
  takeEveryShot,
  tried,
} from "../../trials/clip-readings.ts";

const clips = openClips();
afterAll(clips.remove);

/** A clip of each kind that a pass reads in a way of its own; the soak tries all (test/SOAK.md). */
const ofEachKind: readonly ClipName[] = [
  "cover-picture.m4a",
  "early-sound.webm",
  "edit-list.mp4",
  "one-frame.mp4",
  "shots-vfr.mp4",
  "shots-vp8.webm",
  "sound-in-milliseconds.mkv",
  "subtitled.mkv",
  "turned-90.mp4",
];

describe("one pass over a clip gives the same keyframes, verdict and stream hashes as separate runs", () => {
  test.each(ofEachKind)("%s", async (name) => {
    expect(await passAgrees(clips.get(name))).toBe(true);
  });

  test.each(["sound-and-picture.ts", "shots-mpeg4.avi"] as const)(
    "the clock of %s may jump, and no pass is tried",
    async (name) => {
      expect(leftAlone).toContain(name);
      expect(await triedAlone(clips.get(name))).toBeNull();
    },
  );

  test("of a long clip, every shot has its keyframe without a second decode", async () => {
    await takeEveryShot(clips, "long-fixed-gop.mp4");
    const pass = await passReadings(clips.get("long-fixed-gop.mp4"));
    expect(pass?.notes).toEqual(["every frame was decoded to find shots"]);
  });

  test.skipIf(someFootage.length === 0)(
    `real footage of each kind, where a pass is clean${whyNoFootage}`,
    async () => {
      const clean: string[] = [];
      for (const name of someFootage) if (await passAgrees(footagePath(name))) clean.push(name);
      expect(clean.length).toBeGreaterThan(someFootage.length / 2);
    },
  );
});

const triedAlone = (media: string, probed?: MediaProbe) =>
  inFolder(async (outDir) => {
    const outcome = await tried(media, outDir, probed);
    // What was drawn is used or gone.
    if (outcome?.pass === null) expect(readdirSync(outDir)).toEqual([]);
    return outcome;
  });

describe("a pass that is anything but clean is thrown away", () => {
  test("flipped bytes leave a run to record and nothing to use", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "flipped.mp4");
      const bytes = readFileSync(clips.get("shots-fixed-gop.mp4"));
      for (let at = Math.floor(bytes.length * 0.4); at < bytes.length * 0.45; at += 7) bytes[at]! ^= 0x5a;
      writeFileSync(media, bytes);
      const outcome = await triedAlone(media);
      expect(outcome?.pass).toBeNull();
      expect(outcome?.run.result.endedBy).toBe("exited");
    });
  });

  test("a clip without its end is called what the separate decode calls it", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "cut.mkv");
      const whole = readFileSync(clips.get("shots.mkv"));
      writeFileSync(media, whole.subarray(0, Math.floor(whole.length * 0.6)));
      const separate = await readings(media);
      expect(separate.decode.verdict).toBe("short");
      expect((await passReadings(media)) ?? separate).toEqual(separate);
    });
  });

  test("pictures of another size than announced, and a refusal, are not clean", async () => {
    const probed = await probeOk(clips.get("sound-and-picture.mp4"));
    const words = await inFolder(async (folder) => {
      writeFileSync(join(folder, "words.mp4"), "no video");
      return triedAlone(join(folder, "words.mp4"), probed);
    });
    expect(words?.pass).toBeNull();
  });

  test("where the process that draws has died, the run is kept and separate runs follow", async () => {
    await inFolder(async (outDir) => {
      const drawFrameFiles = () => Promise.reject(new Error("the process that draws pictures ended"));
      const outcome = await tried(clips.get("picture.mp4"), outDir, undefined, {
        ...pictures,
        drawFrameFiles,
      });
      expect(outcome).toMatchObject({ pass: null, run: { program: "ffmpeg" } });
      expect(readdirSync(outDir)).toEqual([]);
    });
  });

  test("a picture that the disk cut short ends the derivation, so that no clip is described by what fitted on the disk", async () => {
    const { video } = await probeOk(clips.get("picture.mp4"));
    await inFolder(async (scratch) => {
      const files = passFilesIn(scratch);
      const clock = { shift: 0, offset: 0, start: 0 };
      const reading = { video: video!, clock, files, pictures, outDir: scratch, onProgress: () => undefined };
      const ended = { endedBy: "exited", exitCode: 1 } as RunResult;
      const run = { program: "ffmpeg", argv: [], result: ended } as const;
      writeFileSync(pictureFiles(files, 0).rgb, Buffer.alloc(video!.width * video!.height * 3 - 1));
      await expect(new PassReader(reading).finish(run)).rejects.toMatchObject({ code: "ENOSPC" });
      expect(readdirSync(scratch)).toEqual([]);
      const { count, taken } = await new PassReader(reading).finish(run);
      expect([count, taken]).toEqual([0, []]);
    });
  });

  test("a stream that has no hash is not clean", async () => {
    const media = clips.get("sound-and-picture.mp4");
    const probed = await probeOk(media);
    const streams = [...probed.streams, { index: 2, type: "data", codec: null, start: null, picture: false }];
    expect((await triedAlone(media, { ...probed, streams }))?.pass).toBeNull();
  });
});

describe("frames that the pass did not print are decoded again, and how many were is said", () => {
  test("the last frame of a clip that announces far fewer frames", async () => {
    const media = clips.get("shots-vfr.mp4");
    const probed = await probeOk(media);
    const misled = { ...probed, video: { ...probed.video!, announcedFrames: 1 } };
    await inFolder(async (outDir) => {
      const pass = (await tried(media, outDir, misled))?.pass;
      expect(pass?.frames?.missing).toHaveLength(1);
      const set = await keyframesOf(media, outDir, pass?.frames, misled);
      expect(set.keyframes).toEqual((await readings(media)).keyframes);
      expect(set.notes).toEqual([
        "every frame was decoded to find shots",
        expect.stringMatching(/^[1-9]\d* of \d+ frames were decoded twice$/),
      ]);
      expect(set.runs).toHaveLength(1);
    });
  });

  test("more than a hundred of them, which ffmpeg cannot take in one expression", async () => {
    const media = clips.get("shots-fixed-gop.mp4");
    const { index, timeBase } = (await probeOk(media)).video!;
    await inFolder(async (outDir) => {
      const frames = (await tried(media, outDir))!.pass!.frames!;
      const printed = new Set(frames.taken.map(({ number }) => number));
      const all = everyFrame(media, index, `${timeBase.num}/${timeBase.den}`);
      const missing = all.flatMap(({ pts }, number) => (printed.has(number) ? [] : [{ number, pts }]));
      expect(missing.length).toBeGreaterThan(100);
      const set = await keyframesOf(media, outDir, { ...frames, missing });
      expect(set.notes).toEqual(["every frame was decoded to find shots", expect.stringMatching(/twice$/)]);
    });
  });
});

test("chosen frames that cannot be decoded again are counted, not passed over", async () => {
  const media = clips.get("shots-vfr.mp4");
  await inFolder(async (outDir) => {
    const frames = (await tried(media, outDir))?.pass?.frames;
    const missing = [...frames!.missing, { number: 1, pts: 987_654_321 }];
    const { notes } = await keyframesOf(media, outDir, { ...frames!, missing });
    expect(notes).toContain("1 frames that were chosen could not be decoded again and are missing");
  });
});

describe("the bounds of a pass", () => {
  test.each([
    ["no start", { start: null }],
    ["a container whose clock may jump", { container: "mpegts" }],
  ] as const)("a file that announces %s is left to separate runs", async (_, facts) => {
    const media = clips.get("picture.mp4");
    expect(await triedAlone(media, { ...(await probeOk(media)), ...facts })).toBeNull();
  });

  test("sound alone is decoded once as well, without pictures", async () => {
    const pass = (await triedAlone(clips.get("sound-only.m4a")))?.pass;
    expect(pass).toMatchObject({ frames: null, decode: { verdict: "sound" } });
  });

  test("of large pictures, a pipe holds the looks of two frames at most, so that few wait on the disk", async () => {
    const { video } = await probeOk(clips.get("picture.mp4"));
    const inPipe = (width: number, height: number) => {
      const printed = printedSize({ ...video!, width, height });
      return 65_536 / (printed.width * printed.height * 3);
    };
    expect(inPipe(3840, 2160)).toBeLessThan(3);
    expect(inPipe(1920, 1080)).toBeLessThan(24);
  });

  test("both readings of the file are confined like every other", async () => {
    const { video } = await probeOk(clips.get("picture.mp4"));
    const files = { times: "/t", offers: "/o", pictures: "/i", decoded: "/d" };
    const side = { ...files, progress: "/p", packets: "/k", decodedHashes: "/h" };
    const argv = clipPassArgv("/clip.mp4", { video, start: "0" }, { side, deep: true, pictures: true });
    const inputs = argv.join(" ").split(" -i file:/clip.mp4");
    expect(inputs).toHaveLength(3);
    for (const input of inputs.slice(0, 2)) {
      expect(input).toContain("-max_alloc 268435456 -protocol_whitelist file -format_whitelist mov,");
      expect(input).toContain("-codec_whitelist h264,");
      expect(input).toContain("-max_streams 32 -max_pixels 40000000");
      expect(input).toContain("-err_detect explode");
    }
    expect(argv).toContain("-xerror");
  });
});
