/**
 * The address in a text, read against `base` where it is a part of one; null where it is none. The one place where
 * foreign text becomes a URL: `URL.canParse` of Node 20 says something else than the parser once it was called often
 * enough to be compiled, for text with letters such as é, and then the parser throws.
 */
export function webUrl(text: string, base?: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
