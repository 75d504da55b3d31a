import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WARCParser, type WARCRecord } from "warcio";
import { hasNoneByNature } from "../../../src/core/page/coverage.ts";
import { tallestTile } from "../../../src/core/page/tiles.ts";
import { chromium, type MadeVisit, makeVisit, removeVisits } from "../../support/page-visits.ts";
import { richPage, richPagePaths } from "../../support/rich-page.ts";
import { openSite, type Site } from "../../support/site.ts";
import { rowsOfColour, tallPage } from "../../support/tall-page.ts";

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
    const records = await recordsOf(made);
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

interface ReadRecord {
  readonly type: string;
  readonly uri: string;
  readonly text: string;
  /** What of its digests does not agree with it. */
  readonly damage: string | null;
}

async function recordsOf({ folder }: MadeVisit): Promise<readonly ReadRecord[]> {
  const records: ReadRecord[] = [];
  for await (const record of new WARCParser(createReadStream(join(folder, "page.warc.gz")))) {
    const payload = Buffer.from(await record.readFully(false));
    records.push({
      type: record.warcType ?? "",
      uri: record.warcTargetURI ?? "",
      text: payload.toString("latin1"),
      damage: damageOf(record, payload),
    });
  }
  return records;
}

function damageOf(record: WARCRecord, payload: Buffer): string | null {
  const expected = record.warcPayloadDigest;
  const actual = `sha256:${createHash("sha256").update(payload).digest("hex")}`;
  return expected === null || expected === undefined || expected === actual
    ? null
    : `${record.warcTargetURI}: ${expected}, but ${actual}`;
}
