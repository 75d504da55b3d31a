import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { resultLine, resultSummary, tallyLine } from "../../src/cli/result-summary.js";
import { Screen } from "../../src/cli/screen.js";
import { openSession } from "../../src/cli/session.js";
import { showResult, showTally } from "../../src/cli/show-result.js";
import { storedPlaces } from "../../src/cli/stored-places.js";
import { colorStyle, plainStyle } from "../../src/cli/style.js";
import { displayWidth } from "../../src/core/words/printable.js";
import { failedResult, result } from "./capture-facts.js";
import { type Captured, capturedTerminal, dangerous, hostileTitle } from "./terminal-double.js";

const places = {
  vaultOption: "",
  folder: "/v/objects/x",
  contactSheet: "/v/objects/x/v2/content/derived/contact-sheet.jpg",
};

function summary(of: CaptureResult, columns = Number.POSITIVE_INFINITY): string {
  return resultSummary(of, places, columns, plainStyle).join("\n");
}

function show(of: CaptureResult, io: Captured, options: { json?: boolean; quiet?: boolean } = {}) {
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
  const session = openSession({ ...options, color: false }, io, world, new Screen(io, now), () => () => {});
  showResult(session, of, "capture");
  return io.written;
}

describe("the summary of a capture", () => {
  test("says in words what a journalist needs", () => {
    expect(summary(result)).toBe(
      [
        "Captured  20260919-ABCDEFGH",
        "  title      Ұсталған жігіт, Қарағанды",
        "  uploader   Айгүл (the platform says)",
        "  date       2024-03-01 (the platform says)",
        "  length     1:23",
        `  SHA-256    ${"a".repeat(64)}  original/track-1.mp4 and 1 more`,
        "  files      3 files, 13.3 MB",
        "  folder     /v/objects/x",
        "  keyframes  14 pictures",
        "             /v/objects/x/v2/content/derived/contact-sheet.jpg",
        "  page       holdfast open 20260919-ABCDEFGH",
        "  log entry  12",
        "  next       holdfast show 20260919-ABCDEFGH",
        "             holdfast verify 20260919-ABCDEFGH",
      ].join("\n"),
    );
  });

  test("an incomplete capture is never called captured", () => {
    const text = summary({ ...result, status: "incomplete", reason: "the server sent 3 of 10 bytes" });
    expect(text).toMatch(
      /^Incomplete {2}20260919-ABCDEFGH {2}only part arrived, and holdfast kept that part\n/,
    );
    expect(text).not.toMatch(/captured/i);
    expect(text).toContain("reason     the server sent 3 of 10 bytes");
    expect(text).toContain("to fetch it once more: the same command");
  });

  test("a reduced capture is never a plain success line, and says why and what fetches it again", () => {
    const reduced: CaptureResult = {
      ...result,
      rendition: { grade: "reduced", reasons: ["no-js-runtime", "login-limited"] },
    };
    for (const [status, words] of [
      ["captured", "Captured, reduced  20260919-ABCDEFGH"],
      ["already-captured", "Already captured, reduced  20260919-ABCDEFGH"],
    ] as const) {
      const text = summary({ ...reduced, status });
      expect(text.split("\n")[0]).toBe(words);
      expect(text).toMatch(
        /^ {2}rendition {2}reduced: yt-dlp had no JavaScript runtime, .*; the platform gives/m,
      );
      expect(text).toContain("holdfast archive --again 20260919-ABCDEFGH");
    }
    // Through another way it would show this machine to the site.
    const throughTor = {
      ...places,
      fetchOptions: " --proxy socks5h://127.0.0.1:9050",
      vaultOption: " --vault v",
    };
    expect(resultSummary(reduced, throughTor, 200, plainStyle).join("\n")).toContain(
      "holdfast archive --again 20260919-ABCDEFGH --proxy socks5h://127.0.0.1:9050 --vault v",
    );
    expect(resultLine(reduced)).toMatchObject({ rendition: reduced.rendition });
    expect(tallyLine([reduced, result, failedResult])).toBe("2 captured, 1 failed, 1 stored reduced");
  });

  test("what is not known about a rendition is said, and the best needs no word", () => {
    const unknown: CaptureResult = { ...result, rendition: { grade: "unknown", reasons: ["lookup-failed"] } };
    expect(summary(unknown)).toMatch(/^ {2}rendition {2}unknown: a part of the look-up failed/m);
    expect(summary(result)).not.toContain("rendition");
  });

  test("an earlier capture is not shown as a new one", () => {
    expect(summary({ ...result, status: "already-captured" })).toMatch(
      /^Already captured {2}20260919-ABCDEFGH\n/,
    );
  });

  test.each(["pending", "failed"] as const)(
    "keyframes that are %s come with the command that makes them",
    (derivation) => {
      const text = summary({ ...result, derivation, keyframes: 0 });
      expect(text).toContain("the evidence is stored");
      expect(text).toContain("holdfast derive 20260919-ABCDEFGH");
    },
  );

  test("a clip without a picture has no keyframes and says so", () => {
    expect(summary({ ...result, keyframes: 0 })).toContain("none: no frame could be decoded");
  });

  test.each([60, 80, 200])("fits %i columns but never cuts a digest", (columns) => {
    const text = summary({ ...result, title: hostileTitle, uploader: hostileTitle }, columns);
    expect(dangerous.test(text)).toBe(false);
    expect(text).toContain("a".repeat(64));
    for (const line of text.split("\n")) {
      // A word that cannot be broken, such as a digest or a path, keeps its line.
      if (line.trim().includes(" ")) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(columns, 320));
    }
  });

  test("colour sets off the headline and nothing is lost with it", () => {
    const colored = resultSummary(result, places, 80, colorStyle).join("\n");
    expect(colored).toContain("\u001b[32m");
    expect(colored.replaceAll(/\u001b\[\d+m/g, "")).toBe(summary(result, 80));
  });
});

