import { describe, expect, it } from "vitest";
import { packagePage } from "../../../src/core/package/page.js";
import { roCrate } from "../../../src/core/package/ro-crate.js";
import type { PageRecord } from "../../../src/core/page/page-record.js";
import { captureFacts, packaged, packageFacts } from "../../support/package-facts.js";
import { crateProblems } from "../../support/ro-crate-rules.js";
import * as samples from "../../support/samples.js";

const id = "20261123-4T9KX2MB";
const file = (
  kind: "page_view" | "page_mhtml" | "page_dom" | "page_warc",
  name: string,
  as_received = true,
) => ({
  ...samples.page.files[0]!,
  kind,
  path: `page/v3/${name}`,
  as_received,
});
const post: PageRecord = {
  ...samples.page,
  version: "v3",
  status: "captured",
  wall: null,
  files: [
    file("page_view", "view.png"),
    file("page_mhtml", "page.mhtml", false),
    file("page_dom", "dom.html", false),
    file("page_warc", "page.warc.gz", false),
  ],
  software: [{ ...samples.software, name: "chromium", version: "150.0.7871.100" }],
};
const facts = packageFacts([captureFacts(id, { pages: [post, samples.page] })]);
const page = packagePage(facts);
const graph: readonly Record<string, unknown>[] = JSON.parse(roCrate(facts, packaged("index.html")))[
  "@graph"
];
const entity = (name: string) => graph.find((item) => item["@id"] === name);

describe("the page of a package shows the pages around a clip", () => {
  it("by their pictures, each with its time, address, what it is and how much of it was kept", () => {
    for (const version of ["v3", "v4"])
      expect(page).toContain(`<img loading="lazy" src="${id}/page/${version}/view.png"`);
    expect(page).toContain(samples.page.requested_url);
    expect(page).toContain("2 of 3");
    expect(page).toContain("the site showed a request for consent over the whole page");
    expect(page).toContain("A post");
  });

  it("and names every file of them, but leads to none that a browser would run", () => {
    for (const name of ["page.mhtml", "dom.html", "page.warc.gz", "page.json"])
      expect(page).toContain(`page/v3/${name}`);
    expect(page).not.toMatch(/(?:href|src)="[^"]*\.(?:mhtml|html)"(?<!"index\.html")/);
    expect(page).toContain(`href="${id}/page/v3/page.warc.gz"`);
  });

  it("with none where there is none", () => {
    expect(packagePage(packageFacts([captureFacts(id)]))).not.toContain("The page around it");
  });
});

describe("the metadata of a package describe the pages", () => {
  it("each file by what it is, and whether it is as received", () => {
    expect(entity(`${id}/page/v3/view.png`)).toMatchObject({
      description: "picture of the page as it came into view",
      encodingFormat: "image/png",
    });
    expect(entity(`${id}/page/v3/page.mhtml`)).toMatchObject({ encodingFormat: "multipart/related" });
    expect(entity(`${id}/page/v3/dom.html`)!.description).toContain("not as received");
    expect(entity(`${id}/page/v3/page.json`)!.description).toBe("record of the page");
  });

  it("and each visit with its times, its browser and the files it brought, apart from the capture", () => {
    expect(entity(`#page-${id}-v3`)).toMatchObject({
      "@type": "CreateAction",
      startTime: post.started_at,
      endTime: post.ended_at,
    });
    const results = JSON.stringify(entity(`#page-${id}-v3`)!.result);
    expect(results).toContain("page/v3/view.png");
    expect(results).not.toContain("page/v4/");
    expect(JSON.stringify(entity(`#capture-${id}`)!.result)).not.toContain("page/v");
    expect(graph.some(({ name, version }) => name === "chromium" && version === "150.0.7871.100")).toBe(true);
  });

  it("by the rules of RO-Crate 1.2", () => {
    expect(crateProblems(roCrate(facts, packaged("index.html")))).toEqual([]);
  });
});
