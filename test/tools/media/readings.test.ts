import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { clockText } from "../../../src/tools/media/contact-sheet.js";
import { layOut, renderContactSheet } from "../../../src/tools/media/contact-sheet.ts";
import { readContentCredentials } from "../../../src/tools/media/content-credentials.ts";
import { openExifTool } from "../../../src/tools/media/exiftool.ts";
import { makePlayable, streamHashes, strictDecode } from "../../../src/tools/media/ffmpeg.ts";
import { jpegOf } from "../../../src/tools/media/picture.ts";
import { openClips } from "../../support/clips.ts";
import { inFolder, keyframesOf, never, pictures, probe, probeOk } from "../../support/keyframes.ts";
import { program } from "../../support/programs-on-path.ts";

const clips = openClips();
afterAll(clips.remove);

const corpus = join(import.meta.dirname, "../../../../shared/corpus");
const ffmpeg = () => program("ffmpeg");

test("frames that a phone recorded closer together than its usual rate are no damage", async () => {
  await inFolder(async (folder) => {
    const media = join(folder, "pairs.mp4");
    const source = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2"];
    const pairs = ["-vf", "setpts='(floor(N/2)*0.27+mod(N,2)*0.02)/TB'", "-fps_mode", "vfr"];
    const exact = ["-enc_time_base", "1/600", "-video_track_timescale", "600"];
    execFileSync(ffmpeg(), ["-nostdin", "-v", "error", ...source, ...pairs, ...exact, media]);
    const { verdict, grounds } = await strictDecode(await request(media, folder));
    expect([verdict, grounds[0]]).toEqual(["sound", "the strict decode reported no error or warning"]);
  });
});

describe("what ffprobe says of a file", () => {
  test("sound alone has no video stream, and a cover picture is not one", async () => {
    for (const name of ["sound-only.m4a", "cover-picture.m4a"] as const) {
      const { video, hasAudio } = await probeOk(clips.get(name));
      expect({ video, hasAudio }).toEqual({ video: null, hasAudio: true });
    }
  });

  test("the stored output names the file and no folder of this machine", async () => {
    const { json } = await probeOk(clips.get("picture.mp4"));
    expect(JSON.parse(json).format.filename).toBe("picture.mp4");
    expect(json).not.toContain(clips.get("picture.mp4"));
  });

  test("a playlist that calls itself mp4 is refused: it would make ffmpeg read other files", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "clip.mp4");
      const other = clips.get("sound-and-picture.ts");
      writeFileSync(media, `#EXTM3U\n#EXTINF:3,\n${other}\n#EXT-X-ENDLIST\n`);
      expect((await probe(media)).ok).toBe(false);
      writeFileSync(media, `ffconcat version 1.0\nfile '${other}'\n`);
      expect((await probe(media)).ok).toBe(false);
    });
  });

  test.each(["subtitled.mkv", "subtitled.mp4"] as const)(
    "a clip that carries subtitles is read, looked at and decoded like any other: %s",
    async (name) => {
      const found = await probeOk(clips.get(name));
      expect(found.video).not.toBeNull();
      expect(found.json).toContain('"subtitle"');
      await inFolder(async (folder) => {
        const set = await keyframesOf(clips.get(name), folder);
        expect([set.keyframes.length > 0, set.notes.filter((note) => /error/.test(note))]).toEqual([
          true,
          [],
        ]);
      });
      await inFolder(async (scratch) => {
        expect((await strictDecode(await request(clips.get(name), scratch))).verdict).toBe("sound");
      });
    },
  );

  test("words are no video", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "page.mp4");
      writeFileSync(media, "<!DOCTYPE html><title>removed</title>");
      expect((await probe(media)).ok).toBe(false);
    });
  });
});

async function request(media: string, scratch: string) {
  return { ffmpeg: ffmpeg(), media, probe: await probeOk(media), scratch, signal: never };
}

describe("hashes of the streams", () => {
  const hashes = (media: string, deep = true) =>
    inFolder(async (scratch) => {
      const outcome = await streamHashes({ ...(await request(media, scratch)), deep });
      if (!outcome.ok) throw new Error(outcome.reason);
      return outcome.streams;
    });

  test("another container around the same packets leaves the packet hash as it is", async () => {
    const [mp4] = await hashes(clips.get("shots-scene-keys.mp4"));
    const [mkv] = await hashes(clips.get("shots.mkv"));
    expect(mkv?.packets_sha256).toBe(mp4?.packets_sha256);
    expect(mkv?.decoded_sha256).toBe(mp4?.decoded_sha256);
  });

  test("only the video stream gets a decoded hash, and only when asked", async () => {
    const deep = await hashes(clips.get("sound-and-picture.mp4"));
    expect(deep.map(({ type, decoded_sha256 }) => [type, decoded_sha256 !== null])).toEqual([
      ["v", true],
      ["a", false],
    ]);
    const plain = await hashes(clips.get("sound-and-picture.mp4"), false);
    expect(plain.map(({ decoded_sha256 }) => decoded_sha256)).toEqual([null, null]);
  });
});

