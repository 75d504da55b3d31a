import { describe, expect, it } from "vitest";
import { bugReport, errorLines } from "../../src/cli/failure-report.js";
import { progressBar, progressSentence } from "../../src/cli/progress-line.js";
import { displayWidth, fitWidth, printable } from "../../src/core/words/printable.js";
import type { Progress } from "../../src/world.js";
import { hostileTexts, steeringIn } from "../support/hostile-texts.js";

const half: Omit<Progress, "subject" | "detail"> = {
  stage: "download",
  done: 12_300_000,
  total: 28_100_000,
  speed: 2_100_000,
  etaSeconds: 7,
};

/** Lines that a terminal shows as exactly these lines. */
function mustBeLines(lines: readonly string[]): void {
  expect(lines.filter((line) => line.includes("\n"))).toEqual([]);
  expect(steeringIn(lines.join("\n"))).toBeNull();
}

describe("whatever a subject, message or hint says, it stays on its line", () => {
  it("a line of progress, drawn or said", () => {
    for (const { text } of hostileTexts) {
      const progress = { ...half, subject: text, detail: text };
      const bars = [20, 79, 200].map((columns) => [columns, progressBar(progress, columns)] as const);
      expect(bars.filter(([columns, bar]) => displayWidth(bar) > columns)).toEqual([]);
      mustBeLines([...bars.map(([, bar]) => bar), progressSentence(progress)]);
    }
  });

  it("a failure and its hint are two lines, and a bug report keeps its frame", () => {
    for (const { text } of hostileTexts) {
      const lines = errorLines(`archiving ${text}: ${text}`, `try ${text}`);
      expect(lines).toHaveLength(2);
      mustBeLines(lines);
      const report = bugReport(new Error(text, { cause: new TypeError(text) }), [text], []);
      expect(report[0]).toMatch(/^holdfast: this is a bug in holdfast: /);
      mustBeLines(report);
    }
  });

  it("what is cut to a width is never wider, and never ends in half a character", () => {
    for (const { text } of hostileTexts) {
      for (const columns of [1, 7, 40]) {
        const cut = fitWidth(printable(text), columns);
        expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
        mustBeLines([cut]);
      }
      for (const most of [2, 5, 30]) mustBeLines([printable(text, most)]);
    }
  });
});
