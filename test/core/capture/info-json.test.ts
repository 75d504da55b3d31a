import { describe, expect, test } from "vitest";
import { encodeCanonical } from "../../../src/audit/canonical-json.ts";
import { readPlatformFacts } from "../../../src/core/capture/info-json.ts";

const info = {
  id: "dQw4w9WgXcQ",
  extractor: "youtube",
  extractor_key: "Youtube",
  webpage_url: "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
  title: "Видео\u0000 \ud83d",
  uploader: "Айгерім",
  timestamp: 1790812800,
  upload_date: "20261001",
  duration: 12.345,
  tags: ["a", 5, "б"],
  view_count: 1234,
  like_count: 2 ** 60,
  comment_count: -1,
  location: "",
};

describe("what the platform said", () => {
  const facts = readPlatformFacts(info, "info.json");

  test("every value is the platform's claim and says where it was read", () => {
    expect(facts.uploader).toEqual({ value: "Айгерім", basis: "platform_claim", from: "info.json:uploader" });
    expect(facts.extractor?.value).toBe("Youtube");
    expect(facts.canonical_url?.from).toBe("info.json:webpage_url");
  });

  test("half a character and NUL become replacement characters, the rest stays as received", () => {
    expect(facts.title?.value).toBe("Видео\ufffd \ufffd");
  });

  test("a date comes with the field it was read from", () => {
    expect(facts.posted_at).toEqual({
      value: "2026-10-01T00:00:00.000Z",
      basis: "platform_claim",
      from: "info.json:timestamp",
    });
    expect(readPlatformFacts({ ...info, timestamp: null }, "info.json").posted_at).toEqual({
      value: "2026-10-01",
      basis: "platform_claim",
      from: "info.json:upload_date",
    });
  });

  test("a length is decimal text, a count without an exact form is absent", () => {
    expect(facts.duration?.value).toBe("12.345");
    expect(facts.view_count?.value).toBe(1234);
    expect(facts.like_count).toBeNull();
    expect(facts.comment_count).toBeNull();
    expect(facts.location).toBeNull();
    expect(facts.tags?.value).toEqual(["a", "б"]);
  });

  test("what was read can be hashed: it has a canonical form", () => {
    expect(() => encodeCanonical(facts)).not.toThrow();
  });
});

describe("dates that are none", () => {
  const facts = readPlatformFacts({ ...info, extractor: "generic", extractor_key: "Generic" }, "info.json");

  test("Last-Modified of a server is not an upload time", () => {
    expect(facts.posted_at).toBeNull();
    expect(facts.upload_date?.from).toContain("not an upload time");
  });

  test.each([1e300, -1e300, Number.NaN])("a timestamp beyond the calendar is absent: %s", (timestamp) => {
    expect(readPlatformFacts({ ...info, timestamp, upload_date: "x" }, "i").posted_at).toBeNull();
  });
});

test.each([null, [], "text", 5, { title: 5, tags: "x", duration: "long" }])(
  "hostile shapes give no facts: %o",
  (json) => {
    expect(readPlatformFacts(json, "info.json")).toEqual(readPlatformFacts({}, "info.json"));
  },
);

test("a length keeps its digits without an exponent", () => {
  expect(readPlatformFacts({ duration: 1e-7 }, "i").duration?.value).toBe("0");
  expect(readPlatformFacts({ duration: 3600 }, "i").duration?.value).toBe("3600");
});
