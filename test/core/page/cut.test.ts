import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cutBody } from "../../../src/core/page/cut-body.ts";
import { cutMhtml } from "../../../src/core/page/mhtml-cut.ts";
import type { Field } from "../../../src/core/page/warc.ts";
import { cookieValues, cutRecord } from "../../../src/core/page/warc-cut.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");
const text = (body: Uint8Array) => Buffer.from(body).toString("utf8");
const sha256 = (body: Uint8Array) => `sha256:${createHash("sha256").update(body).digest("hex")}`;

describe("a body of a page, before a package can carry it,", () => {
  it("loses the visitor's address, tokens in addresses and secrets, in whatever encoding with ASCII in it", () => {
    const page = "<p>Алматы 203.0.113.77 <a href='/x?token=abcdef123456'> s3cr3t-value";
    const { bytes: left, cut } = cutBody(bytes(page), "text/html", ["s3cr3t-value"]);
    expect(text(left)).toBe("<p>Алматы [cut] <a href='/x?token=[cut]'> [cut]");
    expect(cut).toHaveLength(3);
    const cyrillic = Buffer.concat([Buffer.from([0xc0, 0xeb, 0xec]), bytes(" 203.0.113.77")]);
    const windows = cutBody(cyrillic, "text/html; charset=windows-1251", []);
    expect([...windows.bytes.subarray(0, 3)]).toEqual([0xc0, 0xeb, 0xec]);
    expect(text(windows.bytes.subarray(3))).toBe(" [cut]");
  });

  it("keeps the name under which the browser asked, and versions that are no addresses", () => {
    const script = "const agent = 'Chrome/156.0.0.0 Safari/537.36'; const v = '2.14.0';";
    expect(cutBody(bytes(script), "text/javascript", [])).toEqual({ bytes: bytes(script), cut: [] });
  });

  it("stays as it is, byte for byte, where it is no text", () => {
    const picture = Buffer.from([0x89, 0x50, 0, 1, 2, ...bytes("203.0.113.77")]);
    expect(cutBody(picture, "image/png", [])).toEqual({ bytes: picture, cut: [] });
  });

  it("is left out whole, and said to be, where it is a text that cannot be searched", () => {
    const wide = Buffer.from("\ufeff<p>203.0.113.77", "utf16le");
    expect(cutBody(wide, "text/html", [])).toMatchObject({ cut: [expect.stringContaining("encoding")] });
    expect(cutBody(wide, "text/html", []).bytes).toHaveLength(0);
    const long = Buffer.alloc(17 * 1024 * 1024, 0x61);
    expect(cutBody(long, "text/plain", []).bytes).toHaveLength(0);
  });

  it("called a picture by its site is searched all the same where it is a text", () => {
    expect(text(cutBody(bytes("you: 203.0.113.77"), "image/png", []).bytes)).toBe("you: [cut]");
  });
});

const http = (type: string, block: string): { fields: readonly Field[]; block: Uint8Array } => ({
  fields: [
    ["WARC-Type", type],
    ["WARC-Target-URI", "https://video.example/post?sig=AbCdEf012345"],
    ["WARC-Block-Digest", sha256(bytes(block))],
    ["WARC-Payload-Digest", sha256(bytes(block.split("\r\n\r\n")[1] ?? ""))],
    ["Content-Length", String(bytes(block).length)],
  ],
  block: bytes(block),
});
const named = (fields: readonly Field[], name: string) => fields.find(([one]) => one === name)?.[1];

