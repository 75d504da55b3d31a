import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  decodedHeaders,
  httpMessage,
  recordId,
  warcFields,
  warcRecord,
} from "../../../src/core/page/warc.ts";

const utf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

describe("a WARC record says what it holds", () => {
  const body = Buffer.from("<p>Привет</p>", "utf8");
  const block = httpMessage("HTTP/1.1 200 OK", [["content-type", "text/html"]], body);
  const record = warcRecord({
    type: "response",
    random: new Uint8Array(16).fill(0xff),
    date: "2026-12-01T10:00:00Z",
    contentType: "application/http; msgtype=response",
    fields: [["WARC-Target-URI", "https://example.org/"]],
    block,
    payload: body,
  });

  it("it is laid out as WARC 1.1 asks, with the digests of block and payload", () => {
    expect(utf8(record)).toBe(
      [
        "WARC/1.1",
        "WARC-Type: response",
        "WARC-Record-ID: <urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff>",
        "WARC-Date: 2026-12-01T10:00:00Z",
        "WARC-Target-URI: https://example.org/",
        `WARC-Block-Digest: sha256:${sha256(block)}`,
        `WARC-Payload-Digest: sha256:${sha256(body)}`,
        "Content-Type: application/http; msgtype=response",
        `Content-Length: ${block.length}`,
        "",
        "HTTP/1.1 200 OK",
        "content-type: text/html",
        "",
        "<p>Привет</p>",
        "",
        "",
      ].join("\r\n"),
    );
  });

  it("no value that a site chose begins another field, record or body", () => {
    const hostile = "x\r\nWARC-Type: warcinfo\r\n\r\nWARC/1.1\0";
    const message = utf8(httpMessage(hostile, [[`name\r\n: ${hostile}`, hostile]], new Uint8Array(0)));
    expect(message.split("\r\n").length).toBe(4);
    expect(utf8(warcFields([["software", hostile]])).split("\r\n").length).toBe(2);
  });

  it("what described a body on its way stays readable, and the length is that of the decoded body", () => {
    const sent = [
      ["Content-Encoding", "zstd"],
      ["Transfer-Encoding", "chunked"],
      ["Content-Length", "12"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ] as const;
    expect(decodedHeaders(sent, 30)).toEqual([
      ["x-orig-content-encoding", "zstd"],
      ["x-orig-transfer-encoding", "chunked"],
      ["x-orig-content-length", "12"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["content-length", "30"],
    ]);
  });

  it("an id is a UUID of version 4", () => {
    const id = /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/;
    for (let seed = 0; seed < 50; seed += 1)
      expect(recordId(createHash("sha256").update(String(seed)).digest())).toMatch(id);
  });
});
