import { printable } from "./printable.js";

/** HTML in which every value was escaped when it was put in. Made by `html` and by nothing else. */
export class Html {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** Puts values into a text that this program wrote itself. */
  static build(strings: readonly string[], values: readonly HtmlValue[]): Html {
    return new Html(strings.map((part, at) => (at === 0 ? part : escaped(values[at - 1]) + part)).join(""));
  }
}

export type HtmlValue = string | number | Html | null | undefined | readonly HtmlValue[];

/**
 * HTML from a template. Text is escaped, and characters that control a terminal or change the direction of writing are
 * made visible, so that a hostile title is only ever a title. Lists are joined; null and undefined become nothing.
 * Attribute values must stand in double quotes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.build(strings, values);
}

/** For a page that loads nothing, runs nothing and sends nothing: pictures are in the page or beside it. */
export const contentSecurityPolicy =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * For a page that shows pictures lying beside it and is opened from a folder. Firefox gives a page under `file:` no
 * origin, so `'self'` matches nothing there (Chromium matches it); hence `file:`. It cannot reach the web; under
 * Windows it could name another machine, so only paths inside the folder may stand in such a page.
 */
export const folderSecurityPolicy =
  "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The same with a player of what lies beside the page. */
export const folderPlayerPolicy =
  "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

function escaped(value: HtmlValue): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escapeText(printable(value));
  return value.map(escaped).join("");
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
