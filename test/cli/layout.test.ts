import { describe, expect, test } from "vitest";
import { captureTable, listNotes } from "../../src/cli/capture-list.js";
import { colorStyle, plainStyle } from "../../src/cli/style.js";
import { labelled, wrap } from "../../src/cli/text-layout.js";
import {
  formatBytes,
  formatClock,
  formatDate,
  formatLength,
  formatTime,
  formatTimeHere,
} from "../../src/cli/units.js";
import { formatCount } from "../../src/core/words/counted.js";
import { displayWidth } from "../../src/core/words/printable.js";
import type { CaptureRow } from "../../src/search/captures.js";
import { row } from "./capture-facts.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

const rows = [
  row,
  { ...row, id: "20260918-ZZZZZZZZ", status: "incomplete" as const, derivation: "pending" as const },
  { ...row, title: hostileTitle, uploader: hostileTitle, host: hostileTitle },
  {
    ...row,
    title: "视频已被删除视频已被删除视频已被删除视频已被删除",
    uploader: "👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧",
  },
  {
    ...row,
    status: "failed" as const,
    derivation: null,
    title: null,
    uploader: null,
    duration: null,
    bytes: 0,
    reason: "there is nothing at this address",
  },
];

function table(of: readonly CaptureRow[], columns: number, style = plainStyle, zone = "UTC") {
  return captureTable(of, { columns, style, zone });
}

describe("the table of captures", () => {
  test.each([20, 40, 60, 80, 100, 200])("fits %i columns whatever the titles are", (columns) => {
    const lines = table(rows, columns);
    expect(lines.filter((line) => !line.startsWith("    "))).toHaveLength(rows.length + 1);
    for (const line of lines) {
      expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(dangerous.test(line)).toBe(false);
    }
  });

  test.each([60, 80, 200])("names the whole capture id and its status in %i columns", (columns) => {
    const lines = table(rows, columns);
    expect(lines[2]).toContain("20260918-ZZZZZZZZ");
    expect(lines[2]).toContain("incomplete");
  });

  test.each([60, 80, 200])("never shows a reduced clip like one that is not, in %i columns", (columns) => {
    const reduced = { ...row, rendition: { grade: "reduced", reasons: ["login-limited"] } } as const;
    const [, line = ""] = table([reduced], columns);
    expect(line).toContain("captured, reduced");
    expect(listNotes([reduced, row]).join("\n")).toMatch(
      /^2 captured; .*\n1 capture reduced: .*holdfast archive --again ID/,
    );
  });

  test("leaves out more columns the narrower the terminal is", () => {
    const titles = (columns: number) => (table(rows, columns)[0] ?? "").split(/ {2,}/);
    expect(titles(60)).toEqual(["ID", "STATUS", "TITLE"]);
    expect(titles(80)).toEqual(["ID", "CAPTURED (UTC)", "STATUS", "UPLOADER", "TITLE"]);
    expect(titles(200)).toEqual([
      "ID",
      "CAPTURED (UTC)",
      "STATUS",
      "KEYFRAMES",
      "LENGTH",
      "SIZE",
      "HOST",
      "UPLOADER",
      "TITLE",
    ]);
  });

  test("leaves out what no capture has", () => {
    const lines = table([{ ...row, uploader: null, duration: null }], 300);
    expect(lines[0]).not.toMatch(/UPLOADER|LENGTH/);
  });

  test("cuts nothing of an ordinary title where the output is a file", () => {
    const lines = table([row], Number.POSITIVE_INFINITY);
    expect(lines[1]).toContain("Ұсталған жігіт, Қарағанды");
  });

  test("gives a title the more room the wider the terminal is", () => {
    const long = { ...row, title: "Қ".repeat(200), uploader: "ұ".repeat(40), host: "h".repeat(60) };
    const room = (columns: number) => (/Қ+/.exec(table([long], columns)[1] ?? "")?.[0] ?? "").length;
    for (const columns of [80, 100, 120, 160, 200]) {
      expect(room(columns), String(columns)).toBeGreaterThanOrEqual(columns * 0.45 - 19);
    }
  });

  test("puts the title below its row where nothing else gives way", () => {
    const [head, first, below] = table([row], 36);
    expect([head, first]).toEqual(["ID                 STATUS", `${row.id}  captured`]);
    expect(below).toMatch(/^ {4}\S/);
  });

  test("says why only part arrived, and in a file keeps each capture on one line", () => {
    const part = { ...row, status: "incomplete" as const, reason: "the connection broke off" };
    expect(table([part], 120)[2]).toBe("    the connection broke off");
    const lines = table([part, row], Number.POSITIVE_INFINITY);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/ {2}WHY$/);
    expect(lines[1]).toMatch(/ {2}the connection broke off$/);
  });

  test("shows the reader's own time beside UTC, with the zone named, and only where they differ", () => {
    const late = { ...row, at: "2026-09-19T20:30:00.000Z" };
    const [head, first, second] = table([row, late], 200, plainStyle, "Asia/Almaty");
    expect(head).toMatch(/CAPTURED \(UTC\) +Asia\/Almaty/);
    expect(first).toMatch(/2026-09-19 14:03 +19:03 /);
    expect(second).toMatch(/2026-09-19 20:30 +09-20 01:30 /);
    for (const zone of ["UTC", "Nowhere/Else"])
      expect(table([row], 200, plainStyle, zone)[0]).not.toContain(`${zone} `);
    expect(formatTimeHere(row.at, "Asia/Almaty")).toMatch(
      /^2026-09-19 14:03:\d\d UTC \(19:03 in Asia\/Almaty\)$/,
    );
    expect(formatTimeHere(row.at, "UTC")).toMatch(/ UTC$/);
  });

  test("shows the address and the reason of a failed attempt", () => {
    const lines = table(rows, 300);
    expect(lines[5]).toMatch(/ failed .*https:\/\/example.org\/v\/1$/);
    expect(lines[6]).toBe("    there is nothing at this address");
    const unnamed = table([{ ...row, status: "failed", url: null, reason: "no such file" }], 300);
    expect(unnamed[2]).toBe("    no such file");
  });

  test("colour changes no column", () => {
    const strip = (line: string) => line.replaceAll(/\u001b\[\d+m/g, "");
    expect(table(rows, 100, colorStyle).map(strip)).toEqual(table(rows, 100));
  });

  test("says how many there are, and how many wait for keyframes", () => {
    expect(listNotes(rows)).toEqual([
      "3 captured, 1 incomplete, 1 failed; 53.4 MB",
      "1 capture without keyframes yet: holdfast derive",
    ]);
    expect(listNotes([row])).toHaveLength(1);
    expect(listNotes([])).toEqual(["no captures match"]);
  });
});

