import { describe, expect, test } from "vitest";
import { progressBar, progressSentence } from "../../src/cli/progress-line.js";
import { Screen } from "../../src/cli/screen.js";
import { displayWidth } from "../../src/core/words/printable.js";
import type { Progress } from "../../src/world.js";
import { capturedTerminal, dangerous, hostileTitle } from "./terminal-double.js";

const half: Progress = {
  subject: "https://example.org/v/1",
  stage: "download",
  detail: "",
  done: 12_300_000,
  total: 28_100_000,
  speed: 2_100_000.4,
  etaSeconds: 7.4,
};

const endless: Progress = { ...half, total: null, speed: null, etaSeconds: null };

describe("the progress line", () => {
  test("names stage, share, size, speed, time left and subject", () => {
    expect(progressBar(half, 120)).toBe(
      "downloading  [########------------]  43 %  12.3 MB of 28.1 MB  2.1 MB/s  0:07 left  https://example.org/v/1",
    );
  });

  test("claims no share of something whose end is unknown", () => {
    expect(progressBar(endless, 120)).toBe("downloading  12.3 MB  https://example.org/v/1");
  });

  test("counts files and pictures as what they are, not as bytes", () => {
    const files: Progress = { ...endless, stage: "verify", detail: "files", done: 1234, total: 5000 };
    expect(progressSentence(files)).toBe("https://example.org/v/1: checking: 24 %, 1 234 of 5 000 files");
  });

  test("names what it waits for", () => {
    const waiting: Progress = {
      ...endless,
      stage: "wait",
      detail: "another holdfast is writing",
      done: null,
    };
    expect(progressSentence(waiting)).toBe("https://example.org/v/1: waiting, another holdfast is writing");
  });

  test("says 100 % only when everything is there", () => {
    expect(progressBar({ ...half, done: 999_999, total: 1_000_000 }, 120)).toContain("99 %");
    expect(progressBar({ ...half, done: 1_000_000, total: 1_000_000 }, 120)).toContain("100 %");
  });

  test.each([10, 40, 60, 80, 200])("fits %i columns with hostile text in it", (columns) => {
    for (const progress of [half, endless, { ...half, subject: hostileTitle, detail: hostileTitle }]) {
      const line = progressBar(progress, columns);
      expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(dangerous.test(line)).toBe(false);
    }
  });

  test("keeps the time left longest, and never breaks a word or a number", () => {
    const parts = ["downloading", "43 %", "12.3 MB of 28.1 MB", "2.1 MB/s", "0:07 left", half.subject];
    const kept = (columns: number) => {
      const words = progressBar(half, columns).split("  ");
      return parts.filter((part) => words.includes(part));
    };
    for (let columns = 9; columns <= 120; columns++) {
      const line = progressBar(half, columns);
      expect(line, String(columns)).toContain("0:07 left");
      const cut = line.split("  ").filter((part) => !parts.includes(part) && !/^\[[#-]+\]$/.test(part));
      // Nothing but the address may be cut.
      expect(cut.filter((part) => !part.startsWith("https://"))).toEqual([]);
    }
    expect(kept(9)).toEqual(["0:07 left"]);
    expect(kept(16)).toEqual(["43 %", "0:07 left"]);
    expect(kept(28)).toEqual(["downloading", "43 %", "0:07 left"]);
    expect(kept(58)).toEqual(["downloading", "43 %", "12.3 MB of 28.1 MB", "2.1 MB/s", "0:07 left"]);
  });

  test("is a sentence where nothing can be redrawn", () => {
    expect(progressSentence(half)).toBe(
      "https://example.org/v/1: downloading: 43 %, 12.3 MB of 28.1 MB, 2.1 MB/s, 0:07 left",
    );
    expect(dangerous.test(progressSentence({ ...half, subject: hostileTitle }))).toBe(false);
  });
});

describe("an answer that could not be written", () => {
  function screenWhoseStdoutFails(code: string) {
    const io = capturedTerminal();
    let report = (_error: Error): void => {};
    const stdout = { ...io.stdout, on: (_event: "error", listener: typeof report) => (report = listener) };
    const screen = new Screen({ ...io, stdout }, () => new Date(0));
    report(Object.assign(new Error("write failed"), { code }));
    return screen;
  }

  test("is a failure when the disk is full", async () => {
    await expect(screenWhoseStdoutFails("ENOSPC").finish()).rejects.toThrow("write failed");
  });

  test("is none when the reader had enough", async () => {
    await expect(screenWhoseStdoutFails("EPIPE").finish()).resolves.toBeUndefined();
  });
});

describe("the screen", () => {
  const clock = () => {
    let at = 0;
    return { now: () => new Date(at), pass: (ms: number) => (at += ms) };
  };

  const long =
    "could not capture https://video.example/a/very/long/address/that/no/terminal/of/forty/columns/holds: 12 345 678 of 28.1 MB arrived, и дальше ничего";

  test.each([40, 60, 80])("a message on a terminal of %i columns is wrapped between its words", (columns) => {
    const io = capturedTerminal({ columns });
    new Screen(io, clock().now).note(long);
    const lines = io.written.stderr.trimEnd().split("\n");
    const words = long.replace("12 345 678", "12_345_678").replace("28.1 MB", "28.1_MB").split(" ");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => displayWidth(line) > columns && line.trim().includes(" "))).toEqual([]);
    const shown = lines.map((line) => line.replace("12 345 678", "12_345_678").replace("28.1 MB", "28.1_MB"));
    expect(shown.flatMap((line) => line.trim().split(" "))).toEqual(words);
    expect(lines.slice(1).filter((line) => !line.startsWith("    "))).toEqual([]);
  });

  test("a message in a file stays one line, to be searched", () => {
    const io = capturedTerminal();
    new Screen(io, clock().now).note(long);
    expect(io.written.stderr).toBe(`${long}\n`);
  });

  const red = "\u001b[31m";
  test.each([
    ["a terminal", { columns: 80 }, true, true],
    ["a terminal of somebody who set NO_COLOR", { columns: 80, env: { NO_COLOR: "1" } }, true, false],
    ["a terminal with --no-color", { columns: 80, env: { FORCE_COLOR: "1" } }, false, false],
    ["a terminal without escapes", { columns: 80, env: { TERM: "dumb" } }, true, false],
    ["a pipe", {}, true, false],
    ["a pipe of somebody who set FORCE_COLOR", { env: { FORCE_COLOR: "1" } }, true, true],
    ["a terminal with FORCE_COLOR=0", { columns: 80, env: { FORCE_COLOR: "0" } }, true, false],
    ["a pipe with both variables", { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }, true, false],
  ])("an error on %s is red only where it should be", (_, options, wantsColor, isRed) => {
    const io = capturedTerminal(options);
    new Screen(io, clock().now, wantsColor).error(["holdfast: it failed", "  hint: try again"]);
    const first = "holdfast: it failed";
    expect(io.written.stderr).toBe(`${isRed ? `${red}${first}\u001b[39m` : first}\n  hint: try again\n`);
  });

  test("a terminal's line is redrawn at most ten times a second", () => {
    const io = capturedTerminal({ columns: 100 });
    const time = clock();
    const screen = new Screen(io, time.now);
    for (let step = 0; step < 1000; step++) {
      screen.progress(half);
      time.pass(1);
    }
    expect(io.written.stderr.split("\r\u001b[2K")).toHaveLength(1 + 10);
    expect(io.written.stderr).not.toContain("\n");
  });

  test("a new stage is shown at once", () => {
    const io = capturedTerminal({ columns: 100 });
    const screen = new Screen(io, clock().now);
    screen.progress(half);
    screen.progress({ ...half, stage: "derive" });
    expect(io.written.stderr).toContain("keyframes and metadata");
  });

  test("the line is cleared before anything else is written", () => {
    const io = capturedTerminal({ columns: 120 });
    const screen = new Screen(io, clock().now);
    screen.progress(half);
    screen.answer("an answer");
    screen.note("a note");
    expect(io.written.both).toMatch(/left {2}https:\/\/example\.org\/v\/1\r\u001b\[2Kan answer\na note\n$/);
  });

  test("a full line leaves the last column free, so that it does not wrap", () => {
    const io = capturedTerminal({ columns: 60 });
    new Screen(io, clock().now).progress({ ...half, subject: "x".repeat(500) });
    expect(displayWidth(io.written.stderr.replace("\r\u001b[2K", ""))).toBeLessThanOrEqual(59);
  });

  test("a file gets a sentence every three seconds, none in the first three, and no escape sequence", () => {
    const io = capturedTerminal();
    const time = clock();
    const screen = new Screen(io, time.now);
    for (let step = 0; step < 100; step++) {
      screen.progress({ ...half, stage: step % 2 ? "hash" : "download" });
      time.pass(100);
    }
    screen.clear();
    expect(io.written.stderr.split("\n")).toHaveLength(3 + 1);
    expect(dangerous.test(io.written.stderr)).toBe(false);
  });

  test("a terminal that knows no escapes is treated like a file", () => {
    const io = capturedTerminal({ columns: 100, env: { TERM: "dumb" } });
    const time = clock();
    const screen = new Screen(io, time.now);
    time.pass(3000);
    screen.progress(half);
    expect(io.written.stderr).toMatch(/^https:\/\/example\.org\/v\/1: downloading: 43 %.*\n$/);
  });
});
