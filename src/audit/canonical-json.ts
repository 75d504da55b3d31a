import { exactText } from "./bytes.js";
import { FormatError } from "./finding.js";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** Containers inside containers: a number is at depth 0, `[]` at depth 1. Deeper data is refused. */
const maxDepth = 64;

/**
 * The one RFC 8785 text of `value`, narrowed as FORMAT.md §4.1 says. Whatever has no single exact form is refused
 * with a FormatError: `not-a-json-value`, `number-not-finite`, `number-not-integer`, `number-too-large`,
 * `negative-zero`, `lone-surrogate`, `key-not-ascii`, `too-deep`.
 */
export function encodeCanonical(value: unknown): string {
  return encodeValue(value, 0);
}

/**
 * Reads text that must be byte for byte what `encodeCanonical` writes. Throws FormatError `not-json`, `too-deep`,
 * one of the codes of `encodeCanonical` for a value that may not occur at all, else `not-canonical` (spaces, key
 * order, a key twice, another spelling of a number or string).
 */
export function parseCanonical(text: string): Json {
  const value = parseForeignJson(text);
  if (isPlainlyCanonical(value, text)) return value;
  if (encodeCanonical(value) !== text)
    throw new FormatError("not-canonical", "the JSON is not in canonical form");
  return value;
}

/** The same of bytes as they are stored. Bytes that are not UTF-8 are `not-json`. */
export function parseCanonicalBytes(bytes: Uint8Array): Json {
  const text = exactText(bytes);
  if (text === null) throw new FormatError("not-json", "the text is not UTF-8");
  return parseCanonical(text);
}

/**
 * Whether `text`, from which `value` was parsed, is canonical, as far as that can be told at the speed of
 * JSON.stringify; false says nothing. JSON.stringify writes what `encodeCanonical` writes if keys are in order and
 * numbers and strings are fit to be written. No string contains a lone surrogate if the text has neither a surrogate
 * nor an escape of one.
 */
function isPlainlyCanonical(value: Json, text: string): boolean {
  return !/[\ud800-\udfff]|\\u[dD]/.test(text) && JSON.stringify(value) === text && isFit(value);
}

function isFit(value: Json): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return true;
  return isArray(value) ? value.every(isFit) : hasFitMembers(value);
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

/** Keys that are plain ASCII and rise, in the order in which JSON.stringify takes them. */
function hasFitMembers(value: JsonObject): boolean {
  let last = "";
  let first = true;
  for (const key of Object.keys(value)) {
    if (!(first || last < key) || !/^[ -~]*$/.test(key) || !isFit(value[key] ?? null)) return false;
    first = false;
    last = key;
  }
  return true;
}

/**
 * Reads somebody else's JSON: floats, any key, any spelling. Throws FormatError `not-json` or `too-deep`. The result
 * may hold what `encodeCanonical` refuses; the caller decides what part of it may enter a record. The caller bounds the
 * size.
 */
export function parseForeignJson(text: string): Json {
  if (isTooDeep(text)) throw new FormatError("too-deep", `the JSON is nested deeper than ${maxDepth}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError("not-json", "the text is not JSON");
  }
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that should be a text; null for anything else. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function encodeValue(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return encodeString(value);
    case "number":
      return encodeNumber(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : encodeContainer(value, depth + 1);
    default:
      throw new FormatError("not-a-json-value", `a value of type ${typeof value} has no JSON form`);
  }
}

function encodeContainer(value: object, depth: number): string {
  // Also ends a cycle.
  if (depth > maxDepth) throw new FormatError("too-deep", `the value is nested deeper than ${maxDepth}`);
  return Array.isArray(value) ? encodeArray(value, depth) : encodeObject(value, depth);
}

function encodeArray(items: readonly unknown[], depth: number): string {
  const parts: string[] = [];
  // By index: `map` would silently skip a hole instead of refusing it.
  for (let index = 0; index < items.length; index++) parts.push(encodeValue(items[index], depth));
  return `[${parts.join(",")}]`;
}

function encodeObject(value: object, depth: number): string {
  if (!isPlain(value)) throw new FormatError("not-a-json-value", "only plain objects have a JSON form");
  const parts: string[] = [];
  // RFC 8785 §3.2.3 sorts by UTF-16 code units, which is what `sort` does with strings.
  for (const key of Object.keys(value).sort()) {
    // U+007F is ASCII too, but no key needs a control character.
    if (!/^[ -~]*$/.test(key)) throw new FormatError("key-not-ascii", "a key is not plain ASCII");
    parts.push(`${JSON.stringify(key)}:${encodeValue(value[key], depth)}`);
  }
  return `{${parts.join(",")}}`;
}

/** A Date, a Map or an instance of a class would lose what it is. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.getOwnPropertySymbols(value).length === 0;
}

/** RFC 8785 §3.2.2.2 takes over JSON.stringify's rules for strings, but a lone surrogate has no UTF-8 form. */
function encodeString(text: string): string {
  // The first test is cheap and settles nearly all text; the second understands pairs.
  if (/[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text)) {
    throw new FormatError("lone-surrogate", "a string holds a lone surrogate");
  }
  return JSON.stringify(text);
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new FormatError("number-not-finite", "a number is not finite");
  if (!Number.isInteger(value)) throw new FormatError("number-not-integer", "a number is not an integer");
  if (!Number.isSafeInteger(value)) throw new FormatError("number-too-large", "an integer is beyond 2^53-1");
  if (Object.is(value, -0)) throw new FormatError("negative-zero", "minus zero has no canonical form");
  return String(value);
}

/** Counts brackets outside strings, without recursion, before anything is built from hostile text. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) at = endOfString(text, at + 1);
    else if (unit === openBracket || unit === openBrace) {
      if (++depth > maxDepth) return true;
    } else if (unit === closeBracket || unit === closeBrace) depth--;
  }
  return false;
}

/** Index of the quote that ends the string whose first unit is at `start`; the text's length if none does. */
function endOfString(text: string, start: number): number {
  for (let from = start; ; ) {
    const end = text.indexOf('"', from);
    if (end === -1) return text.length;
    let first = end;
    while (first > from && text.charCodeAt(first - 1) === backslash) first--;
    if ((end - first) % 2 === 0) return end;
    from = end + 1;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
