import { describe, expect, it } from "vitest";
import { keptWords } from "../../../src/core/capture/downloader-words.js";
import { cpuMs } from "../../support/cpu-time.js";

const kept = (text: string, ...secrets: readonly string[]) =>
  Buffer.from(keptWords(Buffer.from(text), secrets)).toString();

describe("what a downloader said", () => {
  it("is kept without a cookie, a password or a token, whoever wrote the header", () => {
    const said = [
      "> GET /p/C/ HTTP/2",
      "> Cookie: sessionid=abc; csrftoken=def",
      "> cookie: lower=1",
      "> Authorization: Bearer abc",
      "> Proxy-Authorization: Basic aG9sZGZhc3Q6Z3VhcmQ=",
      "< set-cookie: sessionid=new; path=/",
      "< content-type: text/html",
      "ERROR: [Instagram] C: login required",
    ];
    expect(kept(said.join("\n")).split("\n")).toEqual([
      "> GET /p/C/ HTTP/2",
      "> Cookie: <blanked>",
      "> cookie: <blanked>",
      "> Authorization: <blanked>",
      "> Proxy-Authorization: <blanked>",
      "< set-cookie: <blanked>",
      "< content-type: text/html",
      "ERROR: [Instagram] C: login required",
    ]);
  });

  it("is kept without them in any form in which libcurl writes them", () => {
    const said = [
      "> CONNECT example.org:443 HTTP/1.1",
      "Proxy-Authorization: Basic aG9sZGZhc3Q6Z3VhcmQ=",
      "* [HTTP/2] [1] [:path: /p]",
      "* [HTTP/2] [1] [cookie: sid=abc]",
      "* [HTTP/2] [13] [authorization: Bearer abc]",
      '* Added cookie sid="abc" for domain example.org, path /, expire 0',
      '* Replaced cookie sid="abc" for domain example.org, path /, expire 0',
    ];
    expect(kept(said.join("\r\n")).split("\n")).toEqual([
      "> CONNECT example.org:443 HTTP/1.1\r",
      "Proxy-Authorization: <blanked>\r",
      "* [HTTP/2] [1] [:path: /p]\r",
      "* [HTTP/2] [1] [cookie: <blanked>\r",
      "* [HTTP/2] [13] [authorization: <blanked>\r",
      "* Added cookie sid=<blanked>\r",
      "* Replaced cookie sid=<blanked>",
    ]);
  });

  it("is kept without a secret that stands anywhere else in it", () => {
    const said =
      "ERROR: unable to connect to proxy http://holdfast:guard-password@127.0.0.1:4000; sid=пароль";
    expect(kept(said, "guard-password", "пароль", "")).toBe(
      "ERROR: unable to connect to proxy http://holdfast:<blanked>@127.0.0.1:4000; sid=<blanked>",
    );
  });

  it("is read in time that grows with its length, whatever it repeats", async () => {
    for (const text of [" ".repeat(400_000), "> \t".repeat(200_000), "cookie \t".repeat(100_000)])
      expect(await cpuMs(() => kept(`${text}x`))).toBeLessThan(2_000);
  });

  it("is otherwise kept byte for byte, whatever bytes it has", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    expect(Buffer.from(keptWords(bytes, ["not in it"]))).toEqual(bytes);
  });
});