describe("strict decoding", () => {
  const check = (media: string) =>
    inFolder(async (scratch) => (await strictDecode(await request(media, scratch))).verdict);

  test.each([["sound-and-picture.mp4"], ["sound-only.m4a"], ["shots-mjpeg.avi"], ["edit-list.mp4"]] as const)(
    "%s is sound",
    async (name) => {
      expect(await check(clips.get(name))).toBe("sound");
    },
  );

  test("a file cut in half is not called sound although every program exits as if it were", async () => {
    await inFolder(async (folder) => {
      const whole = readFileSync(clips.get("shots.mkv"));
      const media = join(folder, "half.mkv");
      writeFileSync(media, whole.subarray(0, whole.length / 2));
      expect(await check(media)).toBe("short");
    });
  });

  test("flipped bytes are called damage", async () => {
    await inFolder(async (folder) => {
      const bytes = readFileSync(clips.get("shots-fixed-gop.mp4"));
      for (let at = Math.floor(bytes.length * 0.4); at < bytes.length * 0.45; at += 7) bytes[at]! ^= 0x5a;
      const media = join(folder, "flipped.mp4");
      writeFileSync(media, bytes);
      expect(await check(media)).toBe("damaged");
    });
  });
});

describe("the playable copy", () => {
  const playable = (names: readonly Parameters<typeof clips.get>[0][], outDir: string) =>
    inFolder(async (scratch) => {
      const tracks = await Promise.all(
        names.map(async (name) => ({ media: clips.get(name), probe: await probeOk(clips.get(name)) })),
      );
      return makePlayable({ ffmpeg: ffmpeg(), tracks, outDir, scratch, signal: never });
    });

  test("separate picture and sound become one MP4 with the same packets", async () => {
    await inFolder(async (outDir) => {
      const outcome = await playable(["picture.mp4", "sound-only.m4a"], outDir);
      expect(outcome).toMatchObject({ ok: true, file: "playable.mp4" });
      const { streams } = await probeOk(join(outDir, "playable.mp4"));
      expect(streams.map(({ type }) => type)).toEqual(["video", "audio"]);
    });
  });

  test("a transport stream becomes an MP4", async () => {
    await inFolder(async (outDir) => {
      const outcome = await playable(["sound-and-picture.ts"], outDir);
      expect(outcome).toMatchObject({ ok: true, file: "playable.mp4" });
    });
  });

  test("tracks that MP4 cannot hold become a Matroska file", async () => {
    await inFolder(async (outDir) => {
      const outcome = await playable(["picture-vp8.webm", "sound-only.m4a"], outDir);
      expect(outcome).toMatchObject({ ok: true, file: "playable.mkv" });
      expect(existsSync(join(outDir, "playable.mp4"))).toBe(false);
    });
  });
});

describe("ExifTool", () => {
  test("keeps what the file says and drops what this machine says of it", async () => {
    await inFolder(async (scratch) => {
      const session = openExifTool(dirname(clips.get("picture.mp4")), scratch);
      try {
        const outcome = await session.read(clips.get("picture.mp4"));
        const json = "json" in outcome ? outcome.json : "";
        expect(JSON.parse(json)).toMatchObject({ "File:MIMEType": "video/mp4" });
        expect(json).not.toContain("SourceFile");
        expect(json).not.toContain("Directory");
        expect(json).not.toContain("FileModifyDate");
        expect(await session.version()).toMatch(/^\d+\.\d+/);
      } finally {
        await session.close();
      }
    });
  });
});

describe("Content Credentials", () => {
  test("a clip without them is said to have none", async () => {
    expect(await readContentCredentials(clips.get("picture.mp4"))).toEqual({ outcome: "absent" });
    expect(await readContentCredentials(clips.get("shots.mkv"))).toEqual({ outcome: "absent" });
  });

  test("a box that claims to hold them and holds nothing is a failure with a reason", async () => {
    await inFolder(async (folder) => {
      const media = join(folder, "claim.mp4");
      const box = Buffer.from(
        "00000020757569 64d8fec3d61b0e483c92975828877ec4810000000000000000".replace(" ", ""),
        "hex",
      );
      writeFileSync(media, Buffer.concat([readFileSync(clips.get("picture.mp4")), box]));
      expect(await readContentCredentials(media)).toMatchObject({ outcome: "failed" });
    });
  });

  test.skipIf(!existsSync(corpus))(
    "are validated where a clip carries them, and a changed byte shows",
    async () => {
      const media = join(corpus, "c2pa-video1.mp4");
      expect(await readContentCredentials(media)).toMatchObject({
        outcome: "present",
        validationState: "Valid",
      });
      expect(await readContentCredentials(join(corpus, "c2pa-video1_no_manifest.mp4"))).toEqual({
        outcome: "absent",
      });
      await inFolder(async (folder) => {
        const bytes = readFileSync(media);
        bytes[700_000]! ^= 1;
        writeFileSync(join(folder, "changed.mp4"), bytes);
        const changed = await readContentCredentials(join(folder, "changed.mp4"));
        expect(changed).toMatchObject({ outcome: "present", validationState: "Invalid" });
      });
    },
  );
});

