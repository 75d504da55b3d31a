import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  colourDifference,
  dhash,
  hashDistance,
  type Look,
  lookBytes,
  nearIdentical,
} from "../../../src/core/media/dhash.ts";
import {
  type Candidate,
  dropNearIdentical,
  keyCandidates,
  keyframeName,
  maxGapFor,
  mayHideShot,
  presentationOrder,
  type StretchEvidence,
  type VideoPacket,
  withinLimit,
} from "../../../src/core/media/keyframe-plan.ts";
import { chooseFrames, findCuts } from "../../../src/core/media/shots.ts";
import {
  decimalSeconds,
  fromMicroseconds,
  parseRatio,
  parseSeconds,
} from "../../../src/core/media/timing.ts";

const flat = (r: number, g = r, b = r): Look =>
  Uint8Array.from({ length: lookBytes }, (_, at) => [r, g, b][at % 3] ?? 0);
const random = (seed: number): Look =>
  Uint8Array.from(
    { length: lookBytes },
    (_, at) => Math.abs(Math.floor(Math.sin(seed * 999 + at * 77.7) * 1e6)) % 256,
  );
const shifted = (look: Look, by: number): Look => look.map((value) => Math.min(255, value + by));

describe("likeness", () => {
  test("a brighter copy keeps its hash", () => {
    const dim = random(1).map((value) => value >> 1);
    expect(hashDistance(dhash(dim), dhash(shifted(dim, 20)))).toBe(0);
  });

  test("the hash is 16 hex digits and counts differing bits", () => {
    expect(dhash(flat(9))).toBe("0000000000000000");
    expect(hashDistance("0000000000000000", "ffffffffffffffff")).toBe(64);
    expect(hashDistance("00000000000000f0", "0000000000000080")).toBe(3);
  });

  test("the first bit of a row says that the second cell is brighter than the first", () => {
    const look = flat(0);
    look.set([200, 200, 200], 3);
    expect(dhash(look)).toBe("8000000000000000");
  });

  test("flat pictures of different colours share a hash and are still not alike", () => {
    expect(dhash(flat(255, 0, 0))).toBe(dhash(flat(0, 0, 255)));
    expect(nearIdentical(flat(255, 0, 0), flat(0, 0, 255))).toBe(false);
  });

  test("noise on a black frame does not make it another picture", () => {
    const noise = random(3).map((value) => value % 3);
    expect(nearIdentical(flat(1), noise)).toBe(true);
    expect(colourDifference(flat(1), flat(1))).toBe(0);
  });
});

const tenth = { num: 1, den: 10 };
const packet = (pts: number | null, key = false, more: Partial<VideoPacket> = {}): VideoPacket => ({
  pts,
  key,
  discard: false,
  bytes: 100,
  ...more,
});

describe("packets counted as frames", () => {
  test("are put into presentation order", () => {
    const frames = presentationOrder([packet(0, true), packet(3), packet(1), packet(2)], tenth);
    expect(frames?.map(({ pts, packet }) => [pts, packet])).toEqual([
      [0, 0],
      [1, 2],
      [2, 3],
      [3, 1],
    ]);
  });

  test("leave out what an edit list hides", () => {
    const hidden = { discard: true };
    const frames = presentationOrder([packet(-2, true, hidden), packet(-1, false, hidden), packet(0)], tenth);
    expect(frames?.map(({ pts }) => pts)).toEqual([0]);
  });

  test.each([
    ["without any", []],
    ["without a presentation time", [packet(0, true), packet(null)]],
    ["with a time twice", [packet(0, true), packet(1), packet(1)]],
    ["that begin between key frames", [packet(0), packet(1, true)]],
    ["that begin with pictures of a missing group", [packet(2, true), packet(0), packet(1), packet(3)]],
  ])("cannot be trusted %s", (_, packets) => expect(presentationOrder(packets, tenth)).toBeNull());
});

