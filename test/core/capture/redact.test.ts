import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Json } from "../../../src/audit/canonical-json.ts";
import { redactInfoJson, redactText, redactTypedUrl, redactUrl } from "../../../src/core/capture/redact.ts";
import { cpuMs } from "../../support/cpu-time.js";

const visitor = "46.182.111.39";

describe("info.json", () => {
  const info = {
    id: "abc",
    title: "Видео 12:34:56",
    cookies: "session=CANARY1",
    http_headers: { Cookie: "session=CANARY1", "User-Agent": "x" },
    _filename: "/home/zz_canary/media.mp4",
    __last_playlist_index: 1,
    webpage_url: "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    formats: [
      {
        format_id: "18",
        cookies: "a=CANARY1",
        http_headers: {},
        url: `https://r1.googlevideo.com/videoplayback?expire=1&ip=${visitor}&id=o-1&itag=18&sig=AOq0QJ8wRgIh&lsig=ABCD`,
        manifest_url: `https://manifest.googlevideo.com/api/manifest/hls/expire/1/ip/${visitor}/id/x/sig/AOq0QJ8w/file/index.m3u8`,
        fragments: [{ url: "https://cdn.example.org/seg-1.ts?token=TOKENTOKEN&n=1" }],
      },
    ],
    thumbnails: [{ url: "https://i.example.org/t.jpg?Signature=abcdefgh&w=5" }],
    comments: [{ text: `posted from ${visitor} and CANARY1` }],
  } satisfies Json;

  const { value, cut } = redactInfoJson(info, ["CANARY1", "/home/zz_canary"]);
  const text = JSON.stringify(value);

  test("cookies, request headers, local names and addresses are gone", () => {
    for (const secret of [
      "CANARY1",
      "zz_canary",
      visitor,
      "AOq0QJ8w",
      "TOKENTOKEN",
      "abcdefgh",
      "User-Agent",
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test("what the platform said about the clip stays", () => {
    expect(value).toMatchObject({ id: "abc", title: "Видео 12:34:56", webpage_url: info.webpage_url });
    expect(text).toContain("itag=18");
    expect(text).toContain("&n=1");
    expect(text).toContain("&w=5");
  });

  test("every cut is listed by JSON pointer", () => {
    expect(cut).toContain("/cookies dropped");
    expect(cut).toContain("/formats/0/http_headers dropped");
    expect(cut).toContain("/formats/0/url signed parameter");
    expect(cut).toContain("/formats/0/fragments/0/url signed parameter");
    expect(cut.some((place) => place.startsWith("/comments/0/text "))).toBe(true);
  });

  test("a clean info.json stays as it is", () => {
    const clean = { id: "x", duration: 12.5, tags: ["a", "b"], view_count: 5, nothing: null };
    expect(redactInfoJson(clean, ["CANARY1"])).toEqual({ value: clean, cut: [] });
  });

  test("a key named __proto__ does no harm", () => {
    const { value } = redactInfoJson(JSON.parse('{"__proto__":{"x":1},"a":{"constructor":"y"}}'), []);
    expect(value).toEqual({ a: { constructor: "y" } });
  });
});

describe("pages", () => {
  test("the visitor's address and cookie are cut and the place is listed", () => {
    const page = `<html>\n<p>Your address is ${visitor}</p>\n<p>hello CANARY1</p></html>`;
    const { text, cut } = redactText(page, ["CANARY1"]);
    expect(text).toBe("<html>\n<p>Your address is [cut]</p>\n<p>hello [cut]</p></html>");
    expect(cut).toEqual(["2:20 address", "3:10 secret"]);
  });

  test("IPv6 addresses are cut, times and CSS are not", () => {
    const { text } = redactText("at 12:34:56 from 2a00:1450:4001:81b::200e; a::before { } std::fade", []);
    expect(text).toBe("at 12:34:56 from [cut]; a::before { } std::fade");
  });

  test("the host of an address is a fact about the source and stays", () => {
    const page = '<a href="http://93.184.216.34/x?ip=46.182.111.39">, http://[2606:4700::1]/';
    expect(redactText(page, []).text).toBe(
      '<a href="http://93.184.216.34/x?ip=[cut]">, http://[2606:4700::1]/',
    );
  });

  test("escaped addresses in scripts are found", () => {
    const page = String.raw`{"url":"https:\/\/cdn.example.org\/v?a=1\u0026sig=SECRETSIG\u0026b=2&amp;ip=46.182.111.39"}`;
    const { text } = redactText(page, []);
    expect(text).not.toContain("SECRETSIG");
    expect(text).not.toContain(visitor);
    expect(text).toContain(String.raw`\u0026b=2`);
  });

  test("text without secrets stays byte for byte", () => {
    const page = "<p>Алматы, 2026-10-01, version 1.2, price 12.50</p>";
    expect(redactText(page, ["CANARY1"])).toEqual({ text: page, cut: [] });
  });

  test("very many places are counted, not listed", () => {
    const { cut } = redactText(`${visitor} `.repeat(5000), []);
    expect(cut).toHaveLength(2001);
    expect(cut[2000]).toBe("and 3000 more places");
  });

  test("a long hostile text takes no long time", async () => {
    const pieces = ["://", "?a=", "&ip", ":", "1.", "%26", "/ip/%a", "://a@", "&sig=a", "1.1.1.1 "];
    const redactAll = () => {
      for (const piece of pieces) redactText(piece.repeat(20_000), ["CANARY1"]);
    };
    expect(await cpuMs(redactAll)).toBeLessThan(1_500);
  });
});

describe("addresses for the record", () => {
  test("user and password are cut", () => {
    expect(redactUrl("http://user:pass@proxy.example.org/")).toBe("http://[cut]@proxy.example.org/");
  });

  test("long keys are cut whatever they are called", () => {
    const key = "a1B2".repeat(12);
    expect(redactUrl(`https://example.org/v?id=5&whatever=${key}`)).toBe(
      "https://example.org/v?id=5&whatever=[cut]",
    );
  });
});

describe("secrets never survive", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9/&" .%+-]{6,20}$/).filter((text) => !"[cut]".includes(text));
  const around = fc.string({ maxLength: 30 });

  test("in any text", () => {
    fc.assert(
      fc.property(secret, around, around, (canary, before, after) => {
        const spellings = [canary, encodeURIComponent(canary), JSON.stringify(canary).slice(1, -1)];
        const page = spellings.map((spelling) => `${before}${spelling}${after}`).join("\n");
        const { text } = redactText(page, [canary]);
        for (const spelling of spellings) expect(text).not.toContain(spelling);
      }),
    );
  });

  test("in any JSON, as key or value, at any depth", () => {
    fc.assert(
      fc.property(secret, fc.jsonValue({ maxDepth: 4 }), (canary, json) => {
        const info: Json = JSON.parse(
          JSON.stringify({ a: [json, { [canary]: `x${canary}y`, deep: [[canary]] }], cookies: canary }),
        );
        const text = JSON.stringify(redactInfoJson(info, [canary]).value);
        expect(text).not.toContain(JSON.stringify(canary).slice(1, -1));
      }),
    );
  });

  test("public addresses in parameters and paths", () => {
    fc.assert(
      fc.property(
        fc.ipV4().filter((ip) => !/^(0|127|255)\./.test(ip)),
        (ip) => {
          const url = `https://cdn.example.org/api/ip/${ip}/x?ip=${ip}&b=1#${ip}`;
          expect(redactUrl(url)).not.toContain(ip);
        },
      ),
    );
  });
});

describe("a value of any length", () => {
  it.each(["?sig=", "/sig/", "?key1=", "https://user:"])(
    "%s with twenty million characters behind it is cut",
    (name) => {
      const long = "a1".repeat(10_000_000);
      const { text } = redactText(`x${name}${long}@host.example`, []);
      expect(text.length).toBeLessThan(100);
    },
  );
});

describe("an address as a person typed it", () => {
  it.each([
    ["http://user:hunter2pw@host.example/v", "http://[cut]@host.example/v"],
    ["http://user:hunter2@pw@host.example/v", "http://[cut]@host.example/v"],
    ["http:\\\\user:hunter2pw@host.example/v", "http://[cut]@host.example/v"],
    ["https://user:hunter2/pw@host.example/v", "https://[cut]@host.example/v"],
    ["user:hunter2pw@host.example/v", "[cut]@host.example/v"],
    ["ftp://user:hunter2pw@host.example/v", "ftp://[cut]@host.example/v"],
    ["https://host.example/v?access_token=hunter2pw&t=1", "https://host.example/v?access_token=[cut]&t=1"],
    ["https://host.example/v#access_token=hunter2pw", "https://host.example/v#access_token=[cut]"],
    [
      "https://user:hunter2pw@https://user:hunter2pw@host.example/v",
      "https://[cut]@https//[cut]@host.example/v",
    ],
    ["https://https://user:hunter2pw@host.example/v", "https://https://[cut]@host.example/v"],
    ["https://host.example/@user/video/7", "https://host.example/@user/video/7"],
    ["https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
  ])("%s is shown without its secrets", (typed, shown) => {
    expect(redactTypedUrl(typed)).toBe(shown);
  });
});
