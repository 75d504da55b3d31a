import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { keepCell, unguardCell } from "../../../src/core/lists/guarded-cell.js";
import { csvLine } from "../../../src/core/lists/result-table.js";
import { isRewritten } from "../../../src/core/lists/rewritten-cell.js";

/** What was noted, and what Excel or LibreOffice in a Russian, Kazakh or English locale made of it. */
const rewritten: readonly (readonly [string, ...string[]])[] = [
  ["14/2", "14.фев", "14.02.2026", "14-Feb", "2/14/2026", "14.2.2026 0:00", "46067", "14 ақп", "14.фев.26"],
  ["14-2", "14.фев", "14.02.2026"],
  ["05.01.2026", "5.1.2026", "2026-01-05", "1/5/2026"],
  ["10/2026", "окт.26", "Oct-26", "01.10.2026"],
  ["12.5", "12.май", "12.05.2026", "12,5", "05.12.2026"],
  ["2026-01-05", "05.01.2026", "1/5/2026", "5/1/2026", "46027", "05.01.26", "5 января 2026", "05.янв.26"],
  ["2026-01", "янв.26", "01.01.2026"],
  ["007", "7"],
  ["43.20", "43,2", "43.2"],
  ["43,238949", "43.238949"],
  ["1234567890123", "1,23E+12", "1.23457E+12", "1,23456789012E+12"],
  ["12345678901234567890", "1,23457E+19", "12345678901234500000"],
  ["1000000", "1 000 000", "1\u00a0000\u00a0000", "1E+06"],
  ["43.238949123456", "43,23894912"],
  ["true", "ИСТИНА", "TRUE"],
  ["12:30", "12:30:00", "0,520833333"],
  ["50 %", "0,5", "50%"],
  ["1-2-3", "01.02.2003"],
  ["+77011234567", "77011234567", "7,70112E+10"],
  ["Қазақ тілі", "?аза? тілі"],
  ["café №1", "cafe №1", "caf? №1"],
  ["a\nb", "a\r\nb", "a\rb"],
  ["a\u00a0b ", "a b"],
  ["tab\there", "tab\\u{9}here"],
  [`x${"y".repeat(40_000)}`, `x${"y".repeat(32_766)}`],
];

describe("a cell that a spreadsheet rewrote", () => {
  test.each(rewritten)("%j is known again", (was, ...cells) => {
    for (const is of cells) expect(isRewritten(was, is), is).toBe(true);
    expect(isRewritten(was, was)).toBe(true);
  });

  test.each([
    ["14/2", "14/3", "15.фев", "14.03.2026", "2", "14"],
    ["2026-01-05", "06.01.2026", "05.02.2026", "05.01.2025", "46028"],
    ["7", "8", "70", "-7", "7,1"],
    ["1234567890123", "1,24E+12", "1,23E+13", "1234567890124", "123456789"],
    ["12345", "12346", "1,2E+04", "12345,6"],
    ["true", "false", "ЛОЖЬ"],
    ["Алматы", "Астана", "??????", "Алмат", "Алматы?"],
    ["Қала", "?ала?", "Кала"],
    ["note", "note, and more", ""],
    ["14/2", "14/2a", "дело 14/2"],
    ["1/2", "2/1"],
    ["05.01.2026", "01.05.2026"],
    ["2026-01-05", "2026-05-01"],
  ] as readonly (readonly [string, ...string[]])[])("%j that a person changed is not", (was, ...cells) => {
    for (const is of cells) expect(isRewritten(was, is), is).toBe(false);
  });

  it("costs no time, however long and odd the text is", () => {
    for (const text of ["1".repeat(65_000), "1 ".repeat(30_000), "1.".repeat(30_000), "?".repeat(65_000)]) {
      const started = performance.now();
      isRewritten(text, `${text}x`);
      isRewritten(text, text.slice(0, -1));
      unguardCell(keepCell(text));
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
});

describe("a noted text is written so that a spreadsheet leaves it as it is", () => {
  test.each([
    ...[
      "14/2",
      "14-2",
      "2026-01-05",
      "05.01.2026",
      "5/1/2026",
      "14.2",
      "10.2026",
      "007",
      "1.50",
      "43,2",
      "1 000",
      "12:30",
    ],
    ...[
      "1E5",
      "123456789012",
      "12 %",
      "5 ₽",
      "$5",
      "(5)",
      "5 янв",
      "янв 2026",
      "MAR1",
      "Sep-2",
      "1 1/2",
      "TRUE",
      "истина",
    ],
    ...["5 января 2026 г.", "2026-01-05 14:30", ".5", "+77011234567", "-43,2", "-1.50"],
  ])("%j begins with an apostrophe, which is taken off again", (text) => {
    expect(keepCell(text)).toBe(`'${text}`);
    expect(unguardCell(keepCell(text))).toBe(text);
  });

  test.each([
    "1",
    "42",
    "2026",
    "43.238949",
    "-43.2",
    "Алматы",
    "дело № 14/2",
    "SC12NB50",
    "a 14/2",
    "12345678901",
    "",
  ])("%j stays as it is", (text) => {
    expect(keepCell(text)).toBe(text);
  });

  it("and every text comes back exactly", () => {
    const odd = fc
      .array(
        fc.constantFrom("'", "14", "/", "2", ".", ",", " ", "E", "янв", "-", "=", ";", "%", "true", ":", "#"),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(odd, (text) => {
        expect(unguardCell(keepCell(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it("from the column on that is named; the columns before it stay numbers", () => {
    expect(csvLine(["id", "2026-01-05", "14/2"], ";", 2)).toBe("id;2026-01-05;'14/2\r\n");
  });
});