describe("key frames as candidates", () => {
  test("every second that has key frames keeps one, and none are closer than 0.45 s", () => {
    const packets = Array.from({ length: 100 }, (_, at) => packet(at, true));
    const frames = presentationOrder(packets, { num: 1, den: 30 }) ?? [];
    const times = keyCandidates(frames).map((at) => frames[at]!.time);
    for (const [at, time] of times.slice(1).entries()) {
      expect(time - times[at]!).toBeGreaterThanOrEqual(0.45);
      expect(time - times[at]!).toBeLessThan(1);
    }
  });
});

describe("a shot hidden between two key frames", () => {
  const stretch = (sizes: readonly number[], more: Partial<StretchEvidence> = {}): StretchEvidence => ({
    seconds: sizes.length / 25,
    packets: sizes.map((bytes, at) => ({ bytes, left: (sizes.length - at) / 25 })),
    keyBytes: 20_000,
    ends: [flat(100), flat(100)],
    ...more,
  });
  const steady = Array.from({ length: 60 }, (_, at) => 900 + (at % 7) * 20);
  const withOne = (bytes: number) => steady.map((size, at) => (at === 20 ? bytes : size));
  const changed: Partial<StretchEvidence> = { ends: [flat(100), flat(160)] };

  test("is ruled out by steady packets, also while the camera moves", () => {
    expect(mayHideShot(stretch(steady), 10)).toBe(false);
    expect(mayHideShot(stretch(steady, changed), 10)).toBe(false);
  });

  test("is suspected where a packet is as large as a new picture", () => {
    expect(mayHideShot(stretch(withOne(15_000)), 10)).toBe(true);
  });

  test("is suspected at a small jump when both ends differ", () => {
    expect(mayHideShot(stretch(withOne(1600)), 10)).toBe(false);
    expect(mayHideShot(stretch(withOne(1600), changed), 10)).toBe(true);
  });

  test("is suspected where packets become tiny and both ends differ", () => {
    const quiet = steady.map((size, at) => (at < 20 ? size : 30));
    expect(mayHideShot(stretch(quiet, changed), 10)).toBe(true);
  });

  test("cannot be shorter than a second, and beyond the promised gap frames are looked for in any case", () => {
    expect(mayHideShot(stretch(withOne(15_000).slice(0, 22)), 10)).toBe(false);
    expect(mayHideShot(stretch(steady, { seconds: 10.5 }), 10)).toBe(true);
  });
});

describe("cuts and choice among decoded frames", () => {
  const film = (lengths: readonly number[], fps = 25) =>
    lengths
      .flatMap((seconds, shot) => Array.from({ length: Math.round(seconds * fps) }, () => random(shot + 1)))
      .map((look, at) => ({ time: at / fps, look }));

  test("a cut is found at its very frame", () => {
    expect(findCuts(film([1, 2, 1.2]))).toEqual([25, 75]);
  });

  test("a camera that moves is not a row of cuts", () => {
    const moving = Array.from({ length: 100 }, (_, at) => ({
      time: at / 25,
      look: Uint8Array.from({ length: lookBytes }, (_, cell) => 128 + 100 * Math.sin(at / 6 + cell / 20)),
    }));
    expect(findCuts(moving)).toEqual([]);
  });

  test("every shot of a second has a frame, whatever the shots", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 25, max: 120 }), { minLength: 1, maxLength: 8 }), (frames) => {
        const seen = film(frames.map((count) => count / 25));
        const chosen = chooseFrames(seen, 10);
        let start = 0;
        for (const count of frames) {
          const end = start + count;
          expect(chosen.some((at) => at >= start && at < end)).toBe(true);
          start = end;
        }
        expect([chosen[0], chosen.at(-1)]).toEqual([0, seen.length - 1]);
      }),
      { numRuns: 40 },
    );
  });

  test("a still picture is shown as often as the gap rule asks and not more", () => {
    expect(chooseFrames(film([45]), 10).length).toBe(6);
  });
});

