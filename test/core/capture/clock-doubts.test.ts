import { describe, expect, it } from "vitest";
import {
  clockDoubts,
  doubtSentence,
  programMadeAfter,
  siteDoubts,
} from "../../../src/core/capture/clock-doubts.js";
import { minimumYtDlp, releaseTime } from "../../../src/tools/run/programs.js";

const nothing = { log: null, downloader: null };
const entry = "2026-11-30T18:00:00.000Z";

describe("a clock", () => {
  it.each([
    ["of 1970", "1970-01-01T00:00:10Z", nothing, ["program"]],
    ["of 1970, with a log", "1970-01-01T00:00:10Z", { ...nothing, log: entry }, ["log", "program"]],
    ["a day behind the log", "2026-11-29T18:00:00Z", { ...nothing, log: entry }, ["log"]],
    [
      "an hour behind it, as with a wrong time zone",
      "2026-11-30T17:00:00Z",
      { ...nothing, log: entry },
      ["log"],
    ],
    ["a few minutes behind it", "2026-11-30T17:40:00Z", { ...nothing, log: entry }, []],
    ["at the same time", entry, { ...nothing, log: entry }, []],
    ["years after the log", "2030-01-01T00:00:00Z", { ...nothing, log: entry }, []],
    [
      "before its own downloader",
      "2026-11-20T00:00:00Z",
      { log: null, downloader: "2026-11-25T00:00:00.000Z" },
      ["program"],
    ],
    [
      "after an old downloader",
      "2026-11-20T00:00:00Z",
      { log: null, downloader: "2026-08-19T00:00:00.000Z" },
      [],
    ],
    ["of 2100", "2100-06-01T00:00:00Z", nothing, ["program"]],
  ])("%s is in doubt by what this machine knows, or is not", (_, now, known, by) => {
    expect(clockDoubts(new Date(now), known).map((doubt) => doubt.by)).toEqual(by);
  });

  it("is held against the day of this version, which is never older than what it asks for", () => {
    expect(programMadeAfter >= (releaseTime({ version: minimumYtDlp }) ?? "")).toBe(true);
  });

  it("is told with both times", () => {
    expect(doubtSentence({ by: "log", time: entry }, new Date(10_000))).toBe(
      "this clock says 1970-01-01 00:00 UTC, but the newest entries of this log are of 2026-11-30 18:00 UTC",
    );
  });
});

describe("the dates of a site's answers", () => {
  const [start, end] = [new Date("2026-11-30T10:00:00Z"), new Date("2026-11-30T11:00:00Z")];
  it.each([
    ["a day later than the clock", ["Mon, 01 Dec 2026 11:00:00 GMT"], true],
    ["two days earlier: the clock is ahead", ["Sat, 28 Nov 2026 10:00:00 GMT"], true],
    ["within the capture", ["Mon, 30 Nov 2026 10:30:00 GMT"], false],
    [
      "old from a cache, new from the site",
      ["Sun, 01 Nov 2026 10:00:00 GMT", "Mon, 30 Nov 2026 10:30:00 GMT"],
      false,
    ],
    ["none", [null], false],
    ["nonsense", ["yesterday"], false],
    ["beyond what a time can be", ["Fri, 31 Dec 275760 23:59:59 GMT", "-271822-01-01T00:00:00Z"], false],
  ])("%s", (_, dates, doubted) => {
    expect(siteDoubts(dates, start, end).length > 0).toBe(doubted);
  });
});
