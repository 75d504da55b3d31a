import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { shortPassArgv } from "../../../src/tools/media/short-pass.ts";
import { decodeLimits, shortPassLimits } from "../../../src/tools/run/limits.ts";
import { type ClipName, openClips } from "../../support/clips.ts";
import { footagePath, someFootage, whyNoFootage } from "../../support/footage.ts";
import { inFolder, keyframesOf, probeOk } from "../../support/keyframes.ts";
import { leftAlone, passAgrees, readings, tried } from "../../trials/clip-readings.ts";

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

describe("one pass over a short clip gives the same keyframes, verdict and stream hashes as separate runs", () => {
  test.each(ofEachKind)("%s", async (name) => {
    expect(await passAgrees(clips.get(name))).toBe(true);
  });

  test.each(["sound-and-picture.ts", "shots-mpeg4.avi", "long-fixed-gop.mp4"] as const)(
    "%s is no short clip of a usual kind, and no pass is tried",
    async (name) => {
      expect(leftAlone).toContain(name);
      expect(await tried(clips.get(name))).toBeNull();
    },
  );

  test.skipIf(someFootage.length === 0)(
    `real footage of each kind, where a pass is clean${whyNoFootage}`,
    async () => {
      const clean: string[] = [];
      for (const name of someFootage) if (await passAgrees(footagePath(name))) clean.push(name);
      expect(clean.length).toBeGreaterThan(someFootage.length / 2);
    },
  );
});

describe("a pass that is anything but clean is thrown away", () => {
  const damaged = (name: ClipName, damage: (bytes: Buffer) => Buffer) =>
    inFolder(async (folder) => {
      const media = join(folder, `damaged-${name}`);
      writeFileSync(media, damage(readFileSync(clips.get(name))));
      return tried(media);
    });

  test("flipped bytes leave a run to record and nothing to use", async () => {
    const outcome = await damaged("shots-fixed-gop.mp4", (bytes) => {
      for (let at = Math.floor(bytes.length * 0.4); at < bytes.length * 0.45; at += 7) bytes[at]! ^= 0x5a;
      return bytes;
    });
    expect(outcome?.pass).toBeNull();
    expect(outcome?.run.result.endedBy).toBe("exited");
  });

  test("a clip without its end is called what the separate decode calls it", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "cut.mkv");
      const whole = readFileSync(clips.get("shots.mkv"));
      writeFileSync(media, whole.subarray(0, Math.floor(whole.length * 0.6)));
      const pass = (await tried(media))?.pass ?? null;
      if (pass !== null) expect(await readings(media, pass)).toEqual(await readings(media, null));
      expect((await readings(media, pass)).decode.verdict).toBe("short");
    });
  });

  test("more frames than were announced are not looked at as those of a short clip", async () => {
    const media = clips.get("picture.mp4");
    const probed = await probeOk(media);
    const video = { ...probed.video!, width: 10_000, height: 10_000, announcedFrames: 1 };
    expect((await tried(media, { ...probed, video }))?.pass).toBeNull();
  });

  test("a stream that has no hash, and a refusal, are not clean", async () => {
    const media = clips.get("sound-and-picture.mp4");
    const probed = await probeOk(media);
    const streams = [...probed.streams, { index: 2, type: "data", codec: null, start: null, picture: false }];
    expect((await tried(media, { ...probed, streams }))?.pass).toBeNull();
    const words = await inFolder(async (folder) => {
      writeFileSync(join(folder, "words.mp4"), "no video");
      return tried(join(folder, "words.mp4"), probed);
    });
    expect(words?.pass).toBeNull();
  });

  test("looks that do not fit the clip are dropped, and every run is kept; those that fit spare a run", async () => {
    const media = clips.get("shots-vfr.mp4");
    const pass = (await tried(media))?.pass;
    const shifted = pass!.looks!.map(({ pts, look }) => ({ pts: pts! + 1, look }));
    await inFolder(async (folder) => {
      const folders = ["with", "without", "fitting"].map((name) => join(folder, name));
      for (const made of folders) mkdirSync(made);
      const misled = await keyframesOf(media, folders[0]!, shifted);
      const plain = await keyframesOf(media, folders[1]!);
      expect(misled.keyframes).toEqual(plain.keyframes);
      expect(misled.notes).toEqual(plain.notes);
      expect(misled.runs).toHaveLength(plain.runs.length + 1);
      const led = await keyframesOf(media, folders[2]!, pass!.looks);
      expect(led.runs.length).toBeLessThan(plain.runs.length);
      expect(readdirSync(folders[0]!)).toEqual(readdirSync(folders[1]!));
    });
  });
});

describe("the bounds of a pass", () => {
  test("a long recording of sound is left to separate runs, a short one is not", async () => {
    const media = clips.get("sound-only.m4a");
    const probed = await probeOk(media);
    expect(await tried(media, { ...probed, duration: "120.000001" })).toBeNull();
    expect((await tried(media, probed))?.pass).toMatchObject({ looks: null, decode: { verdict: "sound" } });
  });

  test.each([
    ["no length", { duration: null }],
    ["no start", { start: null }],
    ["a container whose clock may jump", { container: "mpegts" }],
  ] as const)("a file that announces %s is left to separate runs", async (_, facts) => {
    const media = clips.get("picture.mp4");
    expect(await tried(media, { ...(await probeOk(media)), ...facts })).toBeNull();
  });

  test("what a run may write or print is bounded more closely than for a long one", () => {
    const [short, long] = [shortPassLimits(120), decodeLimits(120)];
    expect(short).toEqual({ ...long, fileSizeBytes: 16 * 1024 ** 2, stdoutBytes: 16 * 1024 ** 2 });
    expect(short.fileSizeBytes).toBeLessThan(long.fileSizeBytes);
  });

  test("both readings of the file are confined like every other", async () => {
    const { video } = await probeOk(clips.get("picture.mp4"));
    const argv = shortPassArgv("/clip.mp4", video, { times: "/t", progress: "/p", hashes: "/h" });
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
