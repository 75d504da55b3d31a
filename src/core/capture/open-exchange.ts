import { wellFormed } from "../words/printable.js";
import type { HttpExchange } from "./record.js";

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

const maxLine = 64 * 1024;
const maxUrl = 8192;
/** The longest value of a header, or line of the downloader's own, that is kept. */
export const maxValue = 1024;

/** An exchange while it is being read. */
export interface OpenExchange {
  readonly method: string;
  url: string;
  askedFrom: number | null;
  replied: boolean;
  status: number | null;
  readonly headers: Map<string, string>;
}

/** An exchange of which nothing but the method is known. */
export function openExchange(method: string): OpenExchange {
  return { method, url: "", askedFrom: null, replied: false, status: null, headers: new Map() };
}

/** Sets the address of a request that names a path on `host`, or a whole address. */
export function address(open: OpenExchange, originScheme: string, target: string, host: string): void {
  const url = /^https?:\/\//i.test(target) ? target : `${originScheme}://${host}${target}`;
  open.url = url.slice(0, maxUrl);
}

/** Takes a header line of an answer if it is one that is kept; the first of a name counts. */
export function readHeader(open: OpenExchange, text: string): void {
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

/** What an exchange is in the log. */
export function finished(open: OpenExchange): TrafficExchange {
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

/** A length as a server writes it; null for anything else. */
export function readLength(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : null;
}

/** Hands on text line by line, whatever pieces it comes in; cuts off what is longer than any line that counts. */
export function openLineReader(takeLine: (line: string) => void): {
  readonly push: (text: string) => void;
  readonly finish: () => void;
} {
  let rest = "";
  let skipping = false;
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
    finish: () => {
      if (rest !== "" && !skipping) takeLine(rest);
      rest = "";
    },
  };
}
