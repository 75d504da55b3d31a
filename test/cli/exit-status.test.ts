import { describe, expect, test } from "vitest";
import { statusOfCaptures, statusOfDerivations, statusOfError } from "../../src/cli/exit-status.js";
import { tallyLine } from "../../src/cli/result-summary.js";
import { type ErrorCode, HoldfastError } from "../../src/core/words/error.js";
import { failedResult, result } from "./capture-facts.js";

describe("exit statuses", () => {
  const expected: Readonly<Record<ErrorCode, number>> = {
    usage: 2,
    "not-found": 2,
    "key-missing": 2,
    "key-locked": 2,
    "program-missing": 3,
    "capture-failed": 4,
    io: 4,
    "no-vault": 5,
    "vault-busy": 6,
    "not-as-recorded": 1,
    "foreign-entries": 4,
    interrupted: 130,
  };

  test.each(Object.entries(expected))("%s is %i", (code, status) => {
    expect(statusOfError(new HoldfastError(code as ErrorCode, "x", "y"))).toBe(status);
  });

  test("anything nobody foresaw is a bug", () => {
    expect(statusOfError(new TypeError("x"))).toBe(70);
    expect(statusOfError("x")).toBe(70);
  });

  test("1 belongs to evidence that is not as recorded alone", () => {
    expect(Object.entries(expected).filter(([, status]) => status === 1)).toEqual([["not-as-recorded", 1]]);
  });

  test("one failed or incomplete capture among many makes the whole command 4", () => {
    expect(statusOfCaptures([result, { ...result, status: "already-captured" }])).toBe(0);
    expect(statusOfCaptures([result, failedResult])).toBe(4);
    expect(statusOfCaptures([result, { ...result, status: "incomplete" }])).toBe(4);
    expect(statusOfCaptures([result, { ...result, decode: "damaged" }])).toBe(4);
    expect(statusOfCaptures([{ ...result, status: "already-captured", decode: "short" }])).toBe(4);
    expect(statusOfCaptures([{ ...result, decode: "unknown" }])).toBe(0);
  });

  test("a post that held more than was taken makes it 4 when it is captured, and not again when it was before", () => {
    const left_out = "the post also has 2 photos, which holdfast did not fetch";
    expect(statusOfCaptures([result, { ...result, left_out }])).toBe(4);
    expect(statusOfCaptures([{ ...result, status: "already-captured", left_out }])).toBe(0);
    expect(tallyLine([result, { ...result, left_out }])).toBe(
      "2 captured, 1 of them from a post with more that was not taken",
    );
  });

  test("a capture whose keyframes failed is a capture", () => {
    expect(statusOfCaptures([{ ...result, derivation: "failed" }])).toBe(0);
  });

  test("derive is 4 when keyframes failed, and 0 on an incomplete capture whose keyframes came", () => {
    expect(statusOfDerivations([])).toBe(0);
    expect(statusOfDerivations([{ ...result, status: "incomplete" }])).toBe(0);
    expect(statusOfDerivations([result, { ...result, derivation: "failed" }])).toBe(4);
    expect(statusOfDerivations([result, { ...result, decode: "unreadable" }])).toBe(4);
  });
});
