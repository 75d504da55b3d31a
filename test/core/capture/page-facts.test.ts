import { describe, expect, it } from "vitest";
import { readPlatformFacts } from "../../../src/core/capture/info-json.js";
import { addPageFacts } from "../../../src/core/capture/page-facts.js";

const generic = readPlatformFacts({ extractor_key: "Generic", title: "Сцена (1)" }, "info.json");

function page(data: unknown): string {
  return `<html><script type="application/ld+json">${typeof data === "string" ? data : JSON.stringify(data)}</script></html>`;
}

const video = {
  "@type": "VideoObject",
  name: "Сцена",
  uploadDate: "2026-01-15",
  author: { "@type": "Person", name: "Әлия" },
};

describe("what a page says of its video", () => {
  it("is added as the platform's claim with the place it stands, and the extractor's number goes from the title", () => {
    const facts = addPageFacts(generic, page(video), "source/page-1.html");
    expect(facts.title).toEqual({
      value: "Сцена",
      basis: "platform_claim",
      from: "source/page-1.html:VideoObject.name",
    });
    expect(facts.uploader?.value).toBe("Әлия");
    expect(facts.posted_at?.value).toBe("2026-01-15");
  });

  it("gives the page's title where the extractor only put a number behind it", () => {
    const facts = addPageFacts(generic, "<html><title>Сцена</title>", "p");
    expect(facts.title).toMatchObject({ value: "Сцена", from: "p:title" });
    expect(addPageFacts(generic, "<html><title>another</title>", "p").title?.value).toBe("Сцена (1)");
  });

  it("is not given to the second video of a page, since nothing says whose it is", () => {
    const second = readPlatformFacts({ extractor_key: "HTML5MediaEmbed", title: "Сцена (2)" }, "info.json");
    expect(addPageFacts(second, page(video), "p")).toEqual(second);
  });

  it("is found in a graph or a list", () => {
    for (const data of [
      { "@graph": [{ "@type": "WebPage" }, video] },
      [video],
      { "@type": "NewsArticle", video },
    ]) {
      expect(addPageFacts(generic, page(data), "p").uploader?.value).toBe("Әлия");
    }
  });

  it("never replaces what an extractor for the site itself read", () => {
    const known = readPlatformFacts({ extractor_key: "Youtube", title: "as read" }, "info.json");
    expect(addPageFacts(known, page(video), "p")).toEqual(known);
  });

  it("is passed over where it is broken, of the wrong type, or too deep", () => {
    for (const data of ["{", "[".repeat(5000), { "@type": "VideoObject", name: 7, author: [] }, "null"]) {
      expect(addPageFacts(generic, page(data), "p").uploader).toBeNull();
    }
  });

  it("a page of beginnings without an end is read as fast as any other", () => {
    const facts = readPlatformFacts({ extractor_key: "Generic" }, "info.json");
    for (const begin of ["<script application/ld+json>", "<title>", "<title ", "<script "]) {
      const page = begin.repeat((4 * 1024 * 1024) / begin.length);
      expect(addPageFacts(facts, page, "page")).toEqual(facts);
    }
  });
});
