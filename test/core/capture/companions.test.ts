import { describe, expect, test } from "vitest";
import { companionsOf } from "../../../src/core/capture/companions.js";

const of = (footage: readonly string[], others: readonly string[]) =>
  Object.fromEntries(companionsOf(footage, others));

describe("what lies beside footage belongs to it by its name", () => {
  test("by the stem or the whole name, and to the longest name that fits", () => {
    expect(
      of(["a.mp4", "a.b.mp4"], ["a.srt", "a.b.srt", "a.mp4.json", "a.b.c.txt", "ab.txt", "other.txt"]),
    ).toEqual({
      "a.mp4": ["a.srt", "a.mp4.json"],
      "a.b.mp4": ["a.b.srt", "a.b.c.txt"],
    });
  });

  test("to each of the formats that yt-dlp has not merged", () => {
    expect(of(["t.f137.mp4", "t.f140-drc.m4a", "my.friend.mp4"], ["t.info.json", "my.jpg"])).toEqual({
      "t.f137.mp4": ["t.info.json"],
      "t.f140-drc.m4a": ["t.info.json"],
      "my.friend.mp4": [],
    });
  });

  test("by the customs of cameras and of Google's export, cut names among them", () => {
    const long = "a name of a video that is longer than what the export allows.mp4";
    expect(
      of(
        ["C0001.MP4", "IMG_1.MOV", "v.mp4", "v(1).mp4", long],
        ["C0001M01.XML", "IMG_O1.AAE", "v.mp4(1).json", "v.mp4.suppl.json", `${long.slice(0, 46)}.json`],
      ),
    ).toEqual({
      "C0001.MP4": ["C0001M01.XML"],
      "IMG_1.MOV": ["IMG_O1.AAE"],
      "v.mp4": ["v.mp4.suppl.json"],
      "v(1).mp4": ["v.mp4(1).json"],
      [long]: [`${long.slice(0, 46)}.json`],
    });
  });

  test("a name like a member of every object is a name", () => {
    expect(of(["constructor.mp4"], ["__proto__.txt", "constructor.txt"])).toEqual({
      "constructor.mp4": ["constructor.txt"],
    });
  });
});
