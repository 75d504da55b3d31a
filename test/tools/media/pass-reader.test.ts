import { appendFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lookBytes, lookHeight, lookWidth } from "../../../src/core/media/dhash.ts";
import { maxKeyframes } from "../../../src/core/media/keyframe-plan.ts";
import type { VideoStream } from "../../../src/tools/media/ffprobe.ts";
import { passFilesIn, pictureFiles, printedSize } from "../../../src/tools/media/frame-pass.ts";
import { type PassFrames, PassReader } from "../../../src/tools/media/pass-reader.ts";
import type { Pictures } from "../../../src/tools/media/pictures.ts";
import type { RunResult } from "../../../src/tools/run/run-request.ts";
import { inFolder, pictures } from "../../support/keyframes.ts";

interface MadeClip {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** The brightness of each frame. */
  readonly levels: readonly number[];
  readonly printsPictures: boolean;
}

/** What a reader says of a clip, and the most pictures that lay on the disk after one of its frames. */
async function read(clip: MadeClip): Promise<{ readonly frames: PassFrames; readonly most: number }> {
  const { width, height, framesPerSecond, levels, printsPictures } = clip;
  const video: VideoStream = {
    ...{ index: 0, codec: "h264", width, height, rotation: 0, progressive: true, announcedFrames: null },
    ...{ sampleAspect: { num: 1, den: 1 }, timeBase: { num: 1, den: framesPerSecond } },
  };
  return inFolder(async (outDir) => {
    const files = passFilesIn(outDir);
    const drawFrameFiles: Pictures["drawFrameFiles"] = async (picture) => {
      for (const file of Object.values(picture)) rmSync(file);
      const look = new Uint8Array(lookBytes);
      return { look, lookAsDecoded: look, jpeg: Buffer.from("jpeg"), decodedSha256: "0".repeat(64) };
    };
    const clock = { shift: 0, offset: 0, start: 0 };
    const drawing = { pictures: { ...pictures, drawFrameFiles }, outDir, onProgress: () => undefined };
    const reader = new PassReader({ video, clock, files, ...drawing });
    const bytes = { rgb: width * height * 3, decoded: (width * height * 3) / 2 };
    let most = 0;
    for (const [at, level] of levels.entries()) {
      const line = (size: number) => `0, ${at}, ${at}, 1, ${size}, 0x0\n`;
      if (printsPictures) {
        const picture = pictureFiles(files, at);
        for (const kind of ["rgb", "decoded"] as const) {
          writeFileSync(picture[kind], "");
          truncateSync(picture[kind], bytes[kind]);
        }
        appendFileSync(files.offers, line(bytes.decoded));
      }
      appendFileSync(files.times, line(lookBytes));
      await reader.onStdout(printedLook(video, level));
      most = Math.max(most, readdirSync(outDir).filter((name) => name.startsWith("decoded-")).length);
    }
    const result = { endedBy: "exited", exitCode: 0 } as RunResult;
    return { frames: await reader.finish({ program: "ffmpeg", argv: [], result }), most };
  });
}

function printedLook(video: VideoStream, level: number): Buffer {
  const { width, height } = printedSize(video);
  const printed = Buffer.alloc(width * height * 3);
  for (let row = 0; row < lookHeight; row++) {
    const from = row * width * 3;
    printed.fill(level, from, from + lookWidth * 3);
  }
  return printed;
}

const numbersOf = (frames: readonly { readonly number: number }[]) => frames.map(({ number }) => number);

describe("the pictures of a clip with one frame a second, all of which lie on the disk for a while", () => {
  const levels = Array.from({ length: 24 }, (_, at) => (at < 5 ? 20 : at < 13 ? 120 : 230));
  const clip = { framesPerSecond: 1, levels, printsPictures: true };

  test("are four at most of 8K, which take 150 MB each, and what is chosen of the others is decoded again", async () => {
    const small = await read({ ...clip, width: 64, height: 36 });
    const large = await read({ ...clip, width: 7680, height: 4320 });
    expect([small.frames.missing, small.frames.whole, large.frames.whole]).toEqual([[], true, true]);
    expect(small.most).toBeGreaterThan(4);
    expect(large.most).toBeLessThanOrEqual(4);
    const again = numbersOf(large.frames.missing);
    expect(again.length).toBeGreaterThan(0);
    const chosen = [...numbersOf(large.frames.taken), ...again].sort((a, b) => a - b);
    expect(chosen).toEqual(numbersOf(small.frames.taken));
  });
});

test("of thousands of chosen frames without a picture, no more are decoded again than may be keyframes", async () => {
  const shots = maxKeyframes + 100;
  const levels = Array.from({ length: 8 * shots }, (_, at) => (Math.floor(at / 8) * 83) % 250);
  const { frames } = await read({
    ...{ width: 64, height: 36, framesPerSecond: 8, levels, printsPictures: false },
  });
  expect(frames.bitten).toBe(true);
  expect(frames.missing.length).toBeGreaterThan(2);
  expect(frames.missing.length).toBeLessThanOrEqual(maxKeyframes);
});
