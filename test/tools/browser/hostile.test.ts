import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isRenderer, processTree } from "../../../src/tools/browser/process-tree.ts";
import { hostilePages } from "../../support/hostile-pages.ts";
import { chromium, makeVisit, removeVisits } from "../../support/page-visits.ts";
import { openProxy } from "../../support/proxies.ts";
import { openSite, type Routes, type Site } from "../../support/site.ts";
import { makeSiteCertificates } from "../../support/site-certificates.ts";
import { tallPage } from "../../support/tall-page.ts";

/** What a page's own request sets off, while its visit goes on. */
let onSignal: () => void = () => undefined;

const signalPages: Routes = {
  "/signal": ({ response }) => {
    response
      .writeHead(200, { "content-type": "text/html" })
      .end("<title>Signal</title><p>Here</p><script>fetch('/signal/now')</script>");
  },
  "/signal/now": ({ response }) => {
    onSignal();
    // It stays open, so that the page has not settled when it ends.
    response.writeHead(200).flushHeaders();
  },
};

let site: Site;
let udp: UdpSocket;
let packets = 0;

beforeAll(async () => {
  udp = createSocket("udp4").on("message", () => {
    packets += 1;
  });
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  site = await openSite({
    clips: "/nonexistent",
    routes: { ...hostilePages(udp.address().port), ...tallPage(200_000), ...signalPages },
  });
});

afterAll(async () => {
  udp.close();
  await site.close();
  await removeVisits();
});

describe.skipIf(chromium === null)(
  "a page that tries something on whoever looks is captured, and gets nowhere",
  () => {
    it("no dialog, window, download, file or socket past the guard: what it tried is counted, and the page is kept", async () => {
      const { visit, folder, guard } = await makeVisit(`${site.url}/hostile/all`);
      expect(visit).toMatchObject({ outcome: "captured", failure: null, status: 200, title: "Hostile" });
      expect(visit.held_back.dialogs).toBeGreaterThanOrEqual(5);
      expect(visit.held_back.downloads).toBe(1);
      const page = readFileSync(join(folder, "dom.html"), "utf8");
      expect(page).toContain("[confirm false]");
      expect(page).toContain("[prompt null]");
      expect(page).toContain("[file failed]");
      expect(page).not.toMatch(/root:|candidate:.*udp/i);
      expect(page).toContain("[news first]");
      expect(site.requests.filter(({ path }) => path.startsWith("/hostile/popup?"))).toEqual([]);
      expect(visit.listed.map(({ url, reason }) => [new URL(url).pathname, reason])).toContainEqual([
        "/hostile/news",
        "unfinished",
      ]);
      expect(packets).toBe(0);
      const port = Number(new URL(site.url).port);
      expect(guard.connections.filter((one) => one.port !== port)).toEqual([]);
    });

    it("a page that never rests and grows with each scroll is left at its bounds, which are named", async () => {
      const limits = { settleMs: 1500 };
      const { visit } = await makeVisit(`${site.url}/hostile/restless`, { limits });
      expect(visit.outcome).toBe("captured");
      expect([...visit.stops].sort()).toEqual(expect.arrayContaining(["endless-scroll", "never-settled"]));
      expect(visit.files).toContain("dom.html");
    });

    it("of a page of 200,000 pixels as much is pictured as may be, and it is said that it goes on", async () => {
      const { visit } = await makeVisit(`${site.url}/tall`, { limits: { tallest: 20_000 } });
      expect(visit).toMatchObject({ outcome: "captured", cut: true, page_height: 200_000 });
      expect(visit.stops).toEqual(["too-tall"]);
      expect(visit.tiles.map(({ height }) => height)).toEqual([16_000, 4000]);
    });

    it("a page that lets nobody else have a turn fails in its time, and its answer is kept", async () => {
      const { visit } = await makeVisit(`${site.url}/hostile/busy`, {
        limits: { settleMs: 500, answerMs: 1000 },
      });
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "no-answer" }, status: 200 });
      expect(visit.files).toEqual(["page.warc.gz"]);
    });

    it("a page that takes all memory ends the browser, not the machine", async () => {
      const { visit } = await makeVisit(`${site.url}/hostile/memory`, {
        limits: { memoryBytes: 500 * 1024 * 1024, settleMs: 30_000 },
      });
      expect(visit.stops).toContain("memory");
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "memory" } });
      expect(visit.run?.ended_by).toBe("watchdog");
    });

    it("where what draws the page crashes, the visit says so", async () => {
      onSignal = () => {
        for (const { pid } of processTree(process.pid)) if (isRenderer(pid)) process.kill(pid, "SIGKILL");
      };
      const { visit } = await makeVisit(`${site.url}/signal`);
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "page-crashed" }, status: 200 });
      expect(visit.files).toContain("page.warc.gz");
    });

    it("where somebody ends the browser, the visit says so, and what had come is kept", async () => {
      onSignal = () => {
        for (const { pid } of processTree(process.pid))
          if (commandOf(pid).includes("--remote-debugging-pipe") && !isRenderer(pid))
            process.kill(pid, "SIGKILL");
      };
      const { visit, folder } = await makeVisit(`${site.url}/signal`);
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "browser-ended" } });
      expect(visit.coverage.responses).toBeGreaterThanOrEqual(1);
      expect(readdirSync(folder)).toEqual(["page.warc.gz"]);
    });

    it("where the visit is called off, it ends", async () => {
      const caller = new AbortController();
      onSignal = () => caller.abort();
      const { visit } = await makeVisit(`${site.url}/signal`, { request: { signal: caller.signal } });
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "interrupted" } });
    });

    it("its network is a loopback of its own and nothing else", async () => {
      let networks: readonly string[] = [];
      onSignal = () => {
        networks = processTree(process.pid)
          .filter(({ pid }) => isRenderer(pid) || commandOf(pid).includes("--type=utility"))
          .map(({ pid }) => readFileSync(`/proc/${pid}/net/dev`, "utf8"));
      };
      const limits = { settleMs: 1000 };
      await makeVisit(`${site.url}/signal`, { limits });
      expect(networks.length).toBeGreaterThan(0);
      for (const devices of networks)
        expect(
          devices
            .split("\n")
            .slice(2)
            .filter(Boolean)
            .every((line) => /^\s*lo:/.test(line)),
        ).toBe(true);
    });
  },
);