describe("labels and what is said of them", () => {
  const rows = [
    ["(d) embedded media files", "captured  every track as received, with its SHA-256"],
    ["(a)", null],
    ["(b) source", "not attempted"],
  ] as const;

  test.each([30, 40, 60, 100])("fit %i columns, and no word of them is broken", (columns) => {
    const lines = labelled(rows, columns);
    expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
    const words = lines
      .join(" ")
      .split(/ +/)
      .filter((word) => word !== "");
    const given = rows.flatMap(([label, value]) => (value === null ? [] : `${label} ${value}`.split(/ +/)));
    expect(words).toEqual(given);
  });

  test("stand above it where the terminal is narrow", () => {
    expect(labelled(rows, 40)).toEqual([
      "  (d) embedded media files",
      "      captured  every track as received,",
      "      with its SHA-256",
      "  (b) source",
      "      not attempted",
    ]);
  });
});

describe("figures for a person", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [12_345_678, "12.3 MB"],
    [4_000_000_000, "4.0 GB"],
    [Number.MAX_SAFE_INTEGER, "9.0 PB"],
  ])("%i bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    ["0", "0.0 s"],
    ["7.44", "7.4 s"],
    ["9.96", "0:10"],
    ["83.48", "1:23"],
    ["3723", "1:02:03"],
    ["", ""],
    ["-1", "-1"],
    ["\u001b", "\\u{1b}"],
  ])("%j seconds are %j", (seconds, text) => {
    expect(formatLength(seconds)).toBe(text);
  });

  test("thousands, clocks and times", () => {
    expect([1, 999, 1000, 1234567].map(formatCount)).toEqual(["1", "999", "1 000", "1 234 567"]);
    expect([0, 59.6, 61, 3600].map(formatClock)).toEqual(["0:00", "1:00", "1:01", "1:00:00"]);
    expect(formatTime("2026-09-19T14:03:22.123Z")).toBe("2026-09-19 14:03:22 UTC");
    expect(["20240301", "2024-03-01", "2026-09-19T14:03:22Z", "\u202e"].map(formatDate)).toEqual([
      "2024-03-01",
      "2024-03-01",
      "2026-09-19 14:03:22 UTC",
      "\\u{202e}",
    ]);
    expect(formatTime("\u202e")).toBe("\\u{202e}");
  });
});

describe("labels and words", () => {
  test("a digest is never broken, however narrow the terminal is", () => {
    const digest = "a".repeat(64);
    expect(wrap(`SHA-256 ${digest} end`, 20)).toEqual(["SHA-256", digest, "end"]);
  });

  test("values stand under each other and absent facts are left out", () => {
    const lines = labelled(
      [
        ["title", "one two three four five"],
        ["date", null],
        ["a", "x", "y"],
      ],
      30,
    );
    expect(lines).toEqual(["  title  one two three four", "         five", "  a      x", "         y"]);
  });
});
