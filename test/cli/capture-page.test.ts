import { describe, expect, test } from "vitest";
import { captureObject, capturePage } from "../../src/cli/capture-page.js";
import { plainStyle } from "../../src/cli/style.js";
import { displayWidth } from "../../src/core/words/printable.js";
import type { ShownCapture } from "../../src/search/show.js";
import { derivation, record, row, shown } from "./capture-facts.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

function page(of: ShownCapture, columns = 100): string {
  return capturePage(of, { columns, style: plainStyle, zone: "UTC" }).join("\n");
}

const failed: ShownCapture = {
  ...shown,
  row: { ...row, status: "failed", derivation: null, reason: "there is nothing at this address" },
  objectPath: null,
  record: null,
  derivation: null,
};

describe("the page of a capture", () => {
  test("says what was asked and every hop to where it arrived", () => {
    expect(page(shown)).toMatch(/requested +https:\/\/example\.org\/v\/1\n/);
    expect(page(shown)).toMatch(/redirected +https:\/\/www\.example\.org\/v\/1\n/);
    expect(page(shown)).toMatch(/final address +https:\/\/www\.example\.org\/v\/1\n/);
  });

  test("every claim says whose it is", () => {
    const text = page(shown);
    expect(text).toContain("Айгүл (the platform says)");
    expect(text).toContain("2024-03-01 (the platform says)");
    expect(text).toContain("1 234 567 (the platform says)");
    expect(text).toContain("+49.8+73.1/ (the file says)");
  });

  test("says whether it is the best that the platform offered, why not, and which formats were taken", () => {
    const rendition = { grade: "reduced", reasons: ["n-challenge-failed"], formats: ["18"] } as const;
    const text = page({ ...shown, row: { ...row, rendition }, record: { ...record, rendition } });
    expect(text.split("\n")[0]).toContain("captured, reduced: the platform has more than was taken");
    expect(text).toMatch(
      /judged +reduced\n +because +yt-dlp could not solve a challenge .*\n +formats +18\n/,
    );
    expect(text).toContain(`holdfast archive --again ${shown.id}`);
    const imported: ShownCapture = { ...shown, record: { ...record, method: "import", rendition: null } };
    expect(page(imported)).not.toContain("the best that the platform offered?");
  });

  test("a record from before this was recorded is not taken for the best", () => {
    const { rendition: _, ...older } = record;
    const text = page({ ...shown, record: older });
    expect(text).toMatch(/the best that the platform offered\?\n +judged +unknown: the record is older/);
  });

  test("says by when its entry existed, by whose word; or who has not answered yet, and why", () => {
    const gen_time = "2026-09-19T15:00:00.000Z";
    const stamped = {
      status: "stamped",
      tokens: [{ authority: "first", gen_time, checkpoint: 14 }],
      pending: [],
    } as const;
    expect(page({ ...shown, anchor: stamped })).toMatch(
      /time-stamp +states 2026-09-19 15:00:00 UTC, in the file of first, checkpoint 14; 'holdfast\s+verify'\s+checks it\n/,
    );
    const waiting = [{ authority: "first", reason: "answered with HTTP 500", next_at: null }];
    const pending = { status: "pending", tokens: [], pending: waiting } as const;
    expect(page({ ...shown, anchor: pending })).toMatch(
      /time-stamp +none yet: first: answered with HTTP 500\n/,
    );
    expect(page(shown)).not.toContain("existed");
  });

  test("the address of an imported file is a person's word and nothing was asked for", () => {
    const text = page({
      ...shown,
      row: { ...row, method: "import", url: null },
      record: {
        ...record,
        method: "import",
        requested_url: null,
        final_url: null,
        redirects: [],
        claimed_url: { value: "https://example.org/v/9", basis: "person_assertion", from: "--source-url" },
      },
    });
    expect(text).toContain("captured, imported from a file");
    expect(text).toMatch(/claimed source +https:\/\/example\.org\/v\/9 \(a person says\)/);
    expect(text).not.toContain("requested ");
    expect(text).not.toContain("final address");
  });

  test("every file stands there with its size and its whole SHA-256, on the narrowest terminal too", () => {
    const text = page(shown, 40);
    expect(text).toContain(`\n    SHA-256 ${"a".repeat(64)}\n`);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      `original/track-1.mp4 media track, 12 345 678 bytes SHA-256 ${"a".repeat(64)}`,
    );
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "not as received: a redacted copy, or put together or written by holdfast",
    );
  });

  test("completeness is given with its grounds, the later judgement first", () => {
    expect(page(shown)).toMatch(/judged +whole\n +because +the whole clip decoded without a complaint/);
    const before = page({ ...shown, derivation: null });
    expect(before).toMatch(/judged +unknown\n +because +the server announced no length/);
  });

  test("items of §155 show their status and the reason", () => {
    expect(page(shown)).toMatch(/\(a\) target web address +captured\n/);
    expect(page(shown)).toMatch(/\(c\) full-page capture +not attempted +this version takes no screenshots/);
  });

  test.each([40, 60, 80])(
    "no line is so wide in %i columns that a terminal would break a word of it",
    (columns) => {
      const wide = page(shown, columns)
        .split("\n")
        .filter((line) => displayWidth(line) > columns);
      // A digest or an address stays whole, so that it can be copied.
      expect(
        wide.filter((line) =>
          line
            .trim()
            .replace(/^SHA-256 /, "")
            .includes(" "),
        ),
      ).toEqual([]);
    },
  );

  test("keyframes, failed steps, runs, warnings and log entries are listed", () => {
    const text = page(shown);
    expect(text).toMatch(/keyframes +1 picture, no gap longer than 0:10/);
    expect(text).toMatch(/content credentials +not present: the file carries none/);
    expect(text).toContain("yt-dlp  exit 0, exited, sandbox prlimit");
    expect(text).toContain("ffmpeg  SIGKILL, wall-time, sandbox prlimit");
    expect(text).toContain("the clock was set back during the capture");
    expect(text).toContain("  12  2026-09-19 14:03:30 UTC  capture");
  });

  test("a failed attempt says that nothing was captured and why", () => {
    const text = page(failed);
    expect(text).toContain("failed: nothing was captured");
    expect(text).toMatch(/reason +there is nothing at this address/);
    expect(text).not.toContain("received completely?");
  });

  test("text of the platform, of programs and of people cannot forge a line or move the cursor", () => {
    const claim = { value: hostileTitle, basis: "platform_claim", from: "x" } as const;
    const text = page({
      ...shown,
      objectPath: hostileTitle,
      row: { ...row, reason: hostileTitle, url: hostileTitle },
      entries: [{ seq: 1, at: hostileTitle, event: hostileTitle, line: "" }],
      record: {
        ...record,
        requested_url: hostileTitle,
        redirects: [hostileTitle, hostileTitle],
        final_url: hostileTitle,
        claimed_url: claim,
        parent: { url: hostileTitle, title: hostileTitle, index: 1 },
        clock: { ...record.clock, source: hostileTitle },
        source: {
          ...record.source,
          title: claim,
          description: claim,
          duration: claim,
          tags: { ...claim, value: [hostileTitle] },
        },
        files: record.files.map((file) => ({ ...file, path: hostileTitle })),
        completeness: { verdict: "unknown", grounds: [hostileTitle] },
        elements: record.elements.map((element) => ({ ...element, reason: hostileTitle })),
        runs: record.runs.map((run) => ({
          ...run,
          program: hostileTitle,
          ended_by: hostileTitle,
          sandbox: hostileTitle,
          started_at: hostileTitle,
        })),
        warnings: [hostileTitle],
      },
      derivation: {
        ...derivation,
        version: hostileTitle,
        contact_sheet: hostileTitle,
        playable: hostileTitle,
        completeness: { verdict: "unknown", grounds: [hostileTitle] },
        steps: [{ step: "decode", status: "failed", reason: hostileTitle }],
      },
    });
    expect(dangerous.test(text)).toBe(false);
    expect(text).not.toContain("\nholdfast: as recorded");
  });
});

describe("show --json", () => {
  test("is the whole record with keyframes and derivation added", () => {
    const object = captureObject(shown);
    expect(object).toEqual({
      ...record,
      file_name: null,
      keyframes: [
        {
          pts_time: "0.000000",
          frame: 0,
          path: "derived/keyframes/000000-0.000000.jpg",
          sha256: "d".repeat(64),
          frame_sha256: "e".repeat(64),
          dhash: "0123456789abcdef",
        },
      ],
      derivation,
      publications: [],
      pages: [],
      anchor: shown.anchor,
      annotations: shown.annotations,
      packages: [],
      attempts: [],
    });
  });

  test("of a failed attempt makes no record up", () => {
    expect(captureObject(failed)).toEqual({
      capture: "20260919-ABCDEFGH",
      method: "ytdlp",
      status: "failed",
      started_at: "2026-09-19T14:03:22.123Z",
      requested_url: "https://example.org/v/1",
      reason: "there is nothing at this address",
      file_name: null,
      keyframes: [],
      derivation: null,
      publications: [],
      pages: [],
      anchor: failed.anchor,
      annotations: [],
      packages: [],
      attempts: [],
    });
  });
});