describe("a record of the WARC, before a package can carry it,", () => {
  it("loses cookies that a site sets and the browser sends, and logins, whole", () => {
    const answer = http(
      "response",
      "HTTP/1.1 200 OK\r\nset-cookie: sid=abc123def456; Path=/\r\n\r\n<p>sid abc123def456",
    );
    expect(cookieValues(answer)).toEqual(["abc123def456"]);
    const { block, cut } = cutRecord(answer, cookieValues(answer));
    expect(text(block)).toBe("HTTP/1.1 200 OK\r\nset-cookie: [cut]\r\n\r\n<p>sid [cut]");
    expect(cut).toEqual(["its address", "header: set-cookie", expect.stringMatching(/^body: /)]);
    const asked = http(
      "request",
      "GET /post?token=abcdef HTTP/1.1\r\nCookie: a=1; b=22222222\r\nAuthorization: Basic eA==\r\n\r\n",
    );
    expect(text(cutRecord(asked, []).block)).toBe(
      "GET /post?token=[cut] HTTP/1.1\r\nCookie: [cut]\r\nAuthorization: [cut]\r\n\r\n",
    );
    expect(cookieValues(asked)).toEqual(["22222222"]);
  });

  it("states the length and the digests of what is left", () => {
    const answer = http("response", "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\nyou: 203.0.113.77");
    const { fields, block } = cutRecord(answer, []);
    expect(text(block)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nyou: [cut]");
    expect(named(fields, "Content-Length")).toBe(String(block.length));
    expect(named(fields, "WARC-Block-Digest")).toBe(sha256(block));
    expect(named(fields, "WARC-Payload-Digest")).toBe(sha256(bytes("you: [cut]")));
    expect(named(fields, "WARC-Target-URI")).toBe("https://video.example/post?sig=[cut]");
  });

  it("knows a cookie in each form in which a page can repeat it", () => {
    const sent = 'HTTP/1.1 200 OK\r\nset-cookie: name="Алия%20visitor"; Path=/\r\n\r\n';
    expect(cookieValues(http("response", sent))).toEqual([
      '"Алия%20visitor"',
      "Алия%20visitor",
      "Алия visitor",
    ]);
  });

  it("states the digest of what is left of a list of its own too", () => {
    const list = bytes('{"listed":[{"url":"https://video.example/a?token=abcdef"}]}');
    const fields: readonly Field[] = [
      ["WARC-Type", "resource"],
      ["WARC-Payload-Digest", sha256(list)],
      ["Content-Type", "application/json"],
    ];
    const cut = cutRecord({ fields, block: list }, []);
    expect(text(cut.block)).toContain("token=[cut]");
    expect(named(cut.fields, "WARC-Payload-Digest")).toBe(sha256(cut.block));
  });

  it("with nothing to cut is the same again", () => {
    const answer = {
      ...http("response", "HTTP/1.1 200 OK\r\n\r\n<p>hello"),
      fields: [["WARC-Type", "response"] as const, ["Content-Length", "27"] as const],
    };
    const { cut, block } = cutRecord(answer, []);
    expect([cut, text(block)]).toEqual([[], text(answer.block)]);
  });
});

const mhtml = (body: string) =>
  [
    "From: <Saved by Blink>",
    "Snapshot-Content-Location: https://video.example/post?token=abcdef123456",
    "Subject: A post",
    'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----MultipartBoundary--x----"',
    "",
    "",
    "------MultipartBoundary--x----",
    "Content-Type: text/html",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    body,
    "------MultipartBoundary--x----",
    "Content-Type: image/png",
    "Content-Transfer-Encoding: base64",
    "Content-Location: https://cdn.example/a.png",
    "",
    "iVBORw0KGgo=",
    "",
    "------MultipartBoundary--x------",
    "",
  ].join("\r\n");

describe("a page in one file, before a package can carry it,", () => {
  it("loses an address that stands across two lines of quoted-printable", () => {
    const { text: left, cut } = cutMhtml(mhtml("<p>=D0=90 203.0.=\r\n113.77</p>=3D"), []);
    expect(left).toContain("<p>=D0=90 [cut]</p>=3D");
    expect(left).toContain("Snapshot-Content-Location: https://video.example/post?token=[cut]");
    expect(left).toContain("iVBORw0KGgo=");
    expect(cut).toEqual(["header", "part 1: 1:7 address"]);
    for (const line of left.split("\r\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("keeps lines short enough for mail where a long one was cut", () => {
    const { text: left } = cutMhtml(mhtml(`<p>203.0.113.77 ${"=D0=90".repeat(40)}`), []);
    for (const line of left.split("\r\n")) expect(line.length).toBeLessThanOrEqual(76);
    expect(left.replaceAll("=\r\n", "")).toContain(`[cut] ${"=D0=90".repeat(40)}`);
  });

  it("loses the visitor's address and a secret from a title that stands in encoded words, even across two", () => {
    const words = "=?utf-8?Q?=D0=92=D1=8B=20203.0.113.77=20s3cr?=\r\n =?utf-8?Q?3t=2Dvalue_=D0=92?=";
    const { text: left, cut } = cutMhtml(mhtml("<p>").replace("A post", words), ["s3cr3t-value"]);
    expect(left).toContain("Subject: =?utf-8?Q?=D0=92=D1=8B=20[cut]=20[cut]=20=D0=92?=\r\n");
    expect(cut).toEqual(["header"]);
  });

  it("is the same, byte for byte, in every part of which nothing was cut", () => {
    const page = mhtml("<p>hello=20=\r\nworld</p>")
      .replace("?token=abcdef123456", "")
      .replace("A post", "=?utf-8?Q?=D0=92=D1=8B?=\r\n =?utf-8?Q?_x?=");
    expect(cutMhtml(page, [])).toEqual({ text: page, cut: [] });
  });
});
