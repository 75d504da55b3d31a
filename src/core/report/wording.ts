import { english } from "./texts/en.js";
import { kazakh } from "./texts/kk.js";
import { russian } from "./texts/ru.js";
import type { ReportLanguage, TextKey, Wording } from "./texts/texts.js";

/** The text of a report in a language; where Kazakh has none, the Russian one, and the answer says so. */
export function wordingOf(language: ReportLanguage, key: TextKey): Wording {
  if (language === "en") return { text: english[key], language };
  const text = language === "kk" ? kazakh[key] : undefined;
  return text === undefined ? { text: russian[key], language: "ru" } : { text, language };
}
