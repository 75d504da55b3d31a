import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textAt } from "../../../src/core/page/foreign-fields.ts";
import { seenPage } from "../../../src/core/page/seen.ts";
import { type WallVerdict, wallVerdict } from "../../../src/core/page/wall.ts";
import { type Chromium, startChromium } from "../../../src/tools/browser/chromium.ts";
import { visitLimits } from "../../../src/tools/browser/chromium-command.ts";
import { lookScript } from "../../../src/tools/browser/page-scripts.ts";
import type { PageSession } from "../../../src/tools/browser/page-session.ts";
import { Targets } from "../../../src/tools/browser/targets.ts";
import { openEgressGuard } from "../../../src/tools/network/egress-guard.ts";
import { chromium } from "../../support/page-visits.ts";
import { openSite, type Site } from "../../support/site.ts";
import { wallPages, wallRoutes } from "../../support/wall-pages.ts";

const loaded = `new Promise((done) => {
  if (document.readyState === "complete") done("1");
  else addEventListener("load", () => done("1"));
})`;

/** One browser for all pages: what is tried is what the script sees in a real page, and what is made of it. */
describe.skipIf(chromium === null)(
  "a wall is never taken for the page behind it, nor a page for a wall",
  async () => {
    const scratch = await mkdtemp(join(tmpdir(), "holdfast-walls-"));
    const guard = await openEgressGuard({ allowPrivate: true, upstream: null }, "doors");
    let site: Site;
    let browser: Chromium;
    let page: PageSession;

    beforeAll(async () => {
      site = await openSite({ clips: "/nonexistent", routes: wallRoutes });
      const started = await startChromium({
        chromium: chromium ?? { path: "", version: "" },
        door: { python: "/usr/bin/python3", receive: guard.receive },
        scratch,
        limits: visitLimits,
        signal: new AbortController().signal,
        mustEnd: () => null,
      });
      if ("code" in started) throw new Error(started.reason);
      browser = started;
      page = await new Targets(browser.devtools).openPage();
    });

    afterAll(async () => {
      await browser.close();
      await guard.close();
      await site.close();
      await rm(scratch, { recursive: true, force: true });
    });

    it("there are at least twenty walls and ten ordinary pages to try", () => {
      expect(wallPages.filter(({ wall }) => wall !== null).length).toBeGreaterThanOrEqual(20);
      expect(wallPages.filter(({ wall }) => wall === null).length).toBeGreaterThanOrEqual(10);
    });

    it.each(wallPages.map((each) => [each.name, each.wall ?? "no wall", each] as const))(
      "%s is %s",
      async (name, wall, { status }) => {
        const verdict = await verdictOf(`${site.url}/seen/${name}`, status);
        expect([verdict?.wall ?? "no wall", verdict?.grounds ?? []]).toEqual([wall, expect.anything()]);
        if (verdict !== null) expect(verdict.grounds.length).toBeGreaterThan(0);
      },
    );

    async function verdictOf(requested: string, status: number): Promise<WallVerdict | null> {
      const answer = await page.ask("Page.navigate", { url: requested }, 20_000);
      expect(answer.errorText).toBeUndefined();
      await page.evaluate(loaded, 20_000);
      const seen = await page.evaluate(lookScript, 20_000);
      const final = textAt(seen, "href") ?? "";
      return wallVerdict({ requested, final, status, page: seenPage(seen) });
    }
  },
);
