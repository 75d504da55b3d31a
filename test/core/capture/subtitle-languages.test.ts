import { describe, expect, test } from "vitest";
import {
  defaultLanguages,
  isLanguage,
  languagePatterns,
} from "../../../src/core/capture/subtitle-languages.ts";

/** As yt-dlp reads them: patterns that must match a whole name, whatever its case, but for what says otherwise. */
function chosen(languages: readonly string[], offered: readonly string[]): readonly string[] {
  const patterns = languagePatterns(languages)
    .split(",")
    .filter((one) => !one.startsWith("-"))
    // JavaScript's `i` cannot be switched off inside a pattern; every name here is in the case that counts.
    .map((one) => new RegExp(`^(?:${one.replace("(?-i:", "(?:")})$`));
  return offered.filter((name) => patterns.some((pattern) => pattern.test(name)));
}

describe("subtitles are chosen by language", () => {
  const offered = ["kk", "ru", "en", "en-US", "ru-orig", "uk", "en-ru", "de", "live_chat"];

  test("by default what was heard in the clip, and kk, ru and en with their regional forms", () => {
    expect(chosen(defaultLanguages, offered)).toEqual(["kk", "ru", "en", "en-US", "ru-orig"]);
  });

  test("a machine's translation of a translation is not among them, nor is a live chat", () => {
    expect(chosen(["en"], offered)).toEqual(["en", "en-US"]);
    expect(languagePatterns(["all"])).toBe("all,-live_chat");
  });

  test.each(["kk", "en-US", "zh-Hans", "original", "all"])("%s is a language", (text) => {
    expect(isLanguage(text)).toBe(true);
  });

  test.each(["", ".*", "-all", "kk ru", "(a+)+$", "en_US"])(
    "%s is none, and no pattern reaches yt-dlp",
    (text) => {
      expect(isLanguage(text)).toBe(false);
    },
  );
});