describe("dropping near-identical neighbours", () => {
  const candidates = (looks: readonly Look[], every: number): Candidate[] =>
    looks.map((look, at) => ({ look, time: at * every, fixed: at === 0 || at === looks.length - 1 }));

  test("the gap rule wins over likeness", () => {
    const still = candidates(
      Array.from({ length: 13 }, () => flat(50)),
      4,
    );
    const times = dropNearIdentical(still, 10).map((at) => still[at]!.time);
    expect(times).toEqual([0, 8, 16, 24, 32, 40, 48]);
  });

  test("the last frame stays and the one that looks like it goes", () => {
    const looks = [random(1), random(2), random(2), random(2)];
    expect(dropNearIdentical(candidates(looks, 1), 10)).toEqual([0, 3]);
  });

  test("no two neighbours that stay are alike where the gap allows it, and no gap is made", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 60 }), (seeds) => {
        const all = candidates(seeds.map(random), 3);
        const kept = dropNearIdentical(all, 10);
        for (const [at, place] of kept.slice(1).entries()) {
          const [before, after] = [all[kept[at]!]!, all[place]!];
          expect(after.time - before.time).toBeLessThanOrEqual(10);
          const next = all[kept[at + 2] ?? -1];
          const free = !after.fixed && !before.fixed && next !== undefined && next.time - before.time <= 10;
          if (free && !next.fixed) expect(nearIdentical(before.look, after.look)).toBe(false);
        }
      }),
    );
  });

  test("more than the limit keeps the most different ones and says so", () => {
    const many = candidates(
      Array.from({ length: 900 }, (_, at) => random(at)),
      1,
    );
    const { kept, bitten } = withinLimit(many, 10, 300);
    expect(bitten).toBe(true);
    expect(kept.length).toBeLessThanOrEqual(300);
    expect([kept[0], kept.at(-1)]).toEqual([0, 899]);
    expect(withinLimit(many.slice(0, 100), 10, 300)).toMatchObject({ bitten: false });
  });
});

describe("times", () => {
  test.each([
    [370, { num: 1, den: 30 }, "12.333333"],
    [-6, { num: 1001, den: 90_000 }, "-0.066733"],
    [1, { num: 1, den: 3 }, "0.333333"],
    [2, { num: 1, den: 3 }, "0.666667"],
    [0, { num: 1, den: 90_000 }, "0.000000"],
    [8_589_934_591, { num: 1, den: 90_000 }, "95443.717678"],
  ])("%i units are exact to the microsecond", (pts, base, text) =>
    expect(decimalSeconds(pts, base)).toBe(text),
  );

  test("names sort by time and carry time and frame", () => {
    expect(keyframeName("12.345678", 370)).toBe("kf-000012.345678s-f000370.jpg");
    expect(keyframeName("-0.066667", 0)).toBe("kf--000000.066667s-f000000.jpg");
    const names = ["-0.5", "0.000000", "9.900000", "10.000000", "3600.5"].map((time, at) =>
      keyframeName(time, at),
    );
    expect([...names].sort()).toEqual(names);
  });

  test("what a file states is read strictly", () => {
    expect([parseSeconds("12.5"), parseSeconds("-0.02"), parseSeconds("1e9"), parseSeconds("N/A")]).toEqual([
      12_500_000,
      -20_000,
      null,
      null,
    ]);
    expect([parseRatio("1/90000"), parseRatio("0:1"), parseRatio("4:3")]).toEqual([
      { num: 1, den: 90_000 },
      null,
      { num: 4, den: 3 },
    ]);
    expect(fromMicroseconds(-1)).toBe("-0.000001");
  });

  test("the longest gap is 10 s, and a two-hundredth of a long clip", () => {
    expect([maxGapFor(0), maxGapFor(1999), maxGapFor(3600)]).toEqual([10, 10, 18]);
  });
});
