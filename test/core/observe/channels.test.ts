import { describe, expect, it } from "vitest";
import { questionsFor } from "../../../src/core/observe/channels.js";

const asked = (url: string, thumbnail: string | null = null) =>
  questionsFor(new URL(url), thumbnail === null ? null : new URL(thumbnail)).map(
    (question) => `${question.by} ${question.url}`,
  );

describe("beside the look-up is asked", () => {
  it("the address alone of a site that is not known", () => {
    expect(asked("https://news.example/video", "https://cdn.news.example/a.jpg")).toEqual([
      "address https://news.example/video",
    ]);
  });

  it("oEmbed of the platform itself, under whichever host the address was copied", () => {
    expect(asked("https://youtu.be/abcdefghijk", "https://i.ytimg.com/vi/abcdefghijk/hq.jpg")).toEqual([
      "address https://youtu.be/abcdefghijk",
      "oembed https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fyoutu.be%2Fabcdefghijk",
      "thumbnail https://i.ytimg.com/vi/abcdefghijk/hq.jpg",
    ]);
  });

  it("Telegram's own form of the post, of the channel's page too", () => {
    for (const url of ["https://t.me/news/5", "https://t.me/s/news/5?single"])
      expect(asked(url).at(-1)).toBe("embed https://t.me/news/5?embed=1");
  });

  it("no thumbnail whose address is signed and expires", () => {
    const url = "https://www.tiktok.com/@a/video/7";
    expect(
      asked(url, "https://p16.tiktokcdn.com/a.jpg?x-expires=1").map((line) => line.split(" ")[0]),
    ).toEqual(["address", "oembed"]);
  });
});
