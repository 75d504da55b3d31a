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

describe("requests that imitate a browser, in the words of libcurl", () => {
  const words = (...lines: string[]) => lines.map((line) => `${line}\r\n`).join("");
  const tunnel = words(
    "* Establishing HTTP proxy tunnel to example.org:443",
    "> CONNECT example.org:443 HTTP/1.1",
    "Host: example.org:443",
    "Proxy-Authorization: Basic aG9sZGZhc3Q6U0VDUkVU",
    "",
    "< HTTP/1.1 200 Connection established",
    "< ",
    "* [HTTP/2] [1] [cookie: session=SECRET]",
  );
  const page = words(
    "> GET /p/C HTTP/2",
    "Host: example.org",
    "Cookie: session=SECRET",
    "Range: bytes=7-",
    "",
    "* Request completely sent off",
    "< HTTP/2 103 ",
    "< etag: interim",
    "< HTTP/2 302 ",
    '* Added cookie s="SECRET" for domain example.org, path /, expire 0',
    "< set-cookie: s=SECRET",
    "< location: /p/D",
    "< content-length: 0",
    "< ",
  );

  const imitated = (text: string, scheme: "http" | "https" = "https", size = text.length) => {
    const reader = openTrafficReader(scheme);
    for (let at = 0; at < text.length; at += size) reader.pushErrors(text.slice(at, at + size));
    return reader.finish();
  };

  test("are exchanges like any other, in whatever pieces the words come", () => {
    for (const size of [1, 7, 10_000]) {
      const { exchanges, remarks } = imitated(tunnel + page, "https", size);
      expect(remarks).toEqual([]);
      expect(exchanges).toEqual([
        {
          method: "GET",
          url: "https://example.org/p/C",
          status: 302,
          location: "/p/D",
          date: null,
          last_modified: null,
          etag: null,
          content_type: null,
          content_length: 0,
          range: null,
          asked_from: 7,
          encoded: false,
          retry_after: null,
        },
      ]);
      expect(JSON.stringify(exchanges)).not.toContain("SECRET");
    }
  });

  test("name the whole address where a proxy takes plain http, and otherwise the scheme that was asked", () => {
    const urls = (target: string, scheme: "http" | "https") =>
      imitated(
        words(`> GET ${target} HTTP/1.1`, "Host: here:81", "", "< HTTP/1.1 200 OK"),
        scheme,
      ).exchanges.map(({ url, status }) => [url, status]);
    expect(urls("http://plain.org/a", "https")).toEqual([["http://plain.org/a", 200]]);
    expect(urls("/a", "http")).toEqual([["http://here:81/a", 200]]);
  });

  test("stand among the others in the order in which both arrived, and do not disturb them", () => {
    const reader = openTrafficReader("https");
    reader.push(request("/first"));
    reader.pushErrors(page);
    reader.push(answer("200 OK", "ETag: mine") + request("/last") + answer("404 Not Found"));
    expect(reader.finish().exchanges.map(({ url, status, etag }) => [url, status, etag])).toEqual([
      ["https://example.org/first", 200, "mine"],
      ["https://example.org/p/C", 302, null],
      ["https://example.org/last", 404, null],
    ]);
  });

  test("are not read from what the downloader itself says, and any text is read to its end", () => {
    expect(imitated("WARNING: [x] > GET /a HTTP/1.1\n< HTTP/1.1 200 OK\n").exchanges).toEqual([]);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(">", "<", " ", "\r", "\n", "GET / HTTP/1.1", ":", "x") }),
        (text) => {
          expect(imitated(text, "http", 3)).toEqual(imitated(text, "http"));
        },
      ),
    );
  });
});