/** As much detail at each size as a photograph has, and grain on it. */
async function grainy(width: number, height: number): Promise<Uint8Array> {
  const noise = async (size: number, sigma: number) =>
    sharp({
      create: {
        ...{ width: Math.ceil(width / size), height: Math.ceil(height / size), channels: 3 },
        ...{ background: "black", noise: { type: "gaussian", mean: 128, sigma } },
      },
    })
      .resize(width, height, { fit: "fill" })
      .raw()
      .toBuffer();
  const layers = await Promise.all([noise(64, 40), noise(16, 20), noise(4, 10), noise(1, 4)]);
  const [first] = layers;
  return first!.map((_, at) => layers.reduce((sum, layer) => sum + (layer[at] ?? 0) - 128, 128));
}

describe("the contact sheet", () => {
  test.each([1, 2, 7, 40, 120, 300])("of %i pictures stays within 6000 pixels, wide or tall", (count) => {
    for (const [width, height] of [
      ...([
        [300, 1000],
        [1080, 1920],
        [320, 240],
        [1920, 1080],
        [3000, 1000],
      ] as const),
      ...([
        [64, 48],
        [640, 360],
        [1, 500],
        [500, 1],
      ] as const),
    ]) {
      const { columns, rows, cellWidth, pictureHeight, stripHeight } = layOut(count, { width, height }, 9);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * (cellWidth + 12) + 12).toBeLessThanOrEqual(6000);
      expect(rows * (pictureHeight + stripHeight + 12) + 12).toBeLessThanOrEqual(6000);
    }
  });

  test("shows pictures no larger than they are, unless they are too small to be made out", () => {
    expect(layOut(4, { width: 320, height: 180 }, 6)).toMatchObject({ cellWidth: 320, pictureHeight: 180 });
    expect(layOut(4, { width: 1920, height: 1080 }, 6)).toMatchObject({ cellWidth: 464, pictureHeight: 261 });
    expect(layOut(4, { width: 113, height: 80 }, 6)).toMatchObject({ cellWidth: 226, pictureHeight: 160 });
  });

  test.each([1, 3, 8, 17])(
    "of %i pictures is no wider than a screen of 1440 pixels, and its times can be read there",
    (count) => {
      for (const [width, height] of [
        [480, 720],
        [1920, 1080],
        [640, 480],
      ] as const) {
        const { columns, cellWidth, scale } = layOut(count, { width, height }, 6);
        expect(columns * (cellWidth + 12) + 12).toBeLessThanOrEqual(1440);
        // Seven pixels of the font high.
        expect(scale * 7).toBeGreaterThanOrEqual(28);
      }
    },
  );

  test.each([
    ["a landscape clip", 1280, 720, 12],
    ["a portrait clip", 480, 720, 14],
  ])(
    "of %s weighs at most a quarter of its keyframes, which are there to look closely at",
    async (_of, width, height, count) => {
      await inFolder(async (folder) => {
        mkdirSync(join(folder, "pictures"));
        const frames = [];
        let bytes = 0;
        for (let at = 0; at < count; at++) {
          const shape = { width, height, rotation: 0, sampleAspect: { num: 1, den: 1 } } as const;
          const jpeg = await jpegOf(await grainy(width, height), shape);
          const file = join(folder, "pictures", `${at}.jpg`);
          writeFileSync(file, jpeg);
          bytes += jpeg.length;
          frames.push({ file, ptsTime: `${at}.000000` });
        }
        const out = join(folder, "sheet.jpg");
        await renderContactSheet({ pictures, frames, out });
        expect(statSync(out).size).toBeLessThanOrEqual(bytes / 4);
      });
    },
  );

  test("is one JPEG that shows every picture", async () => {
    await inFolder(async (folder) => {
      mkdirSync(join(folder, "pictures"));
      const frames = await Promise.all(
        [40, 120, 200].map(async (level, at) => {
          const file = join(folder, "pictures", `${at}.jpg`);
          const background = { r: level, g: 0, b: 0 };
          await sharp({ create: { width: 64, height: 48, channels: 3, background } })
            .jpeg()
            .toFile(file);
          return { file, ptsTime: `${at}.500000` };
        }),
      );
      const out = join(folder, "sheet.jpg");
      await renderContactSheet({ pictures, frames, out });
      const { data, info } = await sharp(out).raw().toBuffer({ resolveWithObject: true });
      const middle = Math.floor(info.height * 0.6);
      const seen = [1, 3, 5].map(
        (sixth) => data[(middle * info.width + Math.floor((info.width * sixth) / 6)) * 3],
      );
      for (const [at, level] of [40, 120, 200].entries()) expect(Math.abs(seen[at]! - level)).toBeLessThan(8);
    });
  });

  test.each([
    ["0.000000", "0:00.0"],
    ["65.390000", "1:05.3"],
    ["3723.999999", "1:02:03.9"],
    ["-0.066667", "-0:00.0"],
  ])("shows %s seconds as %s", (seconds, text) => expect(clockText(seconds)).toBe(text));
});
