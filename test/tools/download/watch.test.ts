import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDownloadWatch } from "../../../src/tools/download/watch.ts";
import { fetchBounds } from "../../../src/tools/run/limits.ts";

const bounds = { ...fetchBounds, maxBytes: 1000, lookUpMs: 5000, stallMs: 3000, stallBytesPerSecond: 10 };
let folder: string;
let clock: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  clock = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, bytes: number) => writeFileSync(join(folder, name), Buffer.alloc(bytes));

function watchSeconds(
  seconds: number,
  check: () => string | null,
  each: (second: number) => void,
): string | null {
  for (let second = 1; second <= seconds; second += 1) {
    clock += 1000;
    each(second);
    const reason = check();
    if (reason !== null) return `${reason} after ${second} s`;
  }
  return null;
}

const open = () => openDownloadWatch(folder, bounds, () => clock);

test("a look-up that finds no media is ended", () => {
  expect(watchSeconds(10, open(), () => write("page.dump", 50))).toBe("timed-out after 6 s");
});

test("a download that grows fast enough goes on", () => {
  expect(watchSeconds(20, open(), (second) => write("media.mp4.part", second * 20))).toBeNull();
});

test("a download that grows by a byte a second is ended as stalled", () => {
  expect(watchSeconds(20, open(), (second) => write("media.mp4.part", 100 + second))).toBe(
    "stalled after 4 s",
  );
});

test("a download that stops in the middle is ended as stalled", () => {
  const check = open();
  expect(watchSeconds(5, check, (second) => write("media.mp4.part", second * 50))).toBeNull();
  expect(watchSeconds(5, check, () => {})).toBe("stalled after 3 s");
});

test("more than the limit is too large, over all tracks together", () => {
  const check = open();
  write("media.f1.mp4", 600);
  expect(check()).toBeNull();
  write("media.f2.m4a.part", 600);
  expect(check()).toBe("too-large");
});

test("a segment that is joined already counts once, one that is coming counts", () => {
  const check = open();
  write("media.mp4.part", 900);
  write("media.mp4.part-Frag1", 900);
  expect(check()).toBeNull();
  write("media.mp4.part-Frag2.part", 200);
  expect(check()).toBe("too-large");
});
