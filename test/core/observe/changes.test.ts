import { describe, expect, it } from "vitest";
import { changesBetween, type PostFacts } from "../../../src/core/observe/changes.js";

const facts: PostFacts = {
  title: "A street",
  description: "Filmed at noon.\nSecond line",
  uploader: "somebody",
  seconds: 61,
  thumbnail: "f".repeat(64),
};

const changed = (now: Partial<PostFacts>) => changesBetween(facts, { ...facts, ...now });

describe("what a post says of itself", () => {
  it("is the same where nothing differs", () => {
    expect(changed({})).toEqual([]);
  });

  it("has changed with the old and the new value", () => {
    expect(changed({ title: "Another street", seconds: 40 })).toEqual([
      { what: "title", old: "A street", new: "Another street" },
      { what: "seconds", old: "61", new: "40" },
    ]);
    expect(changed({ description: "", uploader: "somebody else" }).map(({ what }) => what)).toEqual([
      "description",
      "uploader",
    ]);
  });

  it("has not changed by what one of two answers lacks", () => {
    const none = { title: null, description: null, uploader: null, seconds: null, thumbnail: null };
    expect(changed(none)).toEqual([]);
    expect(changesBetween(none, facts)).toEqual([]);
  });

  it("has not changed by how it is written: composed letters, ends of lines, a rounded length", () => {
    expect(changesBetween({ ...facts, title: "\u0439" }, { ...facts, title: "\u0438\u0306" })).toEqual([]);
    expect(changed({ description: "Filmed at noon. \r\nSecond line\n", seconds: 60 })).toEqual([]);
  });

  it("has another thumbnail from 32 of 256 bits on, and not by less", () => {
    expect(changed({ thumbnail: `${"0".repeat(7)}8${"f".repeat(56)}` })).toEqual([]);
    expect(changed({ thumbnail: `${"0".repeat(8)}${"f".repeat(56)}` }).map(({ what }) => what)).toEqual([
      "thumbnail",
    ]);
  });

  it("has another thumbnail where one hash is none", () => {
    expect(changed({ thumbnail: "f" }).map(({ what }) => what)).toEqual(["thumbnail"]);
  });
});
