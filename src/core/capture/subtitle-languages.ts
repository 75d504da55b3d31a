/** The languages of subtitles that are fetched where nobody names others: those spoken in the clip, and three more. */
export const defaultLanguages: readonly string[] = ["original", "kk", "ru", "en"];

/** Whether `text` is a tag of BCP 47, `original` (what the platform heard in the clip) or `all`. To yt-dlp anything else is a pattern. */
export function isLanguage(text: string): boolean {
  return /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/.test(text);
}

/**
 * The value of yt-dlp's `--sub-langs`, whose items are patterns. A bare language also means its regional forms (`en-US`), but not `en-ru`,
 * which is how YouTube names a machine's translation of the Russian ones. A live chat is no subtitle.
 */
export function languagePatterns(languages: readonly string[]): string {
  return [...languages.map(patternOf), "-live_chat"].join(",");
}

function patternOf(language: string): string {
  if (language === "all") return "all";
  if (language === "original") return ".*-orig";
  return language.includes("-") ? language : `${language}(-(?-i:[A-Z]{2}))?`;
}
