import { openLibcurlReader } from "./libcurl-words.js";
import {
  address,
  finished,
  maxValue,
  type OpenExchange,
  openExchange,
  openLineReader,
  readHeader,
  readLength,
  type TrafficExchange,
} from "./open-exchange.js";
import { webUrl } from "./source-url.js";

export type { ContentRange, TrafficExchange } from "./open-exchange.js";

export interface TrafficLog {
  readonly exchanges: readonly TrafficExchange[];
  /** The downloader's own lines, such as `[hlsnative] Total fragments: 5`. They contain hostile text. */
  readonly remarks: readonly string[];
  /** True if a limit was reached and later lines were dropped. */
  readonly capped: boolean;
}

/** Reads the downloader's stdout and stderr piece by piece; `finish` returns what was read. */
export interface TrafficReader {
  readonly push: (text: string) => void;
  /** Takes stderr, where libcurl writes the requests that imitate a browser. */
  readonly pushErrors: (text: string) => void;
  /** What was read so far. */
  readonly soFar: () => TrafficLog;
  /** How often the downloader said that a transfer broke off and that it will ask again. */
  readonly breaks: () => number;
  readonly finish: () => TrafficLog;
}

const progressLine = /^\[download\] +[\d.NA%]+ of /;

const maxExchanges = 50_000;
const maxRemarks = 20_000;

/**
 * Reads what yt-dlp prints with `--print-traffic`: `send:` and `reply:` as Python literals, `header:` as the server
 * wrote it. `originScheme` is the scheme of requests that name only a path: https when everything goes through a
 * proxy (plain http then names the whole URL), else that of the requested URL. Exchanges stand in the order in which
 * they arrived on the two pipes. Servers control every header and reason phrase; titles inside remarks may contain line
 * breaks and imitate any line, so nothing here is proof.
 */
export function openTrafficReader(originScheme: "http" | "https"): TrafficReader {
  const exchanges: OpenExchange[] = [];
  const remarks: string[] = [];
  let open: OpenExchange | null = null;
  let capped = false;
  let breaks = 0;

  const begin = (request: OpenExchange): void => {
    if (exchanges.length < maxExchanges) exchanges.push(request);
    else capped = true;
  };

  const takeLine = (line: string): void => {
    if (line.startsWith("send: ")) {
      const request = open !== null && !open.replied ? null : readRequest(line.slice(6), originScheme);
      if (request === null) return;
      open = request;
      begin(request);
    } else if (line.startsWith("reply: ")) {
      if (open !== null) readReply(open, line.slice(7));
    } else if (line.startsWith("header: ")) {
      if (open !== null) readHeader(open, line.slice(8));
    } else if (/^\[[\w:.+-]+\] /.test(line) && !progressLine.test(line)) {
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

  const lines = openLineReader(takeLine);
  const errors = openLineReader(openLibcurlReader(originScheme, begin));
  return {
    push: lines.push,
    pushErrors: errors.push,
    soFar,
    breaks: () => breaks,
    finish: () => {
      lines.finish();
      errors.finish();
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
  const open = openExchange(method);
  address(open, originScheme, target, /\r\nHost: ([^\r\n]*)\r\n/i.exec(text)?.[1] ?? "");
  open.askedFrom = readLength(/\r\nRange: *bytes=(\d+)-/i.exec(text)?.[1] ?? null);
  return open;
}

function readReply(open: OpenExchange, literal: string): void {
  const status = /^['"]HTTP\/\d(?:\.\d)? (\d{3})\b/.exec(literal)?.[1];
  open.replied = true;
  open.status = status === undefined ? null : Number(status);
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
