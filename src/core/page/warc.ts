import { hash } from "node:crypto";

/** A field of a WARC or HTTP header. */
export type Field = readonly [name: string, value: string];

/** What WARC records of one visit share. */
export interface WarcRecord {
  readonly type: "warcinfo" | "request" | "response" | "resource";
  /** 16 random bytes, from which the record's id is made. */
  readonly random: Uint8Array;
  /** UTC, RFC 3339. */
  readonly date: string;
  readonly contentType: string;
  /** Further fields, in order. */
  readonly fields: readonly Field[];
  readonly block: Uint8Array;
  /** The part of the block after the HTTP header; null where the block has none. */
  readonly payload: Uint8Array | null;
}

/**
 * One record of a WARC/1.1 file (ISO 28500:2017), not yet compressed: header, block and the two line ends that close it,
 * with SHA-256 of the block and, if there is one, of the payload.
 */
export function warcRecord(record: WarcRecord): Uint8Array {
  const payload: readonly Field[] =
    record.payload === null ? [] : [["WARC-Payload-Digest", warcDigest(record.payload)]];
  const header = warcHeader([
    ["WARC-Type", record.type],
    ["WARC-Record-ID", recordId(record.random)],
    ["WARC-Date", record.date],
    ...record.fields,
    ["WARC-Block-Digest", warcDigest(record.block)],
    ...payload,
    ["Content-Type", record.contentType],
    ["Content-Length", String(record.block.length)],
  ]);
  return joined([header, record.block, new TextEncoder().encode("\r\n\r\n")]);
}

/** The header of a record from its fields, with the empty line that ends it. */
export function warcHeader(fields: readonly Field[]): Uint8Array {
  return lines("WARC/1.1", fields);
}

/** `<urn:uuid:…>` of version 4, from 16 random bytes. */
export function recordId(random: Uint8Array): string {
  const hex = [...random.subarray(0, 16)].map((byte, index) => {
    const set = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return set.toString(16).padStart(2, "0");
  });
  const parts = [hex.slice(0, 4), hex.slice(4, 6), hex.slice(6, 8), hex.slice(8, 10), hex.slice(10, 16)];
  return `<urn:uuid:${parts.map((part) => part.join("")).join("-")}>`;
}

/** The block of a `warcinfo` record. */
export function warcFields(fields: readonly Field[]): Uint8Array {
  return lines(null, fields, "");
}

/** An HTTP message: its first line, its header and its body. */
export function httpMessage(first: string, headers: readonly Field[], body: Uint8Array): Uint8Array {
  return joined([lines(first, headers), body]);
}

/** What no longer describes a body once the browser has decoded it. */
const ofTheTransfer = new Set(["content-encoding", "transfer-encoding", "content-length"]);

/**
 * The header of a response whose body was decoded by the browser: the fields that described it on its way are kept as
 * `x-orig-…`, as other crawlers name them, so that the record can be read and replayed; the length is that of the body.
 */
export function decodedHeaders(headers: readonly Field[], bodyBytes: number): readonly Field[] {
  const named = headers.map(([name, value]): Field => {
    return ofTheTransfer.has(name.toLowerCase()) ? [`x-orig-${name.toLowerCase()}`, value] : [name, value];
  });
  return [...named, ["content-length", String(bodyBytes)]];
}

/** A site chooses names and values, and may not begin another line or field with them. */
function lines(first: string | null, fields: readonly Field[], end = "\r\n"): Uint8Array {
  const named = fields.map(([name, value]) => `${name.replace(/[\0\r\n:\s]/g, "")}: ${oneLine(value)}\r\n`);
  const text = `${first === null ? "" : `${oneLine(first)}\r\n`}${named.join("")}${end}`;
  return new TextEncoder().encode(text);
}

function oneLine(text: string): string {
  return text.replace(/[\0\r\n]+/g, " ");
}

/** As the digest fields of a record have it. */
export function warcDigest(bytes: Uint8Array): string {
  return `sha256:${hash("sha256", bytes, "hex")}`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