describe("where a result goes", () => {
  test("with --json exactly one line on stdout with the keys of the design first", () => {
    const { stdout } = show({ ...result, title: hostileTitle }, capturedTerminal(), { json: true });
    expect(stdout.endsWith("}\n")).toBe(true);
    expect(stdout.trimEnd()).not.toContain("\n");
    expect(dangerous.test(stdout)).toBe(false);
    const parsed = JSON.parse(stdout);
    expect(Object.keys(parsed).slice(0, 10)).toEqual([
      "url",
      "status",
      "derivation",
      "id",
      "title",
      "object",
      "files",
      "keyframes",
      "entry",
      "reason",
    ]);
    expect(parsed).toEqual({ ...result, title: hostileTitle });
  });

  test("every key of a result is in its JSON line", () => {
    expect(Object.keys(resultLine(result)).sort()).toEqual(Object.keys(result).sort());
  });

  test("a failure is one line with its reason and a hint on stderr, even with --quiet", () => {
    const { stdout, stderr } = show(failedResult, capturedTerminal(), { quiet: true });
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "holdfast: could not capture https://example.org/gone: the site says that there is nothing at this address (404)\n  hint: check the address in a browser\n",
    );
  });

  test("an incomplete capture is an error on stderr too", () => {
    const { stdout, stderr } = show(
      { ...result, status: "incomplete", reason: "cut short" },
      capturedTerminal(),
      { json: true },
    );
    expect(JSON.parse(stdout).status).toBe("incomplete");
    expect(stderr).toContain("holdfast: received only part of https://example.org/v/1: cut short\n");
  });

  test("--quiet leaves a success without a word", () => {
    expect(show(result, capturedTerminal(), { quiet: true }).both).toBe("");
  });

  test("several results end in a count of each outcome", () => {
    expect(tallyLine([result, result, failedResult, { ...result, status: "already-captured" }])).toBe(
      "2 captured, 1 already captured, 1 failed",
    );
    const io = capturedTerminal();
    const session = { screen: new Screen(io, () => new Date(0)), quiet: false };
    showTally(session, [result]);
    expect(io.written.both).toBe("");
  });
});

test("the contact sheet is looked for in the newest version that has one", () => {
  const vault = mkdtempSync(join(tmpdir(), "holdfast-places-"));
  try {
    const object = "objects/x";
    for (const version of ["v1", "v2", "v10", "v11"]) {
      mkdirSync(join(vault, object, version, "content/derived"), { recursive: true });
    }
    for (const version of ["v2", "v10"]) {
      writeFileSync(join(vault, object, version, "content/derived/contact-sheet.jpg"), "");
    }
    const session = { vault, vaultBy: "memory" } as const;
    expect(storedPlaces(session, { ...result, object })).toEqual({
      vaultOption: "",
      folder: join(vault, object),
      contactSheet: join(vault, object, "v10/content/derived/contact-sheet.jpg"),
    });
    expect(storedPlaces(session, { ...result, object: null })).toMatchObject({
      folder: null,
      contactSheet: null,
    });
    expect(storedPlaces(session, { ...result, object: "objects/gone" }).contactSheet).toBeNull();
  } finally {
    rmSync(vault, { recursive: true, force: true });
  }
});

test("what to do next names the vault where only the command line named it", () => {
  const named = storedPlaces({ vault: "/media/case 7/v", vaultBy: "option" }, result);
  const next = resultSummary(result, named, 120, plainStyle).join("\n");
  expect(next).toContain(`holdfast show ${result.id} --vault '/media/case 7/v'`);
  expect(next).toContain(`holdfast verify ${result.id} --vault '/media/case 7/v'`);
});
