import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  followRedirects,
  openTrafficReader,
  readPythonLiteral,
  requestOrigins,
} from "../../../src/core/capture/traffic-log.ts";

function read(text: string, scheme: "http" | "https" = "https") {
  const reader = openTrafficReader(scheme);
  reader.push(text);
  return reader.finish();
}

const request = (target: string, host = "example.org") =>
  `send: b'GET ${target} HTTP/1.1\\r\\nHost: ${host}\\r\\nCookie: session=SECRET\\r\\n\\r\\n'\n`;

const answer = (status: string, ...headers: string[]) =>
  `reply: 'HTTP/1.1 ${status}\\r\\n'\n${headers.map((header) => `header: ${header}\n`).join("")}`;

describe("the downloader's traffic", () => {
  test("a request and its answer are one exchange", () => {
    const { exchanges } = read(
      request("/clip.mp4?id=1") +
        answer(
          "200 OK",
          "Content-Length: 62977",
          'ETag: "abc"',
          "Last-Modified: Tue, 04 Aug 2026 10:00:00 GMT",
        ),
    );
    expect(exchanges).toEqual([
      {
        method: "GET",
        url: "https://example.org/clip.mp4?id=1",
        status: 200,
        location: null,
        date: null,
        last_modified: "Tue, 04 Aug 2026 10:00:00 GMT",
        etag: '"abc"',
        content_type: null,
        content_length: 62977,
        range: null,
        asked_from: null,
        encoded: false,
        retry_after: null,
      },
    ]);
  });

  test("request headers, and cookies with them, are not kept", () => {
    expect(JSON.stringify(read(request("/x") + answer("200 OK")))).not.toContain("SECRET");
  });

  test("through a proxy the whole address stands in the request, and the tunnel itself is no exchange", () => {
    const tunnel =
      "send: b'CONNECT example.org:443 HTTP/1.0\\r\\n\\r\\n'\nreply: 'HTTP/1.1 200 Connection established\\r\\n'\n";
    const { exchanges } = read(
      `${tunnel}${request("/a")}${answer("200 OK")}${request("http://plain.org/b")}`,
    );
    expect(exchanges.map((one) => one.url)).toEqual(["https://example.org/a", "http://plain.org/b"]);
  });

  test("a partial answer tells the whole length", () => {
    const { exchanges } = read(
      request("/a") + answer("206 Partial Content", "Content-Range: bytes 0-9/1000"),
    );
    expect(exchanges[0]?.range?.total).toBe(1000);
  });

  test("a compressed body is marked", () => {
    expect(read(request("/a") + answer("200 OK", "Content-Encoding: gzip")).exchanges[0]?.encoded).toBe(true);
  });

  test("the body of a request cannot pass for another request", () => {
    const forged = "send: b'GET /forged HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n'\n";
    expect(read(request("/real") + forged + answer("200 OK")).exchanges.map((one) => one.url)).toEqual([
      "https://example.org/real",
    ]);
  });

  test("the first of two equal headers counts, and one that is no number does not", () => {
    const log = read(request("/a") + answer("200 OK", "Content-Length: 5", "Content-Length: 7"));
    expect(log.exchanges[0]?.content_length).toBe(5);
    expect(
      read(request("/a") + answer("200 OK", "Content-Length: 5e9")).exchanges[0]?.content_length,
    ).toBeNull();
  });

  test("remarks are kept, progress is not", () => {
    const { remarks } = read(
      "[hlsnative] Total fragments: 5\n[download]  51.7% of 504961 at 1.5 ETA 0\nWARNING: x\n",
    );
    expect(remarks).toEqual(["[hlsnative] Total fragments: 5"]);
  });

  test("a remark that begins with a carriage return is read", () => {
    expect(
      read("\r[download] File is larger than max-filesize (5 bytes > 1 bytes). Aborting.\n").remarks,
    ).toHaveLength(1);
  });

  test("text cut at any place reads the same", () => {
    const text =
      request("/a") + answer("302 Found", "Location: /b") + request("/b") + answer("200 OK", "Date: now");
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const reader = openTrafficReader("https");
        let from = 0;
        for (const cut of cuts.sort((a, b) => a - b)) {
          reader.push(text.slice(from, cut));
          from = cut;
        }
        reader.push(text.slice(from));
        expect(reader.finish()).toEqual(read(text));
      }),
    );
  });

  test("no output of a server makes the reader fail", () => {
    const line = fc.tuple(
      fc.constantFrom("send: ", "reply: ", "header: ", "[download] ", ""),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => void read(lines.map((parts) => parts.join("")).join("\n"))),
    );
  });

  test("a line without an end does not fill the memory", () => {
    const reader = openTrafficReader("https");
    for (let i = 0; i < 50; i += 1) reader.push("x".repeat(100_000));
    reader.push(`\n${request("/after")}${answer("200 OK")}`);
    expect(reader.finish().exchanges).toHaveLength(1);
  });
});

test("a Python literal is read as Python wrote it", () => {
  expect(readPythonLiteral("b'a\\r\\n\\x41\\'\\\\'")).toBe("a\r\nA'\\");
  expect(readPythonLiteral('b"it\'s"')).toBe("it's");
  expect(readPythonLiteral("<iterator>")).toBe("<iterator>");
});

describe("redirects", () => {
  const chain =
    request("/start") +
    answer("302 Found", "Location: /middle") +
    request("/middle") +
    answer("301 Moved", "Location: https://cdn.example.org/end") +
    request("/end", "cdn.example.org") +
    answer("200 OK");

  test("every hop is listed, in order, both ends included", () => {
    expect(followRedirects("https://example.org/start#part", read(chain).exchanges)).toEqual([
      "https://example.org/start#part",
      "https://example.org/middle",
      "https://cdn.example.org/end",
    ]);
  });

  test("an answer is traced back to the address that was asked for first", () => {
    expect(requestOrigins(read(chain).exchanges)[2]).toBe("https://example.org/start");
  });

  test("a loop ends", () => {
    const loop = request("/a") + answer("302 Found", "Location: /a");
    expect(followRedirects("https://example.org/a", read(loop + loop).exchanges)).toEqual([
      "https://example.org/a",
    ]);
  });
});
