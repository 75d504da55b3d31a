import { wellFormed } from "../words/printable.js";
import type { HttpExchange } from "./record.js";
import { webUrl } from "./source-url.js";

/** An exchange, with what only the judging of lengths needs. URLs are raw and may contain secrets. */
export interface TrafficExchange extends HttpExchange {
  /** The part of a file that a partial answer carries (`Content-Range: bytes 0-9/100`); null without one. */
  readonly range: ContentRange | null;
  /** The first byte that the request asked for (`Range: bytes=10-`); null if it asked for the whole. */
  readonly asked_from: number | null;
  /** True if the body was compressed in transit: its length then says nothing about the bytes on disk. */
  readonly encoded: boolean;
  /** How long the server asks the client to wait (RFC 9110 §10.2.3), as it wrote it; null if it does not. */
  readonly retry_after: string | null;
}

/** The first and the last byte of a part, from 0, and the length of the whole; null if the server does not know it. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly total: number | null;
}

export interface TrafficLog {
  readonly exchanges: readonly TrafficExchange[];
  /** The downloader's own lines, such as `[hlsnative] Total fragments: 5`. They contain hostile text. */
  readonly remarks: readonly string[];
  /** True if a limit was reached and later lines were dropped. */
  readonly capped: boolean;
}

/** Reads the downloader's stdout piece by piece; `finish` returns what was read. */
export interface TrafficReader {
  readonly push: (text: string) => void;
  /** What was read so far. */
  readonly soFar: () => TrafficLog;
  /** How often the downloader said that a transfer broke off and that it will ask again. */
  readonly breaks: () => number;
  readonly finish: () => TrafficLog;
}

const progressLine = /^\[download\] +[\d.NA%]+ of /;

const maxExchanges = 50_000;
const maxRemarks = 20_000;
const maxLine = 64 * 1024;
const maxUrl = 8192;
const maxValue = 1024;

interface OpenExchange {
  method: string;
  url: string;
  askedFrom: number | null;
  replied: boolean;
  status: number | null;
  headers: Map<string, string>;
}

/**
 * Reads what yt-dlp prints with `--print-traffic`: `send:` and `reply:` as Python literals, `header:` as the server
 * wrote it. `originScheme` is the scheme of requests that name only a path: https when everything goes through a
 * proxy (plain http then names the whole URL), else that of the requested URL. Servers control every header and
 * reason phrase; titles inside remarks may contain line breaks and imitate any line, so nothing here is proof.
 */
export function openTrafficReader(originScheme: "http" | "https"): TrafficReader {
  const exchanges: OpenExchange[] = [];
  const remarks: string[] = [];
  let open: OpenExchange | null = null;
  let rest = "";
  let skipping = false;
  let capped = false;
  let breaks = 0;

  const takeLine = (line: string): void => {
    if (line.startsWith("send: ")) {
      const request = open !== null && !open.replied ? null : readRequest(line.slice(6), originScheme);
      if (request === null) return;
      open = request;
      if (exchanges.length < maxExchanges) exchanges.push(request);
      else capped = true;
    } else if (line.startsWith("reply: ")) {
      if (open !== null) readReply(open, line.slice(7));
    } else if (line.startsWith("header: ")) {
      if (open !== null) readHeader(open, line.slice(8));
    } else if (/^\[[\w:+-]+\] /.test(line) && !progressLine.test(line)) {
      if (readBreak(line) !== null) breaks += 1;
      if (remarks.length < maxRemarks) remarks.push(line.slice(0, maxValue));
      else capped = true;
    }
  };

  const soFar = (): TrafficLog => ({
    exchanges: exchanges.filter((one) => one.method !== "CONNECT").map(finished),
    remarks: [...remarks],
    capped,
  });

  return {
    push: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!skipping) takeLine(line.slice(0, maxLine).replace(/^\r|\r$/g, ""));
        skipping = false;
      }
      if (rest.length <= maxLine) return;
      if (!skipping) takeLine(rest.slice(0, maxLine));
      skipping = true;
      rest = "";
    },
    soFar,
    breaks: () => breaks,
    finish: () => {
      if (rest !== "" && !skipping) takeLine(rest);
      rest = "";
      return soFar();
    },
  };
}

/** The downloader's own line about a transfer that broke off and that it means to continue; null if it is another line. */
export function readBreak(line: string): string | null {
  return /^\[download\] (Got error: .*)\. Retrying \(\d+\/\d+\)\.\.\.$/.exec(line)?.[1] ?? null;
}

