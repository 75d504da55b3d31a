import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Entry, eventNames, genesisPrev, lineHash, parseEntry } from "../../src/audit/entry.js";
import { FormatError } from "../../src/audit/finding.js";
import { buildEntry, encodeEntry } from "../../src/core/capture/new-entry.js";
import { readVectors } from "../support/vectors.js";

interface EntryVector {
  readonly comment: string;
  readonly line: string;
  readonly expect: { readonly hash?: string; readonly code?: string };
}

const facts: Omit<Entry, "v"> = {
  seq: 1,
  prev: genesisPrev,
  at: "2026-11-23T18:22:05.120Z",
  event: "recovery",
  actor: "operator-7f3a9c01d2",
  tool: "holdfast/0.1.0",
  body: { what: "staging-removed", capture: null, detail: "" },
};

describe("a line is one entry or it is refused for the right reason", () => {
  test.each(readVectors<EntryVector>("entries"))("$name: $comment", ({ line, expect: expected }) => {
    if (expected.code !== undefined) {
      expect(() => parseEntry(line)).toThrow(
        expect.objectContaining({ name: "FormatError", code: expected.code }),
      );
    } else {
      expect(encodeEntry(parseEntry(line))).toBe(line);
      expect(lineHash(line)).toBe(expected.hash);
    }
  });
});

test("each event has a vector", () => {
  const events = readVectors<EntryVector>("entries", "good-").map(({ line }) => parseEntry(line).event);
  expect([...new Set(events)].sort()).toEqual([...eventNames].sort());
});

test("facts that no entry may state are refused before they are written", () => {
  expect(() => buildEntry({ ...facts, at: "2026-11-23T18:22:05Z" })).toThrow(FormatError);
  expect(() => buildEntry({ ...facts, seq: 0 })).toThrow(FormatError);
  expect(() => buildEntry({ ...facts, body: { seconds: 0.5 } })).toThrow(FormatError);
  expect(() => buildEntry({ ...facts, body: { title: "\ud83d" } })).toThrow(FormatError);
});

test("an error message never repeats what a hostile line says", () => {
  for (const vector of readVectors<EntryVector>("entries", "bad-")) {
    try {
      parseEntry(vector.line);
    } catch (error) {
      expect(String(error)).toMatch(/^FormatError: [a-z0-9 ,^.-]+$/i);
    }
  }
});

const text = fc.string({ unit: "binary" });

test("LOG-01: two entries that differ in any field never share a line", () => {
  const fields = fc.tuple(text, text, text);
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      const [left, right] = [a, b].map(([what, capture, detail]) =>
        encodeEntry(buildEntry({ ...facts, body: { what: what!, capture: capture!, detail: detail! } })),
      );
      expect(left === right).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(left).not.toContain("\n");
    }),
    { numRuns: 1500 },
  );
});

test("LOG-01: moving a line feed, a quote or a comma from one field into the next changes the line", () => {
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.constantFrom("\n", '"', ",", '","', "\\", "\\n", "\u0000"),
      (a, b, c, cut) => {
        const one = buildEntry({ ...facts, body: { first: `${a}${cut}${b}`, second: c } });
        const two = buildEntry({ ...facts, body: { first: a, second: `${b}${cut}${c}` } });
        expect(encodeEntry(one)).not.toBe(encodeEntry(two));
      },
    ),
    { numRuns: 1500 },
  );
});

test("every entry is read back as it was built", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...eventNames),
      fc.date({ noInvalidDate: true, min: new Date(0) }),
      text,
      (event, at, detail) => {
        if (at.getUTCFullYear() > 9999) return;
        const entry = buildEntry({ ...facts, event, at: at.toISOString(), body: { detail } });
        expect(parseEntry(encodeEntry(entry))).toEqual(entry);
        expect(entry).toEqual({ v: 1, ...facts, event, at: at.toISOString(), body: { detail } });
      },
    ),
  );
});

test("sed and sha256sum give the hash of entry 5 of a log file", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  try {
    let prev = genesisPrev;
    const lines = Array.from({ length: 7 }, (_, index) => {
      const body = { what: "staging-removed", capture: null, detail: `Қазақ 😀 line\n${index}` };
      const line = encodeEntry(buildEntry({ ...facts, seq: index + 1, prev, body }));
      prev = lineHash(line);
      return line;
    });
    writeFileSync(join(folder, "log.jsonl"), lines.map((line) => `${line}\n`).join(""));
    const printed = execFileSync("sh", ["-c", "sed -n 5p log.jsonl | sha256sum"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(printed.slice(0, 64)).toBe(lineHash(lines[4]!));
    expect(parseEntry(lines[5]!).prev).toBe(printed.slice(0, 64));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
