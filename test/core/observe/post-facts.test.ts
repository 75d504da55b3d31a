import { describe, expect, it } from "vitest";
import { readPlatformFacts } from "../../../src/core/capture/info-json.js";
import { changesBetween } from "../../../src/core/observe/changes.js";
import { postFactsOf } from "../../../src/core/observe/post-facts.js";

const info = { title: "A street", description: "Noon", uploader: "somebody", duration: 12.512 };
const factsOf = (json: Parameters<typeof readPlatformFacts>[0]) =>
  postFactsOf(readPlatformFacts(json, "source/info.json"), null);

describe("what a look-up says of a post, beside what the record has", () => {
  it("are the same five facts, read in the same way", () => {
    expect(factsOf(info)).toEqual({ ...info, duration: undefined, seconds: 12.512, thumbnail: null });
    expect(changesBetween(factsOf(info), factsOf({ ...info, duration: 12.9 }))).toEqual([]);
  });

  it("lacks what the platform left out, which is no change", () => {
    expect(factsOf({})).toEqual({
      title: null,
      description: null,
      uploader: null,
      seconds: null,
      thumbnail: null,
    });
    expect(changesBetween(factsOf(info), factsOf({ title: "A street" }))).toEqual([]);
  });

  it("shows a new title with the old one", () => {
    expect(changesBetween(factsOf(info), factsOf({ ...info, title: "Another" }))).toEqual([
      { what: "title", old: "A street", new: "Another" },
    ]);
  });
});
