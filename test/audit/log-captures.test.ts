import { describe, expect, test } from "vitest";
import { parseEntry } from "../../src/audit/entry.js";
import { CaptureReading } from "../../src/audit/log-captures.js";
import { cpuMs } from "../support/cpu-time.js";
import { readVectors } from "../support/vectors.js";

interface CaptureVector {
  readonly comment: string;
  readonly lines: readonly string[];
  readonly expect: readonly { readonly entry: number; readonly code: string }[];
}

function readingOf(lines: readonly string[]) {
  const reading = new CaptureReading();
  const findings = lines.flatMap((line) => reading.add(parseEntry(line)));
  return { reading, findings };
}

const linesOf = (name: string) => readVectors<CaptureVector>("captures", name)[0]!.lines;

describe("each id and each version is stated once, behind its capture, or there is a finding", () => {
  test.each(readVectors<CaptureVector>("captures"))("$name: $comment", ({ lines, expect: wanted }) => {
    expect(readingOf(lines).findings.map(({ code, where }) => ({ where, code }))).toEqual(
      wanted.map(({ entry, code }) => ({ where: `entry:${entry}`, code })),
    );
  });
});

describe("what is stated twice is held against what is stored twice", () => {
  test("both captures of one id keep their files and annexes", () => {
    const capture = [...readingOf(linesOf("id-captured-twice.json")).reading.stated().values()][0]!;
    expect(capture.versions.map(({ entry, version }) => [entry, version])).toEqual([
      [2, "v1"],
      [3, "v2"],
      [4, "v1"],
    ]);
    expect(capture.annexes).toHaveLength(2);
    expect(capture.entry).toBe(2);
  });

  test("a failed attempt under the id of a capture takes its object from no check", () => {
    const { reading } = readingOf(linesOf("id-failed-after-capture.json"));
    expect([...reading.stated().values()][0]?.object).toMatch(/^objects\//);
  });

  test("a derivation that no capture stands before is of no capture that the log states", () => {
    const { reading } = readingOf(linesOf("derive-without-capture.json"));
    expect([reading.named().size, reading.stated().size]).toEqual([2, 1]);
  });
});

test("many entries of one capture take time that grows with their number", async () => {
  const [first = "", derived = ""] = [1, 2].map((at) => linesOf("in-order.json")[at] ?? "");
  const versions = Array.from({ length: 20_000 }, (_, at) => derived.replace('"v2"', `"v${at + 2}"`));
  const check = () => expect(readingOf([first, ...versions]).findings).toEqual([]);
  expect(await cpuMs(check)).toBeLessThan(4_000);
});
