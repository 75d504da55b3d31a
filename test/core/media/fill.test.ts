import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  boundsOf,
  codedSize,
  fillProblem,
  framesOf,
  parseFill,
  wholeBlocks,
} from "../../../src/core/media/fill.js";

describe("a region as it is typed", () => {
  it.each([
    ["0,0,20x10", { x: 0, y: 0, width: 20, height: 10, from: null, to: null }],
    [
      "640,120,200x240@12.5-63",
      { x: 640, y: 120, width: 200, height: 240, from: 12_500_000, to: 63_000_000 },
    ],
    ["1,2,3x4@0:12.5-1:03", { x: 1, y: 2, width: 3, height: 4, from: 12_500_000, to: 63_000_000 }],
    ["1,2,3x4@0-1:00:00.25", { x: 1, y: 2, width: 3, height: 4, from: 0, to: 3_600_250_000 }],
  ])("%s is read as what it says", (text, fill) => {
    expect(parseFill(text)).toEqual(fill);
  });

  it.each([
    ["", "not a region"],
    ["1,2,3", "not a region"],
    ["-1,2,3x4", "not a region"],
    ["1.5,2,3x4", "not a region"],
    ["1,2,3x4@5", "not a region"],
    ["1,2,3x4@5-", "not a region"],
    ["1,2,3x4 @5-6", "not a region"],
    ["1,2,3x4@-5-6", "not a region"],
    ["100000,2,3x4", "not a region"],
    ["1,2,0x4", "it is empty"],
    ["1,2,3x0@1-2", "it is empty"],
    ["1,2,3x4@6-5", "before it begins"],
    ["1,2,3x4@5-5", "before it begins"],
    ["1,2,3x4@0:75-2:00", "times"],
    ["1,2,3x4@1:75:00-2:00:00", "times"],
    ["1,2,3x4@..-2", "times"],
  ])("%j is refused, and it is said why", (text, problem) => {
    expect(parseFill(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("is refused where any of it lies outside of the picture", () => {
    const picture = { width: 320, height: 240 };
    expect(fillProblem({ x: 300, y: 200, width: 20, height: 40 }, picture)).toBeNull();
    expect(fillProblem({ x: 301, y: 200, width: 20, height: 40 }, picture)).toContain("320x240");
    expect(fillProblem({ x: 300, y: 201, width: 20, height: 40 }, picture)).toContain("beyond the picture");
  });
});

it("a region only ever grows, to whole blocks or to the edge of the picture", () => {
  const side = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(side, side, fc.nat(499), fc.nat(499), side, side, (width, height, x, y, w, h) => {
      fc.pre(x + w <= width && y + h <= height);
      const coded = codedSize({ width, height });
      const grown = wholeBlocks({ x, y, width: w, height: h }, coded);
      const [right, bottom] = [grown.x + grown.width, grown.y + grown.height];
      expect(grown.x <= x && grown.y <= y && right >= x + w && bottom >= y + h).toBe(true);
      expect(x - grown.x < 16 && y - grown.y < 16 && right - x - w < 16 && bottom - y - h < 16).toBe(true);
      expect([grown.x % 16, grown.y % 16]).toEqual([0, 0]);
      expect(right % 16 === 0 || right === coded.width).toBe(true);
      expect(bottom % 16 === 0 || bottom === coded.height).toBe(true);
    }),
  );
});

describe("a frame is filled when it can be seen at any moment of the time asked for", () => {
  const times = [0, 100, 200, 1000, 1100];

  it.each([
    ["from the middle of a frame", 150, 250, { first: 1, last: 2 }],
    ["in a long gap", 500, 600, { first: 2, last: 2 }],
    ["exactly on two frames", 200, 1000, { first: 2, last: 3 }],
    ["to beyond the end", 1050, 9999, { first: 3, last: 4 }],
    ["in the last frame", 1500, 1600, { first: 4, last: 4 }],
  ])("%s", (_title, from, to, frames) => {
    expect(framesOf({ from, to }, times, 2000)).toEqual(frames);
  });

  it("and all are without a time, and none behind the end", () => {
    expect(framesOf({ from: null, to: null }, times, 2000)).toEqual({ first: 0, last: 4 });
    expect(framesOf({ from: 2001, to: 3000 }, times, 2000)).toBeNull();
    expect(framesOf({ from: 1101, to: 3000 }, times, null)).toBeNull();
    expect(framesOf({ from: 0, to: 10 }, [50, 60], null)).toEqual({ first: 0, last: 0 });
  });

  it("the moments at which it is switched lie between frames", () => {
    expect(boundsOf({ first: 1, last: 2 }, times)).toEqual({ after: 50, before: 600 });
    expect(boundsOf({ first: 0, last: 4 }, times)).toEqual({ after: null, before: null });
  });
});
