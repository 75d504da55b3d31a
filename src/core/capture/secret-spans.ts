import { parseIpv4, parseIpv6 } from "./source-url.js";

/** A piece of text to cut: UTF-16 units from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

const shortestSecret = 4;

/**
 * Everything in `text` that may identify the collector or open somebody's session, in order and without overlaps: each
 * of `secrets` in the spellings that pages and URLs use, IP addresses (unless they are the host of a URL), values of
 * signing parameters in URLs, and user:password; and what is `known` already. Case matters for secrets.
 */
export function findSecrets(text: string, secrets: readonly string[], known: readonly Span[] = []): Span[] {
  return merged([
    ...known,
    ...secretSpans(text, secrets),
    ...userInfoSpans(text),
    ...valueSpans(text, namedParameter, afterValue, "signed parameter"),
    ...valueSpans(text, namedPathPart, afterPathPart, "signed parameter"),
    ...keyLikeSpans(text),
    ...ipv4Spans(text),
    ...ipv6Spans(text),
  ]);
}

function merged(spans: Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result[result.length - 1];
    if (last === undefined || span.start >= last.end) result.push(span);
    else if (span.end > last.end) result[result.length - 1] = { ...last, end: span.end };
  }
  return result;
}

function secretSpans(text: string, secrets: readonly string[]): Span[] {
  const spans: Span[] = [];
  for (const spelling of new Set(secrets.filter((one) => one.length >= shortestSecret).flatMap(spellings))) {
    for (let start = text.indexOf(spelling); start !== -1; start = text.indexOf(spelling, start + 1)) {
      spans.push({ start, end: start + spelling.length, what: "secret" });
    }
  }
  return spans;
}

function spellings(secret: string): string[] {
  const percent = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, "\ufffd"));
  return [
    secret,
    percent,
    lowerCodes(percent),
    percent.replaceAll("%20", "+"),
    // A path in a URL keeps its slashes.
    percent.replaceAll("%2F", "/"),
    lowerCodes(percent.replaceAll("%2F", "/")),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("/", "\\/"),
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  ];
}

function lowerCodes(percent: string): string {
  return percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

const parameterNames =
  "ip|ipbits|ipbypass|client_?ip|user_?ip|remote_?addr|sig|signature|lsig|token|access_?token|refresh_?token|id_?token|api_?key|auth|auth_?token|authkey|hmac|hash_?key|policy|key-pair-id|session|session_?id|sid|jwt|pot|secret|password|passwd|pass|pwd|x-amz-[a-z-]+|x-goog-[a-z-]+|googleaccessid|awsaccesskeyid|hdne[at]|hdnts|hdntl|wstoken|st|oh|nonce|__youtubedl_smuggle";

// Servers write URLs into HTML and JSON with their own escapes for `&`, `=` and `/`.
const ampersand = String.raw`(?:[?&;#]|%3F|%26|\\u0026|\\x26)`;
const equals = String.raw`(?:=|%3D|\\u003d|\\x3d)`;
const slash = String.raw`(?:\\?/|%2F)`;

const namedParameter = new RegExp(`${ampersand}(?:${parameterNames})${equals}`, "gi");
const afterValue = /%26|\\u0026|\\x26|[&;#"'<>\s]|$/gi;
const namedPathPart = new RegExp(`${slash}(?:ip|ipbits|sig|lsig|signature|token|pot)${slash}(?!%)`, "gi");
const afterPathPart = /%2F|[/\\"'<>\s?#&]|$/gi;
const beforeHost = /\/\//g;
const afterUserInfo = /[/?#@\s"'<>]|$/g;
const anyParameter = /[?&][\w.~-]{1,64}=/g;
const afterKey = /[^\w.~%+/=-]|$/g;

/**
 * What stands between a name and the end of its value. A single pattern for both would overflow the stack on a long
 * value.
 */
function valueSpans(text: string, name: RegExp, after: RegExp, what: string): Span[] {
  const spans: Span[] = [];
  name.lastIndex = 0;
  while (name.test(text)) {
    const start = name.lastIndex;
    after.lastIndex = start;
    const end = after.exec(text)?.index ?? text.length;
    if (end === start) continue;
    spans.push({ start, end, what });
    // Its last character may begin the next name, as the colon in https://https://user:password@host.
    name.lastIndex = end - 1;
  }
  return spans;
}

/**
 * After a scheme, a user name alone counts too. Without a scheme it counts only with a password, as in an address
 * pasted twice.
 */
function userInfoSpans(text: string): Span[] {
  return valueSpans(text, beforeHost, afterUserInfo, "user and password").filter(
    ({ start, end }) =>
      text[end] === "@" && (text[start - 3] === ":" || text.slice(start, end).includes(":")),
  );
}

/** Long values of mixed letters and digits are keys of some kind, whatever the platform calls them. */
function keyLikeSpans(text: string): Span[] {
  return valueSpans(text, anyParameter, afterKey, "key-like value").filter(({ start, end }) => {
    const found = text.slice(start, end);
    return end - start >= 32 && /[a-z]/i.test(found) && /[0-9]/.test(found) && !/%2F%2F|:\/\//i.test(found);
  });
}

const ipv4Literal = /(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\w)/g;
const ipv6Literal = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:]|\.\w)/gi;

function ipv4Spans(text: string): Span[] {
  return addressSpans(text, ipv4Literal, (literal) => {
    const address = parseIpv4(literal);
    // 0/8, 127/8 and 255/8 are the same everywhere and identify nobody.
    return address !== null && ![0n, 127n, 255n].includes(address >> 24n);
  });
}

function ipv6Spans(text: string): Span[] {
  // Only what can be somebody's address: global (2000::/3), unique local and link-local.
  return addressSpans(text, ipv6Literal, (literal) => {
    const address = parseIpv6(literal);
    if (address === null) return false;
    return address >> 125n === 1n || address >> 121n === 0x7en || address >> 118n === 0x3fan;
  });
}

function addressSpans(text: string, pattern: RegExp, tells: (literal: string) => boolean): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const start = match.index;
    if (!tells(match[0]) || isUrlHost(text, start) || isVersionOfBrowser(text, start)) continue;
    spans.push({ start, end: start + match[0].length, what: "address" });
  }
  return spans;
}

const browserName =
  /(?:Chrome|Chromium|HeadlessChrome|CriOS|Edg|EdgA|OPR|YaBrowser|Firefox|Version)(?:\/|%2F|\\\/)$/;

/** Sites repeat the name under which a browser asks, and its version looks like an address: `Chrome/156.0.0.0`. */
function isVersionOfBrowser(text: string, start: number): boolean {
  return browserName.test(text.slice(Math.max(0, start - 20), start));
}

function isUrlHost(text: string, start: number): boolean {
  return /(?::|%3A)(?:\\?\/|%2F){2}(?:[^/?#@\s"'<>]{0,200}@)?\[?$/i.test(
    text.slice(Math.max(0, start - 220), start),
  );
}
