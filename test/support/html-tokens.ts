/** The markup of a page, without the words between it. */
export interface HtmlTokens {
  /** Every tag as written, in order. */
  readonly tags: readonly string[];
  /** The texts between the tags, decoded. */
  readonly texts: readonly string[];
}

const tag = /^<(?:!DOCTYPE html|\/[a-z][a-z0-9]*|[a-z][a-z0-9]*(?: [a-z][a-z-]*(?:="[^"<>]*")?)*)>/;

/**
 * Takes a page apart by rules narrower than any browser's, so that every browser sees the same: a tag is lower case with
 * quoted values and one blank between them, there are no comments, and text has no `<`, `>`, `"`, `'` and no entity but
 * decimal ones. Throws for anything else. The contents of `style` are one text.
 */
export function htmlTokens(page: string): HtmlTokens {
  const tags: string[] = [];
  const texts: string[] = [];
  let rest = page;
  while (rest !== "") {
    const end = rest.startsWith("<") ? 0 : (rest.indexOf("<") + rest.length + 1) % (rest.length + 1);
    const text = rest.slice(0, end);
    const isStyle = tags.at(-1) === "<style>";
    if (!isStyle && !/^(?:[^<>"'&]|&#\d{2,3};)*$/.test(text)) throw notOurs(text);
    if (end > 0) texts.push(isStyle ? text : decoded(text));
    const found = tag.exec(rest.slice(end))?.[0] ?? "";
    if (found === "" && end < rest.length) throw notOurs(rest.slice(end, end + 80));
    if (found !== "") tags.push(found);
    rest = rest.slice(end + found.length);
  }
  return { tags, texts };
}

function decoded(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

function notOurs(what: string): Error {
  return new Error(`this is no markup of ours: ${JSON.stringify(what)}`);
}
