import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../audit/canonical-json.js";
import type { BodilessReason } from "../../core/page/coverage.js";
import {
  fieldsOf,
  fieldsOfText,
  listAt,
  numberAt,
  objectAt,
  protocolsOf,
  textAt,
} from "../../core/page/foreign-fields.js";
import { decodedHeaders, type Field, httpMessage, recordId } from "../../core/page/warc.js";
import type { WarcFile } from "./warc-file.js";

/** One request and its response, as far as the browser has told. */
export interface Exchange {
  readonly url: string;
  readonly request: JsonObject;
  /** When it was asked, UTC. */
  readonly at: string;
  /** As the browser classes it, in lower case: `document`, `image`. */
  readonly kind: string;
  /** Whether it is for the page itself. */
  readonly isPage: boolean;
  /** What was sent and received on the wire, where the browser tells. */
  sent: JsonObject | null;
  received: JsonObject | null;
  response: JsonObject | null;
  settled: boolean;
}

/** Why the WARC holds less than the whole body, in the words that the format has for it. */
const truncated: Readonly<Record<BodilessReason, string | null>> = {
  redirect: null,
  "no-content": null,
  "web-socket": null,
  unfinished: "time",
  cancelled: "disconnect",
  broken: "disconnect",
  "not-kept": "unspecified",
  "too-large": "length",
  "service-worker": "unspecified",
};

/** Writes exchanges into a WARC as pairs of a response and its request. */
export class ExchangeWriter {
  private readonly file: WarcFile;
  private readonly hasRoomFor: (bytes: number) => boolean;

  /** `hasRoomFor` decides whether the visit may take another body of that size. */
  constructor(file: WarcFile, hasRoomFor: (bytes: number) => boolean) {
    this.file = file;
    this.hasRoomFor = hasRoomFor;
  }

  /**
   * Writes the exchange with its body, or with as much as there is of it and the reason why that is not all. False, and
   * nothing is written, if there is no room.
   */
  write(
    exchange: Exchange,
    body: Uint8Array | { readonly reason: BodilessReason; readonly part: Uint8Array },
  ): boolean {
    const [content, cut] = "reason" in body ? [body.part, truncated[body.reason]] : [body, null];
    if (content.length > 0 && !this.hasRoomFor(content.length)) return false;
    const [random, other] = [randomBytes(16), randomBytes(16)];
    this.writeResponse(exchange, content, cut, random);
    this.writeRequest(exchange, random, other);
    return true;
  }

  private writeResponse(exchange: Exchange, body: Uint8Array, cut: string | null, random: Uint8Array): void {
    const { url, at, response, received } = exchange;
    const status = numberAt(received, "statusCode") ?? numberAt(response, "status") ?? 0;
    const words = textAt(response, "statusText") ?? "";
    const headers = decodedHeaders(headersOf(response, received), body.length);
    const tls = textAt(response, "securityDetails", "protocol");
    const cipher = textAt(response, "securityDetails", "cipher");
    const fields: readonly Field[] = [
      ["WARC-Target-URI", url],
      ...protocolsOf(textAt(response, "protocol"), tls).map((name): Field => ["WARC-Protocol", name]),
      ...(cipher === null ? [] : [["WARC-Cipher-Suite", cipher] as const]),
      ...(cut === null ? [] : [["WARC-Truncated", cut] as const]),
    ];
    const block = httpMessage(`HTTP/1.1 ${status} ${words}`, headers, body);
    const contentType = "application/http; msgtype=response";
    this.file.write({ type: "response", date: at, contentType, fields, block, payload: body }, random);
  }

  private writeRequest({ url, at, request, sent }: Exchange, answer: Uint8Array, random: Uint8Array): void {
    const method = textAt(request, "method") ?? "GET";
    const [, path = "/"] = /^https?:\/\/[^/?#]*([^#]*)/i.exec(url) ?? [];
    const target = path.startsWith("/") ? path : `/${path}`;
    const body = postedBody(request);
    const headers = requestHeaders(url, objectAt(sent, "headers"), objectAt(request, "headers"));
    const block = httpMessage(`${method} ${target} HTTP/1.1`, headers, body);
    const fields: readonly Field[] = [
      ["WARC-Target-URI", url],
      ["WARC-Concurrent-To", recordId(answer)],
    ];
    const contentType = "application/http; msgtype=request";
    this.file.write({ type: "request", date: at, contentType, fields, block, payload: body }, random);
  }
}

/** As the site sent them where the browser tells: with every cookie, and over HTTP/1 in their order and spelling. */
function headersOf(response: JsonObject | null, received: JsonObject | null): readonly Field[] {
  const text = textAt(received, "headersText");
  if (text !== null) return fieldsOfText(text);
  return fieldsOf(objectAt(received ?? response, "headers"));
}

/** Over HTTP/2 the first line of a request stands among its fields, with a colon before the name. */
function requestHeaders(url: string, sent: JsonObject, asked: JsonObject): readonly Field[] {
  const all = Object.keys(sent).length > 0 ? fieldsOf(sent) : fieldsOf(asked);
  // The last one is for the guard, which does not hand it on.
  const named = all.filter(([name]) => !name.startsWith(":") && name.toLowerCase() !== "proxy-connection");
  if (named.some(([name]) => name.toLowerCase() === "host")) return named;
  const host = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "";
  return [["Host", host], ...named];
}

function postedBody(request: JsonObject): Uint8Array {
  const parts = listAt(request, "postDataEntries").map((entry) =>
    Buffer.from(textAt(entry, "bytes") ?? "", "base64"),
  );
  if (parts.length > 0) return Buffer.concat(parts);
  return Buffer.from(textAt(request, "postData") ?? "", "utf8");
}
