import { hostsOfSite, isAtOrBelow } from "./sites.js";

/** A Netscape cookie jar cut down to one site, and the values that must never reach a record. */
export interface SiteCookies {
  readonly jar: string;
  readonly secrets: readonly string[];
}

interface Cookie {
  readonly line: string;
  readonly domain: string;
  /** Seconds since 1970; 0 for a cookie that ends with the browser's session. */
  readonly expires: number;
  readonly value: string;
}

/**
 * Keeps the lines of a Netscape cookie file whose domain is a host of the site that `host` belongs to, below one, or a
 * parent of `host`. Comments other than the format's own `#HttpOnly_` prefix are dropped.
 */
export function cookiesForHost(text: string, host: string): SiteCookies {
  const kept = readCookies(text).filter(({ domain }) => belongs(domain, host));
  return {
    jar: ["# Netscape HTTP Cookie File", ...kept.map(({ line }) => line), ""].join("\n"),
    secrets: kept.map(({ value }) => value).filter((value) => value.length >= 4),
  };
}

/** Why a cookie file has no line that yt-dlp would read; null if it has one. `text` is the file read as UTF-8. */
export function cookieFileProblem(text: string): "json" | "utf-16" | "no-cookies" | null {
  if (text.includes("\0")) return "utf-16";
  if (readCookies(text).length > 0) return null;
  return /^\ufeff?\s*[[{]/.test(text) ? "json" : "no-cookies";
}

/** Whether a file's cookies can help at `host`: `other-site` if none is for its site, `expired` if all of those are over. */
export function cookiesFit(text: string, host: string, now: Date): "fit" | "other-site" | "expired" {
  const kept = readCookies(text).filter(({ domain }) => belongs(domain, host));
  if (kept.length === 0) return "other-site";
  const seconds = now.getTime() / 1000;
  return kept.every(({ expires }) => expires > 0 && expires <= seconds) ? "expired" : "fit";
}

const onlyForServer = /^#HttpOnly_/;

/** The lines of a cookie file, however it was exported: the mark of UTF-8 before the first one, either kind of line end. */
function readCookies(text: string): readonly Cookie[] {
  return text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .flatMap((line) => {
      const fields = line.replace(onlyForServer, "").split("\t");
      return fields.length < 7 || line.startsWith("# ") ? [] : [readCookie(fields, onlyForServer.test(line))];
    });
}

/**
 * One cookie, and its line as yt-dlp demands it. The Python under it refuses the whole file, and with it the address, for
 * one line whose domain and flag do not agree; and yt-dlp leaves out a line that does not end at a whole second.
 */
function readCookie(fields: readonly string[], isOnlyForServer: boolean): Cookie {
  const [typed = "", flag = "", path = "", secure = "", end = "", name = "", value = ""] = fields;
  const domain = typed.replace(/^\./, "");
  // There are no hosts below a number.
  const isWide = !/^[\d.]+$/.test(domain) && (typed.startsWith(".") || isTrue(flag));
  const expires = /^\d+/.exec(end)?.[0] ?? "0";
  const written = [
    `${isOnlyForServer ? "#HttpOnly_" : ""}${isWide ? "." : ""}${domain}`,
    ...[isWide ? "TRUE" : "FALSE", path, isTrue(secure) ? "TRUE" : "FALSE", expires, name, value],
  ];
  return { line: written.join("\t"), domain: domain.toLowerCase(), expires: Number(expires), value };
}

function isTrue(flag: string): boolean {
  return flag.toUpperCase() === "TRUE";
}

function belongs(domain: string, host: string): boolean {
  if (hostsOfSite(host).some((one) => isAtOrBelow(domain, one))) return true;
  // A parent domain must contain a dot: a cookie for "com" belongs to nobody.
  return domain.includes(".") && isAtOrBelow(host.toLowerCase(), domain);
}
