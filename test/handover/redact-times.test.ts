import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedactResult, redactCapture } from "../../src/handover/publication.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { ffmpegIn } from "../support/publication-clips.js";
import { captureFiles, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("vault");
const ids = new Map<string, string>();

/** How much later picture or sound of `base.mp4` is put: what the container's clock, its edit lists and packets then say. */
const later = (input: number, seconds: string) => {
  const inputs = [0, 1].flatMap((one) => [
    ...(one === input ? ["-itsoffset", seconds] : []),
    "-i",
    "base.mp4",
  ]);
  return [...inputs, "-map", "0:v", "-map", "1:a", "-c", "copy"];
};
const clips: Readonly<Record<string, readonly string[]>> = {
  "frames that are predicted from later ones.mp4": ["-i", "base.mp4", "-c", "copy"],
  "a picture that begins after the sound.ts": [...later(0, "1.2"), "-f", "mpegts"],
  "a sound that begins after the picture.ts": [...later(1, "1.2"), "-f", "mpegts"],
  "a picture that begins after the sound.mp4": later(0, "1.2"),
  "a sound that begins after the picture.mp4": later(1, "1.2"),
  "a picture that begins after the sound.mkv": later(0, "1.2"),
  "an edit list that leaves out the beginning.mp4": ["-ss", "1.35", "-i", "base.mp4", "-c", "copy"],
  "no sound, and a clock that begins late.mp4": [
    "-itsoffset",
    "1.2",
    "-i",
    "base.mp4",
    "-map",
    "0:v",
    "-c",
    "copy",
  ],
  "no sound, and a clock that begins late.mkv": [
    "-itsoffset",
    "1.2",
    "-i",
    "base.mp4",
    "-map",
    "0:v",
    "-c",
    "copy",
  ],
};
const names = Object.keys(clips);

beforeAll(async () => {
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=6", "-f", "lavfi", "-i", "sine=d=6"];
  const coded = ["-c:v", "libx264", "-bf", "3", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"];
  ffmpegIn(folder.path, [...picture, ...coded, "base.mp4"]);
  const opened = await openTestVault(vault);
  for (const [name, argv] of Object.entries(clips)) {
    ffmpegIn(folder.path, [...argv, name]);
    const track = `track-1${name.slice(name.lastIndexOf("."))}`;
    const url = `https://video.example/${encodeURIComponent(name)}`;
    ids.set(name, captureFiles(opened, { [track]: readFileSync(at(name)) }, url).record.capture);
  }
  closeVault(opened);
});
afterAll(() => folder.remove());

function probe(path: string, ...words: readonly string[]) {
  return execFileSync("ffprobe", ["-v", "error", ...words, "-of", "json", path]).toString();
}

interface Probed {
  readonly format: { readonly start_time: string };
  readonly streams: readonly { readonly codec_type: string; readonly start_time: string }[];
}

/** Which frame a player shows so long after the beginning of a file: `ffplay -ss` counts from its earliest stream on. */
function shownAt(path: string, seconds: number): number {
  const start = Number((JSON.parse(probe(path, "-show_format")) as Probed).format.start_time);
  const listed = probe(path, "-select_streams", "V:0", "-show_entries", "frame=best_effort_timestamp_time");
  const { frames } = JSON.parse(listed) as { frames: { best_effort_timestamp_time: string }[] };
  const times = frames.map((frame) => Number(frame.best_effort_timestamp_time) - start);
  return Math.max(
    0,
    times.findLastIndex((time) => time <= seconds),
  );
}

/** How much later the sound of a file begins than its picture, in seconds. */
function soundAfterPicture(path: string): number {
  const { streams } = JSON.parse(probe(path, "-show_streams")) as Probed;
  const start = (type: string) => Number(streams.find((one) => one.codec_type === type)?.start_time);
  return start("audio") - start("video");
}

const [from, to] = [2.55, 3.05];

function redact(id: string, keepSound: boolean, [begin, end]: readonly [number, number] = [from, to]) {
  const span = { from: Math.round(begin * 1e6), to: Math.round(end * 1e6) };
  const fills = [{ x: 16, y: 16, width: 32, height: 32, ...span }];
  return redactCapture({ vault, id, fills, keepSound, original: null, to: null }, testWorld());
}

const pathOf = ({ file }: RedactResult) => join(vault, file);
const framesOf = ({ publication: { fills } }: RedactResult) =>
  fills.map((fill) => [fill.first_frame, fill.last_frame]);

/** The frames that are darker in one region than those of another file: where a copy is filled. */
function filledFrames(copy: string, original: string): readonly number[] {
  const brightness = (path: string) => {
    const crop = ["-map", "0:V:0", "-vf", "crop=32:32:16:16,scale=1:1:flags=area,format=gray"];
    const picture = ["-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"];
    return [...ffmpegIn(folder.path, ["-i", path, ...crop, ...picture])];
  };
  const [one, other] = [brightness(copy), brightness(original)];
  expect(one.length).toBe(other.length);
  return one.flatMap((value, frame) => ((other[frame] ?? 0) - value > 20 ? [frame] : []));
}

describe.each(names)("in a clip with %s", (name) => {
  const made = new Map<boolean, RedactResult>();
  beforeAll(async () => {
    for (const keepSound of [false, true]) made.set(keepSound, await redact(ids.get(name) ?? "", keepSound));
  }, 60_000);

  it("a region is filled in the frames that a player shows at its times", () => {
    const wanted = [shownAt(at(name), from), shownAt(at(name), to)] as const;
    const all = Array.from({ length: wanted[1] - wanted[0] + 1 }, (_, nth) => wanted[0] + nth);
    for (const result of made.values()) {
      expect(framesOf(result)).toEqual([wanted]);
      expect(filledFrames(pathOf(result), at(name))).toEqual(all);
    }
  });

  it("a copy begins at 0, and says which moment of the original that is", () => {
    for (const [keepSound, result] of made) {
      const copy = pathOf(result);
      const begins = Number(result.publication.timing?.copy);
      expect(
        Math.abs(Number((JSON.parse(probe(copy, "-show_format")) as Probed).format.start_time)),
      ).toBeLessThan(0.03);
      for (const time of [from, to, 4.5])
        expect(shownAt(copy, time - begins), String(keepSound)).toBe(shownAt(at(name), time));
    }
  });

  it("times given for a copy that came back as a file mean what a player shows of that copy", async () => {
    for (const result of made.values()) {
      const copy = pathOf(result);
      const opened = await openTestVault(vault, { ...testWorld(), random: (count) => randomBytes(count) });
      const again = captureFiles(
        opened,
        { "track-1.mp4": readFileSync(copy) },
        `https://video.example/${result.entry}`,
      );
      closeVault(opened);
      const second = await redact(again.record.capture, false, [1.55, 2.05]);
      expect(framesOf(second)).toEqual([[shownAt(copy, 1.55), shownAt(copy, 2.05)]]);
    }
  });

  it("sound that is kept stays with its pictures, and by how much it begins later or earlier is told", () => {
    const { publication } = made.get(true)!;
    if (publication.sound === "none") return expect(publication.timing?.sound).toBeNull();
    const offset = soundAfterPicture(at(name));
    expect(Math.abs(soundAfterPicture(pathOf(made.get(true)!)) - offset)).toBeLessThan(0.05);
    for (const { publication: told } of made.values())
      expect(Number(told.timing?.sound) - Number(told.timing?.picture)).toBeCloseTo(offset, 3);
  });
});

describe("the page of a copy", () => {
  const page = async (name: string, ...words: readonly string[]) =>
    (await holdfast(["redact", ids.get(name) ?? "", "--vault", vault, ...words])).stdout.replaceAll(
      /\s+/g,
      " ",
    );

  it("says by how much sound and picture are apart, and where in the original the copy begins", async () => {
    const later = "a picture that begins after the sound.mp4";
    expect(await page(later, "--keep-sound")).toContain(
      "sound begins 1.2 s before the picture, as in the original",
    );
    expect(await page(later)).toContain("0 s is 1.2 s of the original: the copy begins with its picture");
    const sound = "a sound that begins after the picture.mp4";
    expect(await page(sound, "--keep-sound")).toMatch(
      /sound begins 1\.[12]\d* s after the picture, as in the original/,
    );
    const plain = await page("frames that are predicted from later ones.mp4", "--keep-sound");
    expect(plain).not.toMatch(/of the original: the copy begins|as in the original/);
  });
});
