import { describe, expect, it } from "vitest";
import { english } from "../../../src/core/report/texts/en.js";
import { kazakh } from "../../../src/core/report/texts/kk.js";
import { russian } from "../../../src/core/report/texts/ru.js";
import { type ReportLanguage, reportLanguages, type TextKey } from "../../../src/core/report/texts/texts.js";
import { wordingOf } from "../../../src/core/report/wording.js";

const keys = Object.keys(english) as TextKey[];
const languageOf: Readonly<Record<ReportLanguage, Partial<Record<TextKey, string>>>> = {
  en: english,
  ru: russian,
  kk: kazakh,
};

/** Words that promise what no record can show (EVIDENCE §11), in each language of a report. */
const promises =
  /authentic|genuine|unedited|tamper|immutable|blockchain|impossible|original file|same video|upload time|gps|admissib|legally|certif(?!icates?\b)|complian|\bqualified|anonym|\bverified|guarantee|collision|подлинн|аутентич|достоверн|неизменяем|невозможно|подделат|оригинал|блокчейн|допустим|заверен|удостовер|сертифи(?!кат)|квалифиц|аноним|гарант|верифи|доказыва|түпнұсқа|шынайы|өзгермейтін|расталған|кепілдік/iu;

/** What must stand before such a word in the same sentence for it to be a denial. */
const denial = /\b(?:not|never|no|nothing|nobody)\b|(?<!\p{L})(?:не|ничего|никто|ни|нельзя)(?!\p{L})/iu;

/** Claims in a text: sentences with such a word that is not denied before it. */
function claims(text: string): readonly string[] {
  return text.split(/(?<=[.!?:;])\s+/).filter((sentence) => {
    const found = promises.exec(sentence);
    return found !== null && !denial.test(sentence.slice(0, found.index));
  });
}

describe("the texts of a report", () => {
  it.each(reportLanguages)(
    "in %s: outside the list of what is not claimed, nothing is promised",
    (language) => {
      const all = Object.entries(languageOf[language]);
      expect(all.length).toBeGreaterThan(30);
      expect(all.flatMap(([key, text]) => claims(text).map((claim) => `${key}: ${claim}`))).toEqual([]);
    },
  );

  it.each([
    "The footage is authentic.",
    "Видеозапись подлинна.",
    "Запись неизменяема. Она не тронута.",
    "Status: verified",
    "Бейне түпнұсқа.",
  ])("and this check finds %j", (text) => expect(claims(text)).toHaveLength(1));

  it("the list of what is not claimed holds such words, and hardly any other text does", () => {
    const limits = keys.filter((key) => key.startsWith("limit."));
    expect(limits.length).toBeGreaterThan(14);
    expect(limits.filter((key) => promises.test(english[key])).length).toBeGreaterThan(5);
    expect(limits.filter((key) => promises.test(russian[key])).length).toBeGreaterThan(5);
    const elsewhere = keys.filter(
      (key) => !limits.includes(key) && promises.test(`${english[key]} ${russian[key]}`),
    );
    expect(elsewhere.sort()).toEqual(["draft.endNotice", "draft.notice", "elementsNote"]);
  });

  it("the bare words “verified” and “проверено” stand nowhere", () => {
    const all = reportLanguages.flatMap((language) => Object.values(languageOf[language]));
    expect(all.filter((text) => /^(?:verified|проверено|тексерілді)\.?$/iu.test(text))).toEqual([]);
  });

  it("none of them holds a date, a digest or a time: those come from the facts", () => {
    const all = reportLanguages.flatMap((language) => Object.values(languageOf[language]));
    expect(all.filter((text) => /\d{4}-\d{2}|[0-9a-f]{16}|\d:\d/.test(text))).toEqual([]);
  });

  it("numbers that a text names are the same in English and Russian: paragraphs and names of algorithms", () => {
    const numbers = (text: string) => text.match(/\d+/g) ?? [];
    expect(keys.filter((key) => numbers(english[key]).join() !== numbers(russian[key]).join())).toEqual([]);
  });

  it("English and Russian have every text; only the note on languages is empty", () => {
    for (const texts of [english, russian])
      expect(keys.filter((key) => texts[key].trim() === "")).toEqual(["languageNote"]);
    expect(Object.keys(russian).sort()).toEqual([...keys].sort());
    expect(
      keys.filter(
        (key) => key !== "languageNote" && !/\p{Script=Cyrillic}|Content Credentials/u.test(russian[key]),
      ),
    ).toEqual([]);
  });

  it("what Kazakh lacks is Russian and says so, and the document says it in both languages", () => {
    for (const key of keys) {
      const own = kazakh[key];
      expect(wordingOf("kk", key)).toEqual(
        own === undefined ? { text: russian[key], language: "ru" } : { text: own, language: "kk" },
      );
    }
    expect(kazakh.languageNote).toMatch(/орыс тілінде/);
    expect(kazakh.languageNote).toMatch(/на русском языке/);
  });
});
