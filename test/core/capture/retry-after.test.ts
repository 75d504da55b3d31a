import { describe, expect, it } from "vitest";
import { retryAfterMs } from "../../../src/core/capture/retry-after.js";

const now = new Date("2026-11-26T12:00:00Z");

describe("how long a server asks to wait", () => {
  it.each([
    ["120", 120_000],
    ["0", 0],
    ["1000000000", 1e12],
    ["9".repeat(400), 1e14],
    ["Thu, 26 Nov 2026 12:01:00 GMT", 60_000],
    ["Thursday, 26-Nov-26 12:01:00 GMT", 60_000],
    ["Thu Nov 26 12:01:00 2026", 60_000],
    ["Thu, 26 Nov 2026 11:59:00 GMT", 0],
  ])("%s is read as HTTP has it", (text, ms) => expect(retryAfterMs(text, now)).toBe(ms));

  it.each([
    null,
    "",
    "soon",
    "soon 2031",
    "in 5",
    "-5",
    "1e9",
    "0x10",
    "120 s",
    "2031-01-01",
    "Xyz, 99 Abc 2031 99:99:99 GMT",
    "NaN",
    "Infinity",
  ])("%s asks nothing", (text) => expect(retryAfterMs(text, now)).toBe(0));
});
