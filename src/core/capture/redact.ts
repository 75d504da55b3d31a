import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { wellFormed } from "../words/printable.js";
import { findSecrets, type Span } from "./secret-spans.js";
import { maxUrlLength, webUrl } from "./source-url.js";

/** The mark that replaces everything that was cut. */
export const cutMark = "[cut]";

const maxListed = 2000;

/**
 * The copy of a downloader's info.json that may leave the private annex, and the JSON pointers of what was cut. Dropped
 * at every depth: cookies, request headers, local file names and the downloader's own `__` fields. Cut from every
 * string and key: each of `secrets` (cookie values, local paths, proxy passwords; any shorter than four characters
 * stay, since they identify nobody), IP addresses, and the signing parameters of URLs.
 */
export function redactInfoJson(
  json: Json,
  secrets: readonly string[],
): { readonly value: Json; readonly cut: readonly string[] } {
  const cut = new CutList();
  const value = redactValue(json, "", secrets, cut);
  return { value, cut: cut.listed() };
}

/**
 * The copy of a page, manifest or message that may leave the private annex, and the places of what was cut, as
 * `line:column` (from 1, columns in UTF-16 units of the raw text). Cuts what `redactInfoJson` cuts from strings, and `known`.
 */
export function redactText(
  text: string,
  secrets: readonly string[],
  known: readonly Span[] = [],
): { readonly text: string; readonly cut: readonly string[] } {
  const spans = findSecrets(text, secrets, known);
  const cut = new CutList();
  let line = 1;
  let lineStart = 0;
  let nextBreak = text.indexOf("\n");
  for (const span of spans) {
    while (nextBreak !== -1 && nextBreak < span.start) {
      line += 1;
      lineStart = nextBreak + 1;
      nextBreak = text.indexOf("\n", lineStart);
    }
    cut.add(`${line}:${span.start - lineStart + 1} ${span.what}`);
  }
  return { text: withoutSpans(text, spans), cut: cut.listed() };
}

/** A URL for the record, without IP addresses, signing parameters and user:password. */
export function redactUrl(url: string, secrets: readonly string[] = []): string {
  return withoutSpans(url, findSecrets(url, secrets));
}

/**
 * The only form in which an address that a person typed may enter the log or a record, whether or not it is a URL:
 * without user and password, however they are spelled, then cut as by `redactUrl`. Lone surrogates become U+FFFD.
 */
export function redactTypedUrl(typed: string): string {
  return redactUrl(withoutUserInfo(wellFormed(typed)));
}

function withoutUserInfo(typed: string): string {
  const trimmed = typed.trim();
  const url = trimmed.length <= maxUrlLength ? webUrl(trimmed) : null;
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) {
    if (url.username === "" && url.password === "") return typed;
    return `${url.protocol}//${cutMark}@${url.host}${url.pathname}${url.search}${url.hash}`;
  }
  // Text that no parser can split may hold its password anywhere before the last @.
  return typed.replace(/^(\s*(?:[a-z][a-z0-9+.-]*:)?[\\/]{2})?[\s\S]*@/i, `$1${cutMark}@`);
}

const droppedKeys =
  /^(_?cookies?|cookiejar|set-cookie|http_headers|proxy|authorization|proxy-authorization|_?filename|filepath|_filepath|infojson_filename|geo_verification_proxy|__.*)$/i;

function redactValue(value: Json, pointer: string, secrets: readonly string[], cut: CutList): Json {
  if (typeof value === "string") return redactString(value, pointer, secrets, cut);
  if (isJsonObject(value)) return redactObject(value, pointer, secrets, cut);
  if (!isJsonArray(value)) return value;
  return value.map((item, index) => redactValue(item, `${pointer}/${index}`, secrets, cut));
}

function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function redactObject(value: JsonObject, pointer: string, secrets: readonly string[], cut: CutList): Json {
  const members: [string, Json][] = [];
  for (const [key, member] of Object.entries(value)) {
    const keyShown = redactUrl(key, secrets);
    const place = `${pointer}/${keyShown.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (droppedKeys.test(key)) {
      cut.add(`${place} dropped`);
      continue;
    }
    if (keyShown !== key) cut.add(`${place} key`);
    members.push([keyShown, redactValue(member, place, secrets, cut)]);
  }
  return Object.fromEntries(members);
}

function redactString(text: string, pointer: string, secrets: readonly string[], cut: CutList): string {
  const spans = findSecrets(text, secrets);
  if (spans.length === 0) return text;
  cut.add(`${pointer} ${[...new Set(spans.map((span) => span.what))].join(", ")}`);
  return withoutSpans(text, spans);
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let result = "";
  let at = 0;
  for (const span of spans) {
    result += text.slice(at, span.start) + cutMark;
    at = span.end;
  }
  return result + text.slice(at);
}

/**
 * The list of what was cut. A hostile page could make it endless, so only the first places are named and the rest are
 * counted.
 */
class CutList {
  private readonly places: string[] = [];
  private more = 0;

  add(place: string): void {
    // A key in somebody's JSON may contain a lone surrogate, which no record can hold.
    if (this.places.length < maxListed) this.places.push(wellFormed(place));
    else this.more += 1;
  }

  listed(): readonly string[] {
    return this.more === 0 ? this.places : [...this.places, `and ${this.more} more places`];
  }
}
