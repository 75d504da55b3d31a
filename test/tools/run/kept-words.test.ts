import { expect, it } from "vitest";
import { KeptWords } from "../../../src/tools/run/kept-words.js";

const kept = (...chunks: readonly string[]) => {
  const words = new KeptWords();
  for (const chunk of chunks) words.push(Buffer.from(chunk));
  return words.bytes().toString();
};

it("what fits is kept as it came", () => {
  const chunks = ["a".repeat(200_000), "b".repeat(200_000), "c".repeat(600_000)];
  expect(kept(...chunks)).toBe(chunks.join(""));
});

it("of a talkative program the beginning and the end are kept, with a mark between them", () => {
  const lines = Array.from({ length: 400 }, (_, n) => `${n} ${"x".repeat(9_990)}\n`);
  const text = kept(...lines);
  expect(text.startsWith(`${lines[0]}${lines[1]}`)).toBe(true);
  expect(text.endsWith(`${lines.at(-2)}${lines.at(-1)}`)).toBe(true);
  const [, leftOut = ""] = /^\[holdfast left out (\d+) bytes\]$/m.exec(text) ?? [];
  const mark = `[holdfast left out ${leftOut} bytes]\n`;
  expect(text.length - mark.length + Number(leftOut)).toBe(lines.join("").length);
  expect(text.length).toBeLessThan(1_100_000);
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("["))).toEqual(
    expect.not.arrayContaining([expect.not.stringMatching(/^\d+ x{9990}$/)]),
  );
});
