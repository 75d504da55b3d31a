import { describe, expect, it, test } from "vitest";
import { annotationKey, readAnnotation } from "../../../src/core/capture/annotation.js";
import { type DateOrder, readTypedDate } from "../../../src/core/lists/typed-date.js";

const day = "2026-01-05";

describe("a date as people and spreadsheets write it", () => {
  test.each([
    ["2026-01-05", day],
    ["2026", "2026"],
    ["05.01.2026", day],
    ["5.1.2026", day],
    ["05.01.26", day],
    ["05.01.2026 г.", day],
    ["05.01.2026 0:00", day],
    ["05.01.2026 0:00:00", day],
    ["5 января 2026", day],
    ["5 января 2026 г.", day],
    ["05.янв.26", day],
    ["5-Jan-2026", day],
    ["Jan 5, 2026", day],
    ["5 қаңтар 2026 ж.", day],
    ["2026 ж. 5 қаңтар", day],
    ["2026/1/5", day],
    ["2026.01.05", day],
    ["25/1/2026", "2026-01-25"],
    ["1/25/2026", "2026-01-25"],
    ["5/5/2026", "2026-05-05"],
    ["46027", day],
    ["понедельник, 5 января 2026 г.", day],
    ["Monday, January 5, 2026", day],
    ["5th January 2026", day],
    ["05. 01. 2026", day],
    ["20260105", day],
    ["01.2026", "2026-01"],
    ["1/2026", "2026-01"],
    ["январь 2026", "2026-01"],
    ["Jan 2026", "2026-01"],
    ["46027,0", day],
    ["2026-01-05T14:30+05:00", "2026-01-05T14:30+05:00"],
  ])("%s is %s", (text, iso) => {
    expect(readTypedDate(text, null)).toEqual({ iso, timeLeft: false });
  });

  test.each([
    ["5/1/2026", "dmy", day],
    ["1/5/2026", "mdy", day],
    ["5-1-2026", "dmy", day],
    ["26/01/05", "ymd", day],
    ["05/01/26", "dmy", day],
    ["05.01.2026", "mdy", day],
  ] as const)("%s is read in the order %s", (text, order, iso) => {
    expect(readTypedDate(text, order)).toEqual({ iso, timeLeft: false });
  });

  it("that two orders fit is never guessed: it says which days it can be and how to say which", () => {
    expect(readTypedDate("5/1/2026", null)).toEqual({
      problem: "5/1/2026 can be 2026-01-05 or 2026-05-01: say which with --date-order dmy or mdy",
    });
    expect(readTypedDate("03-02-01", null)).toEqual({
      problem:
        "03-02-01 can be 2001-02-03 or 2001-03-02 or 2003-02-01: say which with --date-order dmy or mdy or ymd",
    });
    expect(readTypedDate("25/1/2026", "mdy")).toEqual({ problem: "25/1/2026 is no day in the order mdy" });
  });

  test.each([
    "",
    "зимой",
    "30.02.2026",
    "5.1",
    "14.фев",
    "1.2.3.4",
    "5/1.2026",
    "12345678",
    "99999999999",
    "-5",
    "31/31/2026",
  ])("%j is none", (text) => {
    expect(readTypedDate(text, null)).toBeNull();
  });

  it("with a time that has no zone gives its day, and says that the time was left", () => {
    for (const text of [
      "2026-01-05 14:30",
      "05.01.2026 14:30:05",
      "5 января 2026 г., 14:30",
      "46027.604",
      "2026-01-05T14:30",
    ]) {
      expect(readTypedDate(text, null), text).toEqual({ iso: day, timeLeft: true });
    }
  });
});

describe("the date and the case of a list", () => {
  const read = (pairs: Record<string, string>, order: DateOrder | null = null) =>
    readAnnotation(Object.entries(pairs), order);

  it("are noted as an ISO date and as one name, and the column that counts rows has a name of its own", () => {
    expect(read({ "№": "1", Дата: "05.01.2026", Дело: "Дело\u00a0№  14/2" })).toEqual({
      values: { number: "1", incident_date: day, case: "Дело № 14/2" },
      problems: [],
      unchecked: {},
    });
    expect(annotationKey("#")).toBe("number");
  });

  it("that cannot be told are named and kept as text, and the rest of the row stands", () => {
    expect(read({ Дата: "5/1/2026", место: "Тараз" })).toEqual({
      values: { place: "Тараз" },
      problems: [expect.stringMatching(/^Дата: 5\/1\/2026 can be .* --date-order dmy or mdy$/)],
      unchecked: { "unchecked.incident_date": "5/1/2026" },
    });
    expect(read({ Дата: "5/1/2026" }, "dmy").values).toEqual({ incident_date: day });
    expect(read({ Дата: "05.01.2026 14:30" })).toEqual({
      values: { incident_date: day },
      problems: ["Дата: 05.01.2026 14:30 has a time without its zone: the day alone was taken"],
      unchecked: { "unchecked.incident_date": "05.01.2026 14:30" },
    });
  });
});
