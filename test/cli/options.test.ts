import { describe, expect, test } from "vitest";
import { archiveRequest } from "../../src/cli/commands/add-archive.js";
import { importRequest } from "../../src/cli/commands/add-import.js";
import { listFilter } from "../../src/cli/commands/add-list.js";
import { parseCount, parseDayOrTime, parseSize } from "../../src/cli/option-values.js";
import { Screen } from "../../src/cli/screen.js";
import { openSession } from "../../src/cli/session.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { capturedTerminal } from "./terminal-double.js";

const now = () => new Date(0);
const world = {
  now,
  random: () => new Uint8Array(),
  signal: new AbortController().signal,
  env: {},
  tool: "holdfast/test",
  monotonic: () => 0,
  progress: () => {},
  tell: () => {},
};

function session(env: Terminal["env"] = {}, options: { color?: boolean } = {}, columns = 80) {
  const io = capturedTerminal({ env, cwd: "/work/here", columns });
  return openSession(
    { color: true, vault: "../mine", ...options },
    io,
    world,
    new Screen(io, now),
    () => () => {},
  );
}

describe("values of options", () => {
  test.each([
    ["1", 1],
    ["500M", 500_000_000],
    ["4G", 4_000_000_000],
    ["4g", 4_000_000_000],
    ["10kB", 10_000],
    ["2T", 2_000_000_000_000],
  ])("the size %s is %i bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "0", "-1", "1.5G", "4X", "G", "0x10", "1e9", " 5", "99999999T", "４G"])(
    "%j is not a size",
    (text) => {
      expect(() => parseSize(text)).toThrow("give a size");
    },
  );

  test.each(["", "0", "-1", "1.5", "ten", "1e3", "9".repeat(16)])("%j is not a count", (text) => {
    expect(() => parseCount(text)).toThrow("whole number");
  });

  test.each(["2026-09-19", "2024-02-29", "2026-09-19T14:00:00Z", "2026-09-19T14:00:00.123Z"])(
    "%s is a time",
    (text) => {
      expect(parseDayOrTime(text)).toBe(text);
    },
  );

  test.each([
    "2026-02-30",
    "2025-02-29",
    "19.09.2026",
    "2026-9-1",
    "2026-09-19T25:00:00Z",
    "2026-09-19T14:00:00+05:00",
  ])("%s is refused, not guessed", (text) => {
    expect(() => parseDayOrTime(text)).toThrow("give a day");
  });
});

describe("colour", () => {
  const isColored = (...of: Parameters<typeof session>) => session(...of).style.bold("x") !== "x";

  test("is for a terminal, unless it is refused", () => {
    expect(isColored()).toBe(true);
    expect(isColored({ NO_COLOR: "" })).toBe(true);
    expect(isColored({ NO_COLOR: "1" })).toBe(false);
    expect(isColored({}, { color: false })).toBe(false);
    expect(isColored({ TERM: "dumb" })).toBe(false);
  });

  test("is never written into a file", () => {
    const io = capturedTerminal();
    expect(openSession({ color: true }, io, world, new Screen(io, now), () => () => {}).style.bold("x")).toBe(
      "x",
    );
  });
});

describe("what a command asks of its operation", () => {
  test("archive without options asks for nothing special", () => {
    expect(archiveRequest(session(), ["https://a.example/"], [], {})).toEqual({
      vault: "/work/mine",
      urls: ["https://a.example/"],
      captures: [],
      format: null,
      referer: null,
      cookies: null,
      proxy: null,
      subs: null,
      comments: false,
      again: false,
      limit: null,
      since: null,
      maxBytes: null,
      maxMs: null,
      allowPrivate: false,
      allowOldYtDlp: false,
      deep: false,
    });
  });

  test("a cookie file is found from the current folder", () => {
    expect(archiveRequest(session(), [], [], { cookies: "c.txt" }).cookies).toBe("/work/here/c.txt");
  });

  test.each([
    ["1", true],
    ["0", false],
    ["true", false],
    ["", false],
  ])("HOLDFAST_ALLOW_PRIVATE=%j opens private addresses: %s", (value, opened) => {
    const env = { HOLDFAST_ALLOW_PRIVATE: value, HOLDFAST_ALLOW_OLD_YTDLP: value };
    const request = archiveRequest(session(env), [], [], {});
    expect([request.allowPrivate, request.allowOldYtDlp]).toEqual([opened, opened]);
  });

  test("import passes absolute files and what people say about them", () => {
    const options = { sourceUrl: "https://a.example/", receivedFrom: "a source" };
    expect(importRequest(session(), ["a.mp4", "/b.mp4"], options)).toEqual({
      vault: "/work/mine",
      files: ["/work/here/a.mp4", "/b.mp4"],
      sourceUrl: "https://a.example/",
      receivedFrom: "a source",
      keepName: false,
      again: false,
      deep: false,
    });
  });

  test("list begins with the newest and the largest, and with A", () => {
    expect(listFilter({ sort: "at" }).descending).toBe(true);
    expect(listFilter({ sort: "bytes" }).descending).toBe(true);
    expect(listFilter({ sort: "title" }).descending).toBe(false);
    expect(listFilter({ sort: "title", reverse: true }).descending).toBe(true);
    expect(listFilter({ sort: "at", reverse: true }).descending).toBe(false);
  });
});