/** The request line and host in a `send:` literal; null for a body or anything else. */
function readRequest(literal: string, originScheme: string): OpenExchange | null {
  const text = readPythonLiteral(literal);
  const line = /^([A-Z]{3,10}) (\S+) HTTP\/1\.[01]\r\n/.exec(text);
  if (line === null) return null;
  const [, method = "", target = ""] = line;
  const host = /\r\nHost: ([^\r\n]*)\r\n/i.exec(text)?.[1] ?? "";
  const url = /^https?:\/\//i.test(target) ? target : `${originScheme}://${host}${target}`;
  const askedFrom = readLength(/\r\nRange: *bytes=(\d+)-/i.exec(text)?.[1] ?? null);
  return { method, url: url.slice(0, maxUrl), askedFrom, replied: false, status: null, headers: new Map() };
}

function readReply(open: OpenExchange, literal: string): void {
  const status = /^['"]HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(literal)?.[1];
  open.replied = true;
  open.status = status === undefined ? null : Number(status);
}

function readHeader(open: OpenExchange, text: string): void {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim().toLowerCase();
  if (colon < 1 || !wantedHeaders.has(name) || open.headers.has(name)) return;
  open.headers.set(
    name,
    text
      .slice(colon + 1)
      .trim()
      .slice(0, name === "location" ? maxUrl : maxValue),
  );
}

const wantedHeaders = new Set([
  "location",
  "date",
  "last-modified",
  "etag",
  "content-type",
  "content-length",
  "content-range",
  "content-encoding",
  "retry-after",
]);

function finished(open: OpenExchange): TrafficExchange {
  const header = (name: string): string | null => open.headers.get(name) ?? null;
  const encoding = header("content-encoding");
  return {
    method: open.method,
    url: wellFormed(open.url),
    status: open.status,
    location: header("location"),
    date: header("date"),
    last_modified: header("last-modified"),
    etag: header("etag"),
    content_type: header("content-type"),
    content_length: readLength(header("content-length")),
    range: readRange(header("content-range") ?? ""),
    asked_from: open.askedFrom,
    encoded: encoding !== null && encoding.toLowerCase() !== "identity",
    retry_after: header("retry-after"),
  };
}

/** RFC 9110 §14.4: `bytes 0-9/100`, or `bytes 0-9/*` where the server does not know the whole length. */
function readRange(text: string): ContentRange | null {
  const [, first = "", last = "", total = ""] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text) ?? [];
  const part = { first: readLength(first), last: readLength(last), total: readLength(total) };
  return part.first === null || part.last === null ? null : { ...part, first: part.first, last: part.last };
}

function readLength(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : null;
}

/**
 * The text of a Python `b'…'` or `'…'` literal, with bytes as Latin-1 characters. Text that is not a literal stays as
 * it is.
 */
export function readPythonLiteral(literal: string): string {
  const body = /^b?(['"])(.*)\1$/s.exec(literal)?.[2];
  if (body === undefined) return literal;
  return body.replace(/\\(?:x([0-9a-f]{2})|([nrt\\'"]))/g, (_, hex: string | undefined, plain: string) =>
    hex === undefined ? (pythonEscapes[plain] ?? plain) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const pythonEscapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * The chain of addresses that began at `requested`: each redirect answer leads to the next. Both ends are included;
 * a loop ends where it closes. A later request for an address that redirected is the same hop, not a new one.
 */
export function followRedirects(requested: string, exchanges: readonly TrafficExchange[]): string[] {
  const chain = [requested];
  let index = 0;
  for (let hop = 0; hop < 50; hop += 1) {
    const at = chain[chain.length - 1] ?? requested;
    const found = exchanges.findIndex((one, place) => place >= index && sameResource(one.url, at));
    const exchange = exchanges[found];
    const next = exchange === undefined ? null : redirectTarget(exchange);
    if (next === null || chain.includes(next)) return chain;
    chain.push(next);
    index = found + 1;
  }
  return chain;
}

/**
 * For each exchange the address that was requested first: its own, or the one where the redirects that led to it began.
 */
export function requestOrigins(exchanges: readonly TrafficExchange[]): string[] {
  const origins: string[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    const before = exchanges[index - 1];
    const led = before === undefined ? null : redirectTarget(before);
    const followed = led !== null && sameResource(led, exchange.url);
    origins.push(followed ? (origins[index - 1] ?? exchange.url) : exchange.url);
  }
  return origins;
}

/** Where a redirect answer leads, as an absolute address; null when the exchange is no redirect. */
function redirectTarget(exchange: TrafficExchange): string | null {
  if (exchange.status === null || ![301, 302, 303, 307, 308].includes(exchange.status)) return null;
  return exchange.location === null ? null : (webUrl(exchange.location, exchange.url)?.href ?? null);
}

/** True when both addresses ask a server for the same thing: everything but the fragment and the spelling agrees. */
export function sameResource(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [webUrl(a), webUrl(b)];
  if (left === null || right === null) return false;
  left.hash = "";
  right.hash = "";
  return left.href === right.href;
}
