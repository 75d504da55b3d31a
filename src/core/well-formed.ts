/**
 * `text` with half characters replaced by U+FFFD. A lone surrogate from somebody's JSON has no UTF-8 form: written and
 * read back it would be another string, and an honest record would fail verification (SECURITY TX-04).
 */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
