import { beforeAll, describe, expect, it } from "vitest";
import {
  type ClipName,
  copyOf,
  type FilledCopy,
  mustBeFilledAsShown,
  mustBeginAtZero,
  mustMeanItsOwnTimes,
  mustTellOfSound,
} from "../trials/redact-times.js";

// Each kind of clip once, with its sound or without. Every clip both ways is the soak's.
const sample: readonly (readonly [ClipName, boolean])[] = [
  ["frames that are predicted from later ones.mp4", true],
  ["a picture that begins after the sound.ts", false],
  ["a sound that begins after the picture.ts", true],
  ["a picture that begins after the sound.mp4", true],
  ["an edit list that leaves out the beginning.mp4", false],
  ["no sound, and a clock that begins late.mkv", false],
];
const copies = new Map<ClipName, FilledCopy>();

beforeAll(async () => {
  for (const [name, keepSound] of sample) copies.set(name, await copyOf(name, keepSound));
});

describe.each(sample)("in a clip with %s", (name) => {
  it("a region is filled in the frames that a player shows at its times", () => {
    mustBeFilledAsShown(copies.get(name)!);
  });

  it("a copy begins at 0, and says which moment of the original that is", () => {
    mustBeginAtZero(copies.get(name)!);
  });

  it("sound that is kept stays with its pictures, and by how much it begins later or earlier is told", () => {
    mustTellOfSound(copies.get(name)!);
  });
});

it("times given for a copy that came back as a file mean what a player shows of that copy", async () => {
  await mustMeanItsOwnTimes(copies.get("a picture that begins after the sound.mp4")!);
});

describe("the page of a copy", () => {
  const pageOf = (name: ClipName) => copies.get(name)!.page;

  it("says by how much sound and picture are apart, and where in the original the copy begins", () => {
    expect(pageOf("a picture that begins after the sound.mp4")).toContain(
      "sound begins 1.2 s before the picture, as in the original",
    );
    expect(pageOf("a picture that begins after the sound.ts")).toMatch(
      /0 s is 1\.[12]\d* s of the original: the copy begins with its picture/,
    );
    expect(pageOf("a sound that begins after the picture.ts")).toMatch(
      /sound begins 1\.[12]\d* s after the picture, as in the original/,
    );
    expect(pageOf("frames that are predicted from later ones.mp4")).not.toMatch(
      /of the original: the copy begins|as in the original/,
    );
  });
});