describe.skipIf(chromium === null)("an address without a page to see fails with what is the matter", () => {
  it("a file is no page", async () => {
    const { visit } = await makeVisit(`${site.url}/hostile/file`);
    expect(visit).toMatchObject({ outcome: "failed", failure: { code: "not-a-page" }, tiles: [] });
  });

  it("a certificate that is not the site's is no site", async () => {
    const place = await mkdtemp(join(tmpdir(), "holdfast-certificates-"));
    const certificates = makeSiteCertificates(join(place, "made"));
    const server = createTlsServer(certificates.of("self-signed"), (_, response) => response.end("secret"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { visit } = await makeVisit(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.close();
    await rm(place, { recursive: true });
    expect(visit).toMatchObject({ outcome: "failed", failure: { code: "certificate" }, status: null });
  });

  it("a private address, and a name that nobody knows, are held back by the guard, whose answer is not taken for a site's", async () => {
    const guard = {
      allowPrivate: false,
      resolve: async () => {
        throw new Error("nobody knows it");
      },
    };
    const [inside, nowhere] = await Promise.all([
      makeVisit("http://10.0.0.1/", { guard }),
      makeVisit("https://nowhere.example/", { guard }),
    ]);
    expect(inside.visit).toMatchObject({ failure: { code: "forbidden-address" }, status: null });
    expect(inside.visit.coverage.responses).toBe(0);
    expect(nowhere.visit).toMatchObject({ failure: { code: "name-not-found" }, status: null });
  });

  it("parts of a page that lead into the network of whoever looks reach nobody there", async () => {
    const inner = await openSite({ clips: "/nonexistent" });
    const proxy = await openProxy("http", Number(new URL(site.url).port));
    const inward = [
      inner.url,
      "http://localhost/",
      "http://169.254.169.254/",
      "http://[::1]/",
      "http://127.0.0.1:3128/",
    ];
    const outer = await openSite({
      clips: "/nonexistent",
      routes: {
        "/lead": ({ response }) => {
          response
            .writeHead(200, { "content-type": "text/html" })
            .end(
              inward.map((address) => `<img src="${address}"><iframe src="${address}"></iframe>`).join(""),
            );
        },
      },
    });
    const through = await openProxy("http", Number(new URL(outer.url).port));
    const guard = { allowPrivate: false, upstream: new URL(through.url) };
    const { visit } = await makeVisit("http://page.example/lead", { guard });
    for (const each of [inner, outer]) await each.close();
    for (const each of [proxy, through]) await each.close();
    expect(visit).toMatchObject({ outcome: "captured", status: 200 });
    expect(visit.unanswered.length).toBeGreaterThanOrEqual(inward.length);
    expect(visit.coverage.responses).toBeLessThanOrEqual(2);
    expect(inner.requests).toEqual([]);
    expect(through.targets.every((target) => target.startsWith("page.example:"))).toBe(true);
  });
});

describe("where there is no browser", () => {
  it("the visit says so and leaves nothing behind", async () => {
    const request = { chromium: { path: "/nonexistent/chromium", version: "150.0" } };
    const { visit, folder } = await makeVisit(`${site.url}/hostile/all`, { request });
    expect(visit).toMatchObject({
      outcome: "failed",
      failure: { code: "browser-missing" },
      files: [],
      run: null,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(chromium === null)(
    "a program that is none, or ends at once, is said not to have started",
    async () => {
      const request = { chromium: { path: "/usr/bin/false", version: "150.0" } };
      const { visit, folder } = await makeVisit(`${site.url}/hostile/all`, { request });
      expect(visit).toMatchObject({ outcome: "failed", failure: { code: "browser-not-started" } });
      expect(existsSync(join(folder, "page.warc.gz"))).toBe(false);
    },
  );
});

describe.skipIf(chromium === null)("where the browser cannot lock in its own processes", () => {
  it("it runs in our jail alone, and the visit says so", async () => {
    const place = await mkdtemp(join(tmpdir(), "holdfast-browser-"));
    const path = join(place, "chromium");
    // As Chromium where a machine lets nobody make namespaces inside others.
    await writeFile(
      path,
      `#!/bin/sh\ncase "$*" in *--no-sandbox*) exec ${chromium?.path} "$@";; esac\necho "No usable sandbox!" >&2\nexit 1\n`,
      { mode: 0o755 },
    );
    const request = { chromium: { path, version: chromium?.version ?? "" } };
    const { visit } = await makeVisit(`${site.url}/hostile/popup`, { request });
    await rm(place, { recursive: true });
    expect(visit).toMatchObject({ outcome: "captured", own_sandbox: false });
    expect(visit.run).toMatchObject({ sandbox: "bwrap", argv: expect.arrayContaining(["--no-sandbox"]) });
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
