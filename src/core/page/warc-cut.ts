import { redactUrl } from "../capture/redact.js";
import { type CutBytes, cutBody } from "./cut-body.js";
import { type Field, warcDigest } from "./warc.js";

/** One record of a WARC file as read: its header without the closing empty line, and its block. */
export interface ReadRecord {
  readonly fields: readonly Field[];
  readonly block: Uint8Array;
}

/** Header fields of HTTP whose values open somebody's session. */
const secretFields = new Set([
  "cookie",
  "set-cookie",
  "authorization",
  "proxy-authorization",
  "x-csrf-token",
  "x-xsrf-token",
]);

/**
 * A record without cookies, addresses of machines, signing parameters and `secrets`, with the digests of what is left
 * (FORMAT.md §6.2). Pure.
 */
export function cutRecord(
  { fields, block }: ReadRecord,
  secrets: readonly string[],
): ReadRecord & { readonly cut: readonly string[] } {
  const type = fieldNamed(fields, "WARC-Type") ?? "";
  const isHttp = type === "request" || type === "response";
  const { bytes, payload, cut } = isHttp ? cutMessage(block, secrets) : cutBlock(fields, block, secrets);
  const shown = fields.map(([name, value]): Field => {
    const lower = name.toLowerCase();
    if (lower === "warc-target-uri" || lower === "warc-refers-to-target-uri")
      return [name, redactUrl(value, secrets)];
    if (lower === "warc-block-digest") return [name, warcDigest(bytes)];
    if (lower === "warc-payload-digest") return [name, warcDigest(payload)];
    return lower === "content-length" ? [name, String(bytes.length)] : [name, value];
  });
  const address = shown.some(([, value], at) => /^https?:/.test(value) && value !== fields[at]?.[1]);
  return { fields: shown, block: bytes, cut: [...(address ? ["its address"] : []), ...cut] };
}

/**
 * Values of the cookies that a record sets or sends, so that they can be cut where a page repeats them: as sent, without
 * their quotation marks, and as a script reads them.
 */
export function cookieValues({ fields, block }: ReadRecord): readonly string[] {
  if (!/^re(quest|sponse)$/.test(fieldNamed(fields, "WARC-Type") ?? "")) return [];
  const { head } = partsOf(block);
  return head.flatMap((line) => {
    const [, name = "", value = ""] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (lower !== "cookie" && lower !== "set-cookie") return [];
    const sent = Buffer.from(value, "latin1").toString("utf8");
    const pairs = lower === "cookie" ? sent.split(";") : [sent.split(";")[0] ?? ""];
    const values = pairs.flatMap((pair) => readings(pair.slice(pair.indexOf("=") + 1).trim()));
    return values.filter((one) => one.length >= shortestCookie);
  });
}

function readings(sent: string): readonly string[] {
  const bare = sent.replace(/^"(.*)"$/, "$1");
  return [...new Set([sent, bare, decodedOrSame(bare)])];
}

function decodedOrSame(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Shorter values are words and numbers that a page may hold without meaning the cookie. */
const shortestCookie = 8;

function fieldNamed(fields: readonly Field[], wanted: string): string | null {
  return fields.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? null;
}

function cutBlock(
  fields: readonly Field[],
  block: Uint8Array,
  secrets: readonly string[],
): CutBytes & { readonly payload: Uint8Array } {
  const cut = cutBody(block, fieldNamed(fields, "Content-Type"), secrets);
  return { ...cut, payload: cut.bytes };
}

/** A message of HTTP: lines of its header, and its body. */
function partsOf(block: Uint8Array): { readonly head: readonly string[]; readonly body: Uint8Array } {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.toString("latin1", 0, end === -1 ? bytes.length : end).split("\r\n");
  return { head, body: end === -1 ? new Uint8Array() : bytes.subarray(end + 4) };
}

function cutMessage(
  block: Uint8Array,
  secrets: readonly string[],
): CutBytes & { readonly payload: Uint8Array } {
  const { head, body } = partsOf(block);
  const type = head
    .map((line) => /^content-type:\s*(.*)$/i.exec(line)?.[1])
    .find((value) => value !== undefined);
  const cutOfBody = cutBody(body, type ?? null, secrets);
  const cutOfHead: string[] = [];
  const lines = head.map((line, at) => {
    const shown = at === 0 ? cutLine(line, secrets) : cutField(line, secrets);
    if (shown !== line)
      cutOfHead.push(`header: ${at === 0 ? "its first line" : line.slice(0, line.indexOf(":"))}`);
    const isLength = cutOfBody.cut.length > 0 && /^content-length:/i.test(line);
    return isLength ? `content-length: ${cutOfBody.bytes.length}` : shown;
  });
  const bytes = Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), cutOfBody.bytes]);
  return {
    bytes,
    payload: cutOfBody.bytes,
    cut: [...cutOfHead, ...cutOfBody.cut.map((place) => `body: ${place}`)],
  };
}

function cutLine(line: string, secrets: readonly string[]): string {
  return Buffer.from(cutBody(Buffer.from(line, "latin1"), "text/plain", secrets).bytes).toString("latin1");
}

function cutField(line: string, secrets: readonly string[]): string {
  const colon = line.indexOf(":");
  if (colon === -1) return cutLine(line, secrets);
  return secretFields.has(line.slice(0, colon).toLowerCase())
    ? `${line.slice(0, colon)}: [cut]`
    : `${line.slice(0, colon + 1)}${cutLine(line.slice(colon + 1), secrets)}`;
}
