import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasNoneByNature } from "../../../src/core/page/coverage.ts";
import { tallestTile } from "../../../src/core/page/tiles.ts";
import { chromium, type MadeVisit, makeVisit, removeVisits } from "../../support/page-visits.ts";
import { richPage, richPagePaths } from "../../support/rich-page.ts";
import { openSite, type Routes, type Site } from "../../support/site.ts";
import { rowsOfColour, tallPage } from "../../support/tall-page.ts";
import { recordsOf } from "../../support/warc-records.ts";

describe.skipIf(chromium === null)("a page of sixty parts is kept whole", () => {
  let site: Site;
  let made: MadeVisit;

  beforeAll(async () => {
    site = await openSite({ clips: "/nonexistent", routes: richPage("localhost") });
    made = await makeVisit(`${site.url}/rich`);
  });

  afterAll(async () => {
    await site.close();
    await removeVisits();
  });

  it("it is seen, pictured and stored, with what it is called and how its site answered", () => {
    const { visit, folder } = made;
    expect(visit).toMatchObject({
      outcome: "captured",
      wall: null,
      failure: null,
      final: `${site.url}/rich`,
      status: 200,
      title: "A rich page!",
      stops: [],
      cut: false,
    });
    expect(visit.files).toEqual([
      "view.png",
      "full-01.png",
      "full-02.png",
      "full-03.png",
      "page.mhtml",
      "dom.html",
      "page.warc.gz",
    ]);
    expect(readdirSync(folder).sort()).toEqual([...visit.files].sort());
    expect(readFileSync(join(folder, "dom.html"), "utf8")).toMatch(/^<!DOCTYPE html><html lang="en">/);
    expect(readFileSync(join(folder, "page.mhtml"), "utf8")).toContain("A frame");
  });

  it("every response that the site gave is there whole, the redirect too, which has no body and is listed", () => {
    const { coverage, listed, unanswered } = made.visit;
    expect(listed).toEqual([{ url: `${site.url}/rich/moved.png`, status: 302, reason: "redirect" }]);
    expect(listed.every(({ reason }) => hasNoneByNature(reason))).toBe(true);
    expect(unanswered).toEqual([]);
    expect(coverage).toEqual({
      responses: site.requests.length,
      with_body: site.requests.length,
      listed: 0,
    });
    expect(coverage.with_body / coverage.responses).toBeGreaterThanOrEqual(0.98);
    const asked = new Set(site.requests.map(({ path }) => path));
    expect(richPagePaths.filter((path) => !asked.has(path))).toEqual([]);
  });

  it("another program reads every record of the WARC, and every digest in it is right", async () => {
    const records = await recordsOf(join(made.folder, "page.warc.gz"));
    const responses = records.filter(({ type }) => type === "response");
    expect(records.map(({ damage }) => damage).filter((damage) => damage !== null)).toEqual([]);
    expect(responses.length).toBe(made.visit.coverage.responses);
    expect(records.filter(({ type }) => type === "request").length).toBe(responses.length);
    const kept = new Set(responses.map(({ uri }) => new URL(uri).pathname));
    expect(richPagePaths.filter((path) => !kept.has(path))).toEqual([]);
    const text = (path: string) => responses.find(({ uri }) => uri.endsWith(path))?.text;
    expect(text("/rich/packed.json")).toBe('{"packed":true}');
    expect(text("/rich/streamed.txt")).toBe("first part, second part, last part");
    expect(text("/rich/part.bin")).toBe("\u0007".repeat(100));
    expect(text("/rich/worker.json")).toBe('{"of":"a worker"}');
    expect(text("/rich/other.json")).toBe('{"of":"another site"}');
    const posted = records.find(({ type, uri }) => type === "request" && uri.endsWith("/rich/posted"));
    expect(posted?.text).toBe("a=1&b=two");
  });

  it("the browser has locked in its own processes, inside a jail, and asked only for what the page has", () => {
    const { visit, guard } = made;
    expect(visit.own_sandbox).toBe(true);
    expect(visit.run?.sandbox).toBe("bwrap");
    expect(visit.run?.argv).not.toContain("--no-sandbox");
    const port = Number(new URL(site.url).port);
    const others = guard.connections.filter((one) => one.port !== port);
    expect(others).toEqual([]);
  });

  it("it takes no more time and room than a typical page may", () => {
    const { visit, folder } = made;
    const bytes = visit.files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(60 * 1024 * 1024);
  });
});

