import { describe, expect, it } from "vitest";
import { bodilessByNature, coverageOf, hasNoneByNature } from "../../../src/core/page/coverage.ts";
import { fieldsOf, fieldsOfText, protocolsOf } from "../../../src/core/page/foreign-fields.ts";
import { planTiles, tallestTile, tileName } from "../../../src/core/page/tiles.ts";

describe("what a visit kept is counted", () => {
  it("responses with a body and those listed without one make up all", () => {
    const url = "https://example.org/";
    const listed = [
      { url, status: 302, reason: "redirect" as const },
      { url, status: 200, reason: "unfinished" as const },
    ];
    // Of a redirect nothing is missing.
    expect(coverageOf(58, listed)).toEqual({ responses: 60, with_body: 59, listed: 1 });
  });

  it.each([
    ["GET", 200, null],
    ["GET", 206, null],
    ["GET", 404, null],
    ["GET", 301, "redirect"],
    ["POST", 303, "redirect"],
    ["GET", 304, "no-content"],
    ["GET", 204, "no-content"],
    ["HEAD", 200, "no-content"],
    ["OPTIONS", 200, "no-content"],
  ] as const)("of %s answered with %d the reason for having no body is %s", (method, status, reason) => {
    expect(bodilessByNature(method, status)).toBe(reason);
    if (reason !== null) expect(hasNoneByNature(reason)).toBe(true);
  });

  it("a body that was given up counts as lost", () => {
    const lost = ["unfinished", "cancelled", "broken", "not-kept", "too-large", "service-worker"] as const;
    expect(lost.filter(hasNoneByNature)).toEqual([]);
  });
});

describe("a page is pictured in parts", () => {
  it.each([0, 1, 800, tallestTile, tallestTile + 1, 60_000, 160_000])(
    "the parts of a page of %d pixels follow each other without a gap or repeat",
    (height) => {
      let y = 0;
      for (const tile of planTiles(height)) {
        expect(tile.y).toBe(y);
        expect(tile.height).toBeGreaterThan(0);
        expect(tile.height).toBeLessThanOrEqual(tallestTile);
        y += tile.height;
      }
      expect(y).toBe(height);
    },
  );

  it("they are named in their order", () => {
    expect([0, 1, 9].map(tileName)).toEqual(["full-01.png", "full-02.png", "full-10.png"]);
  });
});

describe("what the browser says of a header is read", () => {
  it("a field that was sent twice stands there twice", () => {
    expect(fieldsOf({ "set-cookie": "a=1\nb=2", age: "3", odd: 4 })).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["age", "3"],
    ]);
  });

  it("the text of a header keeps order and spelling", () => {
    expect(fieldsOfText("HTTP/1.1 200 OK\r\nX-B: 1\r\nx-a:2 \r\nno field\r\n\r\n")).toEqual([
      ["X-B", "1"],
      ["x-a", "2"],
    ]);
  });

  it("protocols are named as WARC names them", () => {
    expect(protocolsOf("h2", "TLS 1.3")).toEqual(["h2", "tls/1.3"]);
    expect(protocolsOf("http/1.1", null)).toEqual(["http/1.1"]);
    expect(protocolsOf(null, null)).toEqual([]);
  });
});
