import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoredBatch } from "../../src/batch/list.js";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { BatchView } from "../../src/cli/batch-view.js";
import { Screen } from "../../src/cli/screen.js";
import { openSession, type Session } from "../../src/cli/session.js";
import { displayWidth } from "../../src/core/words/printable.js";
import type { BatchRow, RowCounts, RowResult } from "../../src/vault/index/batches.js";
import type { Progress } from "../../src/world.js";
import { testWorld } from "../support/vaults.js";
import { result as captured } from "./capture-facts.js";
import { type Captured, capturedTerminal, dangerous, hostileTitle } from "./terminal-double.js";

const escapes = /\u001b|\r/;
/** What the screen itself writes to draw in place: everything else must be printable. */
const drawing = /\r\u001b\[2K|\u001b\[1A\u001b\[2K/g;

let views: BatchView[];
beforeEach(() => {
  views = [];
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  for (const view of views) view.close();
  vi.useRealTimers();
});

interface Shown {
  readonly io: Captured;
  readonly view: BatchView;
  readonly session: Session;
}

function show(columns: number | undefined, options: { json?: boolean; quiet?: boolean } = {}): Shown {
  const io = capturedTerminal(columns === undefined ? {} : { columns });
  const now = () => new Date();
  const world = { ...testWorld(), now, monotonic: () => Date.now() };
  const session = openSession(
    { color: false, ...options },
    io,
    world,
    new Screen(io, now, false),
    () => () => {},
  );
  const view = new BatchView(session);
  views.push(view);
  return { io, view, session };
}

const stored: StoredBatch = {
  record: {
    ...{ id: "20261123-ABCDEFGH", list_sha256: "0".repeat(64), name: "list.csv", list: "{}", request: "{}" },
    ...{ started_at: "2026-11-23T18:00:00Z", ended_at: null },
  },
  list: { kind: "csv", delimiter: ",", sheet: null, dateOrder: null, columns: ["url"], urlColumn: 0 },
  request: {
    ...{ format: null, proxy: null, subs: null, comments: false, again: false, limit: null, since: null },
    ...{ referer: null, maxBytes: null, maxMs: null, allowPrivate: false, deep: false },
  },
  goesOn: false,
  notes: [],
};

function counts(change: Partial<RowCounts>): RowCounts {
  return {
    ...{
      captured: 0,
      "already-captured": 0,
      incomplete: 0,
      failed: 0,
      refused: 0,
      skipped: 0,
      expanded: 0,
      waiting: 0,
    },
    ...change,
  };
}

function row(n: number, url = `https://video.example/watch/${n}`): BatchRow {
  const alone = { parent: null, item: null, list_url: null, list_title: null, list_index: null };
  return { n, row: n + 1, part: null, url, url_key: url, ...alone, cells: "[]" };
}

function result(change: Partial<RowResult> = {}): RowResult {
  return {
    ...{ status: "captured", capture: "20261123-K7M2Q9XD", code: null, reason: null, hint: null },
    ...{ may_pass: false, ms: 5_000 },
    ...change,
  };
}

function given(change: Partial<CaptureResult> = {}): CaptureResult {
  return {
    ...captured,
    url: "https://video.example/watch/1",
    id: "20261123-K7M2Q9XD",
    title: "A square, evening",
    rendition: null,
    ...change,
  };
}

const downloading: Progress = {
  ...{ subject: "https://video.example/watch/1", stage: "download", detail: "" },
  ...{ done: 12_300_000, total: 28_100_000, speed: 2_100_000, etaSeconds: 7 },
};
const failure = result({
  ...{ status: "failed", code: "not-found", reason: "the server says there is nothing", hint: "check it" },
});

/** The lines that stand on a terminal once everything written to it has been drawn. */
function screenOf(written: string): { readonly above: readonly string[]; readonly lines: readonly string[] } {
  const lines = [""];
  let at = 0;
  for (const part of written.split(/(\r\u001b\[2K|\u001b\[1A\u001b\[2K|\n)/)) {
    if (part === "\r\u001b[2K") lines[at] = "";
    else if (part === "\u001b[1A\u001b[2K") {
      lines.length = at;
      at -= 1;
      lines[at] = "";
    } else if (part === "\n") {
      at += 1;
      lines[at] = "";
    } else lines[at] += part;
  }
  const drawn = lines.findIndex((line) => / of .* rows/.test(line) || line.startsWith("["));
  return drawn === -1
    ? { above: lines, lines: [] }
    : { above: lines.slice(0, drawn), lines: lines.slice(drawn) };
}

describe("a batch on a terminal", () => {
  test("shows one bar with counts, and the time left by the pace so far", () => {
    const { io, view } = show(120);
    view.events.onBegin(stored, counts({ captured: 10, waiting: 90 }));
    for (const n of [1, 2, 3, 4, 5]) {
      view.events.onRowBegin(row(n));
      vi.advanceTimersByTime(10_000);
      view.events.onRow(row(n), result(), given());
    }
    expect(screenOf(io.written.stderr).lines).toEqual([
      "[###---------------------]  15 of 100 rows  15 captured  14:10 left",
    ]);
    expect(io.written.stdout).toBe("");
  });

  test("says nothing about the time left while nobody can tell", () => {
    const { io, view } = show(120);
    view.events.onBegin(stored, counts({ waiting: 2 }));
    view.events.onRow(row(1), result(), given());
    expect(io.written.stderr).not.toContain("left");
    view.events.onRow(row(2), result(), given());
    expect(screenOf(io.written.stderr).lines[0]).toBe("[########################]  2 of 2 rows  2 captured");
  });

  test("counts the videos of a list as rows once they are known", () => {
    const { io, view } = show(120);
    view.events.onBegin(stored, counts({ waiting: 1 }));
    view.events.onAdded(3);
    view.events.onRow(
      row(1),
      result({ status: "expanded", capture: null, reason: "a list: 3 videos" }),
      null,
    );
    expect(screenOf(io.written.stderr).lines[0]).toContain("1 of 4 rows  1 lists");
  });

  test.each([40, 80, 200])("draws a line for each row at work that fits into %i columns", (columns) => {
    const { io, view } = show(columns);
    view.events.onBegin(stored, counts({ waiting: 100 }));
    for (const n of [1, 2, 3]) view.events.onRowBegin(row(n, `https://video.example/${"w".repeat(300)}`));
    view.events.onProgress(row(1), downloading);
    vi.advanceTimersByTime(300);
    const { lines } = screenOf(io.written.stderr);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain("row 2  downloading");
    expect(lines[3]).toContain("row 4  ");
    for (const line of lines) expect(displayWidth(line)).toBeLessThan(columns);
  });

  test("draws at most ten lines, however many rows are at work", () => {
    const { io, view } = show(80);
    view.events.onBegin(stored, counts({ waiting: 100 }));
    for (let n = 1; n <= 60; n += 1) view.events.onRowBegin(row(n));
    vi.advanceTimersByTime(300);
    const { lines } = screenOf(io.written.stderr);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toContain("52 more");
  });

  test("keeps the time left longest, the narrower the terminal is", () => {
    const first = (columns: number) => {
      const { io, view } = show(columns);
      view.events.onBegin(stored, counts({ waiting: 5 }));
      for (const n of [1, 2, 3]) {
        vi.advanceTimersByTime(60_000);
        view.events.onRow(row(n), result(), given());
      }
      return io.written.stderr.split("\r\u001b[2K").at(-1);
    };
    expect(first(100)).toBe("[##############----------]  3 of 5 rows  3 captured  2:00 left");
    expect([50, 30, 20].map(first)).toEqual([
      "3 of 5 rows  3 captured  2:00 left",
      "3 of 5 rows  2:00 left",
      "2:00 left",
    ]);
  });

  test("lets what failed scroll by above, with what to do, and keeps the lines below", () => {
    const { io, view } = show(100);
    view.events.onBegin(stored, counts({ waiting: 5 }));
    view.events.onRowBegin(row(1));
    view.events.onRowBegin(row(2));
    view.events.onRow(row(1), failure, given({ status: "failed" }));
    const { above, lines } = screenOf(io.written.stderr);
    expect(above.slice(1)).toEqual([
      "holdfast: row 2: could not capture https://video.example/watch/1: the server says there is nothing",
      "  hint: check it",
    ]);
    expect(lines[0]).toContain("1 of 5 rows  1 failed");
    expect(lines[1]).toContain("row 3");
    expect(lines).toHaveLength(2);
  });

  test("forgets a row that was put aside, and takes everything away at the end", () => {
    const { io, view } = show(100);
    view.events.onBegin(stored, counts({ waiting: 5 }));
    view.events.onRowBegin(row(1));
    vi.advanceTimersByTime(300);
    expect(screenOf(io.written.stderr).lines).toHaveLength(2);
    view.events.onParked(row(1), false);
    vi.advanceTimersByTime(300);
    expect(screenOf(io.written.stderr).lines).toHaveLength(1);
    view.close();
    expect(screenOf(io.written.stderr).lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(view.keptInPart).toBe(0);
    view.events.onParked(row(2), true);
    expect(view.keptInPart).toBe(1);
  });
});

const hostileWords = { reason: hostileTitle, hint: hostileTitle };
const modes: readonly (readonly [string, number | undefined, { json?: boolean; quiet?: boolean }])[] = [
  ["a terminal of 40 columns", 40, {}],
  ["a terminal of 80 columns", 80, {}],
  ["a terminal of 200 columns", 200, {}],
  ["a pipe", undefined, {}],
  ["a pipe that wants JSON", undefined, { json: true }],
  ["nobody who wants to hear of what went well", undefined, { quiet: true }],
];

test.each(modes)(
  "with hostile titles, addresses and reasons, nothing but printable text reaches %s",
  (_what, columns, options) => {
    const { io, view } = show(columns, options);
    const hostile = row(1, `https://video.example/${hostileTitle}`);
    view.events.onBegin(
      { ...stored, record: { ...stored.record, name: hostileTitle }, notes: [hostileTitle] },
      counts({ waiting: 9 }),
    );
    view.events.onRowBegin(hostile);
    for (const stage of ["look-up", "download", "wait", "derive"] as const) {
      view.events.onProgress(hostile, { ...downloading, stage, subject: hostileTitle, detail: hostileTitle });
      vi.advanceTimersByTime(31_000);
    }
    view.events.onProblem(hostile, hostileTitle);
    const statuses = [
      "captured",
      "already-captured",
      "incomplete",
      "failed",
      "refused",
      "skipped",
      "expanded",
    ] as const;
    for (const status of statuses)
      view.events.onRow(
        hostile,
        result({ status, ...hostileWords }),
        given({ title: hostileTitle, ...hostileWords }),
      );
    view.events.onRow(hostile, result({ status: "skipped", capture: null, ...hostileWords }), null);
    view.close();
    expect(dangerous.test(io.written.both.replaceAll(drawing, ""))).toBe(false);
    if (columns === undefined) expect(io.written.both).not.toMatch(escapes);
    for (const line of io.written.stderr.split("\n")) expect(line.length).toBeLessThan(25_000);
  },
);

describe("a batch whose output is read by something else", () => {
  test("is a plain line on stdout for each row that did not fail, and words on stderr for the others", () => {
    const { io, view } = show(undefined);
    view.events.onBegin(stored, counts({ waiting: 3 }));
    view.events.onRowBegin(row(1));
    view.events.onProgress(row(1), downloading);
    view.events.onRow(row(1), result(), given());
    view.events.onRow(row(2), failure, given({ status: "failed" }));
    view.events.onRow(row(3), result({ status: "skipped", capture: null, reason: "no address" }), null);
    expect(io.written.stdout).toBe(
      "row 2  captured  20261123-K7M2Q9XD  A square, evening\n" +
        "row 4  skipped  https://video.example/watch/3  (no address)\n",
    );
    expect(io.written.stderr).toBe(
      "batch 20261123-ABCDEFGH: list.csv: 3 rows\n" +
        "holdfast: row 3: could not capture https://video.example/watch/2: the server says there is nothing\n" +
        "  hint: check it\n",
    );
  });

  test("has a sentence about the whole list every half a minute", () => {
    const { io, view } = show(undefined);
    view.events.onBegin(stored, counts({ captured: 1, waiting: 3 }));
    vi.advanceTimersByTime(100_000);
    const sentences = io.written.stderr.split("\n").filter((line) => line === "1 of 4 rows  1 captured");
    expect(sentences).toHaveLength(3);
    expect(io.written.both).not.toMatch(escapes);
  });

  test("never reports a reduced row as a plain success", () => {
    const { io, view } = show(undefined);
    view.events.onBegin(stored, counts({ waiting: 1 }));
    view.events.onRow(row(1), result(), given({ rendition: { grade: "reduced", reasons: ["user-choice"] } }));
    expect(io.written.stdout).toBe(
      "row 2  captured, reduced  20261123-K7M2Q9XD" +
        "  A square, evening  (reduced: --format chose another than the best)\n",
    );
  });

  test("never reports a damaged clip as a plain success", () => {
    const { io, view } = show(undefined);
    view.events.onBegin(stored, counts({ waiting: 1 }));
    const damaged = given({ decode: "damaged", reason: "damaged: it does not decode cleanly (x)" });
    view.events.onRow(row(1), result(), damaged);
    expect(io.written.stdout).toBe(
      "row 2  captured, damaged  20261123-K7M2Q9XD" +
        "  A square, evening  (damaged: it does not decode cleanly (x))\n",
    );
    expect(io.written.stderr).toContain("row 2: the clip is damaged or cannot be read: ");
  });

  test("with --json is one line for each row, which the published schema allows, and nothing else on stdout", () => {
    const { io, view } = show(undefined, { json: true });
    view.events.onBegin(stored, counts({ waiting: 6 }));
    const left_out = "the post also has 2 photos, which holdfast did not fetch";
    view.events.onRow(row(1), result(), given({ title: hostileTitle, left_out }));
    view.events.onRow(row(2), failure, given({ status: "failed", id: null, entry: null }));
    view.events.onRow(row(3), result({ status: "skipped", capture: null, reason: "no address" }), null);
    view.events.onRow(row(4), result({ status: "expanded", capture: null, reason: "a list" }), null);
    view.events.onRow(row(5), { ...failure, capture: null }, null);
    const lines = io.written.stdout.trimEnd().split("\n");
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ row: number, row_status, status }) => [number, row_status, status])).toEqual([
      [2, "captured", "captured"],
      [3, "failed", "failed"],
      [4, "skipped", null],
      [5, "expanded", null],
      [6, "failed", "failed"],
    ]);
    expect(told[0]).toMatchObject({ title: hostileTitle, left_out });
    expect(told[1].reason).toBe(failure.reason);
    for (const line of told) expect(problems(line)).toEqual([]);
  });

  test("with --quiet is words about what failed, and nothing else", () => {
    const { io, view } = show(undefined, { quiet: true });
    view.events.onBegin(stored, counts({ waiting: 3 }));
    view.events.onRow(row(1), result(), given());
    view.events.onRow(row(2), failure, given({ status: "failed" }));
    vi.advanceTimersByTime(100_000);
    expect(io.written.stdout).toBe("");
    expect(io.written.stderr.split("\n").filter((line) => line !== "")).toHaveLength(2);
    expect(io.written.stderr).toMatch(/^holdfast: row 3: could not capture/);
  });

  test("with --quiet is the same on a terminal: nothing is drawn", () => {
    const { io, view } = show(80, { quiet: true });
    view.events.onBegin(stored, counts({ waiting: 3 }));
    view.events.onRowBegin(row(1));
    vi.advanceTimersByTime(1_000);
    view.events.onRow(row(1), result(), given());
    view.close();
    expect(io.written.both).toBe("");
  });
});

const published = new URL("../../schemas/", import.meta.url);
// documents/schemas.test.ts holds that the schemas are schemas.
const ajv = new Ajv2020({ strict: true, validateSchema: false });
addFormats.default(ajv);
for (const name of readdirSync(published).filter((file) => file.endsWith(".schema.json")))
  ajv.addSchema(JSON.parse(readFileSync(new URL(name, published), "utf8")));

function problems(line: unknown): unknown[] {
  const validate = ajv.getSchema("cli-output.schema.json#/$defs/batchRow");
  if (!validate) throw new Error("there is no schema for a row");
  return validate(line) ? [] : [line, validate.errors];
}