describe.skipIf(chromium === null)("a page that moves on is followed", () => {
  const html = { "content-type": "text/html" };
  let site: Site;

  beforeAll(async () => {
    site = await openSite({
      clips: "/nonexistent",
      routes: {
        "/hop/first": ({ response }) =>
          response.writeHead(302, { location: "/hop/second", "set-cookie": ["a=1", "b=2"] }).end(),
        "/hop/second": ({ response }) =>
          response.writeHead(200, html).end("<p>Second</p><script>location = '/hop/third';</script>"),
        "/hop/third": ({ response }) =>
          response.writeHead(200, html).end("<title>Third</title><p>The post</p>"),
        "/hop/lost": ({ response, site: own }) =>
          response
            .writeHead(200, html)
            .end(`<p>Lost</p><script>location = "${own.replace("http:", "https:")}/nowhere";</script>`),
        "/hop/endless": ({ response }) =>
          void response.writeHead(200, html).write("<title>Endless</title><p>as far as it came</p>"),
      },
    });
  });

  afterAll(async () => {
    await site.close();
    await removeVisits();
  });

  it("each step stands in the order in which it was made, and what was left behind is kept with its cookies", async () => {
    const { visit, folder } = await makeVisit(`${site.url}/hop/first`);
    const at = (name: string) => `${site.url}/hop/${name}`;
    expect(visit).toMatchObject({ outcome: "captured", title: "Third", final: at("third"), status: 200 });
    expect(visit.redirects).toEqual([
      { from: at("first"), to: at("second"), status: 302 },
      { from: at("second"), to: at("third"), status: null },
    ]);
    const records = await recordsOf(join(folder, "page.warc.gz"));
    const responses = records.filter(({ type }) => type === "response");
    expect(responses.find(({ uri }) => uri === at("second"))?.text).toContain("<p>Second</p>");
    expect(responses.find(({ uri }) => uri === at("first"))?.http).toMatch(
      /set-cookie: a=1[\s\S]*set-cookie: b=2/i,
    );
  });

  it("where it leads to what cannot be reached, the browser's own page of errors is no capture", async () => {
    const { visit } = await makeVisit(`${site.url}/hop/lost`);
    expect(visit).toMatchObject({ outcome: "failed", failure: { code: "encryption" } });
    expect(visit.final).toMatch(/^https:.*\/nowhere$/);
  });

  it("of an answer that never ends as much is kept as came, and it is said that this is not all", async () => {
    const { visit, folder } = await makeVisit(`${site.url}/hop/endless`, { limits: { settleMs: 1000 } });
    expect(visit).toMatchObject({ outcome: "captured", title: "Endless", stops: ["never-settled"] });
    expect(visit.listed).toContainEqual({
      url: `${site.url}/hop/endless`,
      status: 200,
      reason: "unfinished",
    });
    const records = await recordsOf(join(folder, "page.warc.gz"));
    const response = records.find(({ type, uri }) => type === "response" && uri.endsWith("/hop/endless"));
    expect(response?.text).toBe("<title>Endless</title><p>as far as it came</p>");
    expect(response?.head).toMatch(/WARC-Truncated: time/);
  });
});

describe.skipIf(chromium === null)("what is not written in UTF-8", () => {
  afterAll(removeVisits);

  it("is kept byte by byte, of a page, a frame, a worker and what they ask for, and of bytes that are no text in any encoding", async () => {
    /** `<p>Привет</p>` in windows-1251. */
    const greeting = Buffer.from("3c703ecff0e8e2e5f23c2f703e", "hex");
    const broken = Buffer.from("efbbbf41fffe00e282", "hex");
    const bodies: Readonly<Record<string, readonly [type: string, body: Buffer]>> = {
      "/coded/page": [
        "text/html; charset=windows-1251",
        Buffer.concat([
          greeting,
          Buffer.from(
            `<meta charset="windows-1251"><iframe src="/coded/frame"></iframe><script>fetch("/coded/broken"); new Worker("/coded/worker.js");</script>`,
          ),
        ]),
      ],
      "/coded/frame": ["text/html; charset=windows-1251", greeting],
      "/coded/worker.js": [
        "text/javascript; charset=windows-1251",
        Buffer.concat([Buffer.from("fetch('/coded/answer'); //"), greeting]),
      ],
      "/coded/answer": ["application/json; charset=windows-1251", greeting],
      "/coded/broken": ["text/plain; charset=utf-8", broken],
    };
    const routes = Object.entries(bodies).map(([path, [type, body]]): [string, Routes[string]] => [
      path,
      ({ response }) => response.writeHead(200, { "content-type": type }).end(body),
    ]);
    const site = await openSite({ clips: "/nonexistent", routes: Object.fromEntries(routes) });
    const { visit, folder } = await makeVisit(`${site.url}/coded/page`);
    await site.close();
    expect(visit).toMatchObject({ outcome: "captured", listed: [], unanswered: [] });
    expect(readFileSync(join(folder, "dom.html"), "utf8")).toMatch(/^\ufeff<html>[\s\S]*<p>Привет<\/p>/);
    const records = await recordsOf(join(folder, "page.warc.gz"));
    for (const [path, [, body]] of Object.entries(bodies)) {
      const response = records.find(({ type, uri }) => type === "response" && uri.endsWith(path));
      expect(response?.bytes.toString("hex"), path).toBe(body.toString("hex"));
    }
  });
});

describe.skipIf(chromium === null)("a tall page is pictured in parts", () => {
  afterAll(removeVisits);

  it("sixty thousand rows stand in the pictures once each, in order, and what stays in place stands there once", async () => {
    const site = await openSite({ clips: "/nonexistent", routes: tallPage(60_000) });
    const { visit, folder } = await makeVisit(`${site.url}/tall`);
    await site.close();
    expect(visit).toMatchObject({ outcome: "captured", page_height: 60_000, cut: false, stops: [] });
    expect(visit.tiles.map(({ y, height }) => [y, height])).toEqual([
      [0, tallestTile],
      [tallestTile, tallestTile],
      [2 * tallestTile, tallestTile],
      [3 * tallestTile, 60_000 - 3 * tallestTile],
    ]);
    const rows: number[] = [];
    for (const { path } of visit.tiles) rows.push(...rowsOfColour(await pixels(join(folder, path))));
    const wrong = rows.flatMap((row, y) => (row === y ? [] : [y]));
    // The bar that stays at the top of the window covers its own height, and nothing further down.
    expect(wrong).toEqual(Array.from({ length: 40 }, (_, y) => y));
  });
});

async function pixels(path: string) {
  const { data, info } = await sharp(path, { limitInputPixels: false })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
