import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takeRowPages } from "../../src/batch/row-pages.js";
import type { Job } from "../../src/capture/archive.js";
import { result } from "../cli/capture-facts.js";
import { holdfast } from "../support/cli.js";
import { chromium } from "../support/page-visits.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { sendClip } from "../support/site-files.js";
import { audit, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";
import { testDownloader } from "../support/yt-dlp.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const downloader = await testDownloader();
let site: Site;

const html = { "content-type": "text/html; charset=utf-8" };
const post = (title: string) => `<!doctype html><title>${title}</title><h1>On the square</h1>
  <video src="/clips/clip.mp4" controls width="320"></video>`;

beforeAll(async () => {
  makeSiteClips(at("clips"));
  site = await openSite({
    clips: at("clips"),
    routes: {
      "/post": ({ response }) => response.writeHead(200, html).end(post("A post")),
      "/clips/clip.mp4": (visit) => sendClip(visit, "clip.mp4"),
    },
  });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

describe.skipIf(chromium === null || downloader === null)("batch --page", () => {
  it("takes the page around each clip that it captures, and changes no row, table or line for it", async () => {
    writeFileSync(
      at("list.txt"),
      `${site.url}/post\n${site.url}/clips/other.mp4\n${site.url}/nowhere\n${site.url}/post\n`,
    );
    const runs = [];
    for (const [name, ...options] of [["with", "--page"], ["without"]] as const) {
      const run = await holdfast([
        ...["batch", at("list.txt"), "--json", "--vault", at(name), "--to", at(`${name}-results`)],
        ...["--delay", "0", "--attempts", "1", "--keep-free", "1M", ...options],
      ]);
      const rows = run.lines.map((line) => Object.keys(line));
      const statuses = run.lines.map(({ row, row_status }) => [row, row_status]).sort();
      const [head = ""] = readFileSync(join(at(`${name}-results`), "results.csv"), "utf8").split("\n");
      runs.push({ ...run, told: { status: run.status, rows, statuses, head } });
    }
    const [withPages, without] = runs;
    expect(withPages!.told, withPages!.stderr).toEqual(without!.told);
    expect(withPages!.stderr).toMatch(/pages +1 taken/);
    expect(without!.stderr).not.toMatch(/pages +/);
    const row = withPages!.lines.find(
      ({ url, row_status }) => String(url).endsWith("/post") && row_status === "captured",
    );
    const shown = await holdfast(["show", String(row!.id), "--json", "--vault", at("with")]);
    expect(shown.lines[0]!.pages).toMatchObject([{ status: "captured", title: "A post" }]);
    expect((await audit(at("with"))).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("the pages of a row", () => {
  const wanted = {
    browser: { chromium: { path: "", version: "" }, python: "", software: [] },
    onPage: () => undefined,
  };

  async function asked(statuses: readonly (typeof result.status)[], signal?: AbortSignal) {
    const calls: string[] = [];
    const vault = await openTestVault(at(`row-${statuses.join("-")}-${signal?.aborted}`));
    const scheduler = {
      fetch: async (host: string, enough: AbortSignal) => {
        enough.throwIfAborted();
        calls.push(`host ${host}`);
        return () => calls.push("host free");
      },
      derive: async () => calls.push("processor"),
    };
    const job = { request: {}, resources: { vault }, world: testWorld(signal), scheduler };
    const results = statuses.map((status) => ({ ...result, status }));
    const taken = await takeRowPages(job as unknown as Job, wanted, results);
    return { calls, taken };
  }

  it("wait for the turn of their site and for one of the processors, only those of new captures", async () => {
    const { calls } = await asked(["captured", "already-captured", "failed", "incomplete"]);
    const one = ["host example.org", "host free", "processor"];
    expect(calls).toEqual([...one, ...one]);
  });

  it("are left out after an interrupt, and the row stays as it is", async () => {
    const { calls, taken } = await asked(["captured"], AbortSignal.abort());
    expect(calls).toEqual([]);
    expect(taken).toEqual({ bytes: 0, diskFull: false });
  });
});
