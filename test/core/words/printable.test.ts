import { describe, expect, test } from "vitest";
import { displayWidth, fitWidth, printable, printableJson } from "../../../src/core/words/printable.js";

const dangerous =
  // The list of SECURITY TX-01 and TX-08, written out a second time so that a slip in the code shows.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

describe("text that somebody else wrote", () => {
  test.each([
    ["an escape sequence that clears the screen", "a\u001b[2Jb", "a\\u{1b}[2Jb"],
    ["an escape sequence of one byte", "a\u009b2Jb", "a\\u{9b}2Jb"],
    ["a bell and a window title", "\u001b]0;x\u0007", "\\u{1b}]0;x\\u{7}"],
    ["a line break that forges a line", "ok\r\nholdfast: as recorded", "ok\\u{d}\\u{a}holdfast: as recorded"],
    ["a NUL", "a\0b", "a\\u{0}b"],
    ["a tab and a backspace", "a\tb\bc", "a\\u{9}b\\u{8}c"],
    ["text turned backwards", "gpj\u202eexe", "gpj\\u{202e}exe"],
    ["an isolate", "\u2066x\u2069", "\\u{2066}x\\u{2069}"],
    ["an Arabic letter mark", "\u061cx", "\\u{61c}x"],
    ["a zero-width space", "a\u200bb", "a\\u{200b}b"],
    ["a soft hyphen", "a\u00adb", "a\\u{ad}b"],
    ["a line separator", "a\u2028b", "a\\u{2028}b"],
    ["a byte order mark", "\ufeffa", "\\u{feff}a"],
    ["invisible tag letters", "a\u{e0041}", "a\\u{e0041}"],
    ["a joiner between letters", "a\u200db", "a\\u{200d}b"],
    ["a selector after a digit", "1\ufe0f", "1\\u{fe0f}"],
    ["a joiner after an emoji that joins nothing", "👩\u200dx", "👩\\u{200d}x"],
    ["marks heaped on a letter", `H${"\u0301".repeat(10)}`, `H${"\u0301".repeat(8)}\\u{301}\\u{301}`],
    ["a format control of hieroglyphs", "a\u{13430}b", "a\\u{13430}b"],
    ["a high surrogate alone", "a\ud83db", "a\ufffdb"],
    ["a low surrogate alone", "a\ude00b", "a\ufffdb"],
  ])("%s is shown as what it is", (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test.each([
    ["Kazakh", "Әскерге шақыру: Қарағандыда ұсталған жігіт"],
    ["Russian", "Ёлка: повестка на улице, Алматы"],
    ["Arabic with its marks", "مَقْطَعُ فيديو"],
    ["Kazakh in Arabic letters", "قازاق ٴتىلى"],
    ["Chinese", "视频已被删除"],
    ["emoji with joiners, selectors and skin colours", "👨‍👩‍👧 ❤️ 👍🏽 🇰🇿 🕵🏻‍♂️ ✅"],
    ["letters with combining marks", "й и\u0306 e\u0301"],
  ])("%s stays readable, letter for letter", (_what, text) => {
    expect(printable(text)).toBe(text);
  });

  test("ten thousand characters become two thousand and say that they were cut", () => {
    const shown = printable("ы".repeat(10_000));
    expect([...shown]).toHaveLength(2000);
    expect(shown.endsWith("…")).toBe(true);
  });

  test("two thousand characters are shown whole", () => {
    expect(printable("ы".repeat(2000))).toBe("ы".repeat(2000));
  });

  test("ten thousand escapes cannot outgrow the limit either", () => {
    expect([...printable("\u001b".repeat(10_000))]).toHaveLength(2000);
  });

  test("cutting never leaves half an emoji", () => {
    expect(printable("😀".repeat(10), 4)).toBe("😀😀😀…");
    expect(printable("a😀".repeat(10), 4)).toBe("a😀a…");
    expect(printable("👨\u200d👩\u200d👧", 3)).toBe("👨…");
  });

  test("no code point of the first seventeen planes gets a control or a turn of direction through", () => {
    for (let plane = 0; plane < 17; plane++) {
      let text = "";
      for (let low = 0; low < 0x10000; low++) text += String.fromCodePoint(plane * 0x10000 + low);
      const shown = printable(text, 10_000_000);
      expect(dangerous.test(shown)).toBe(false);
    }
  });
});

describe("a line of JSON on a terminal", () => {
  test.each([
    [
      "controls, directions, separators and joiners",
      "\u001b[2J\u009b\u007f\u202e\u2028\u200d\u{e0041}\0\r\n👨‍👩‍👧",
    ],
    ["plain text in three scripts", "Қазақ, русский, عربي"],
    ["backslashes that look like an escape", '\\u001b \\\\ " /'],
  ])("%s: shown safely and read back unchanged", (_what, text) => {
    const line = printableJson({ title: text });
    expect(dangerous.test(line)).toBe(false);
    expect(JSON.parse(line)).toEqual({ title: text });
  });

  test("a hostile key is escaped like a hostile value", () => {
    expect(printableJson({ "\u202e": 1 })).toBe('{"\\u202e":1}');
  });
});

describe("columns on a terminal", () => {
  test.each([
    ["", 0],
    ["abc", 3],
    ["Қазақ", 5],
    ["视频", 4],
    ["ｆｕｌｌ", 8],
    ["ﾊﾝｶｸ", 4],
    ["한국", 4],
    ["e\u0301", 1],
    ["مَقْطَع", 4],
    ["😀", 2],
    ["❤️", 2],
    ["🇰🇿", 2],
    ["👍🏽", 4],
    ["…", 1],
  ])("%j takes %i", (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  test("what fits is left alone", () => {
    expect(fitWidth("视频ab", 6)).toBe("视频ab");
  });

  test.each([
    ["abcdef", 4, "abc…"],
    ["视频视频", 5, "视频…"],
    ["视频视频", 4, "视…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["🇰🇿🇰🇿", 3, "🇰🇿…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("%j in %i columns is %j", (text, columns, fitted) => {
    expect(fitWidth(text, columns)).toBe(fitted);
  });

  test.each([1, 2, 3, 5, 10, 40])("nothing is ever wider than its %i columns", (columns) => {
    for (const text of [
      "👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧",
      "视频已被删除视频已被删除",
      "مَقْطَعُ فيديو طويل",
      "a".repeat(99),
      "❤️❤️❤️",
    ]) {
      expect(displayWidth(fitWidth(text, columns))).toBeLessThanOrEqual(columns);
    }
  });
});
