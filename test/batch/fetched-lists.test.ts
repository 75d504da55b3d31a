import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { listAddress } from "../../src/core/lists/list-address.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";
import { plainWorkbook } from "../support/workbooks.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const table = "№,Ссылка\r\n1,https://t.me/example/1\r\n2,https://t.me/example/1\r\n";
const asked: string[] = [];
let server: Server;
let site = "";

/** Stands in for Google: the published address leads on twice, as theirs does. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(`${request.method} ${path} ${request.headers.cookie ?? "no cookie"}`);
    const leads: Readonly<Record<string, string>> = {
      "/spreadsheets/d/e/2PACX-a_b/pub?output=csv": "/moved?x=1",
      "/moved?x=1": `${site}/table`,
      "/loop.csv": "/loop.csv",
      "/inward.csv": "http://169.254.169.254/latest",
      "/local.csv": "file:///etc/passwd",
    };
    const to = leads[path];
    if (to !== undefined) response.writeHead(307, { location: to, "set-cookie": "a=b" }).end();
    else if (path === "/table") response.writeHead(200, { "content-type": "text/csv" }).end(table);
    else if (path === "/list.xlsx")
      response.writeHead(200).end(plainWorkbook([["url"], ["https://t.me/example/1"]]));
    else if (path === "/login.csv")
      response.writeHead(200, { "content-type": "text/html" }).end("<p>Sign in");
    else if (path === "/page.csv")
      response.writeHead(200, { "content-type": "text/csv" }).end("<!DOCTYPE html>");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const opened = await openTestVault(vault);
  captureText(opened, "a clip", "https://t.me/example/1");
  closeVault(opened);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  folder.remove();
});

const dryRun = (address: string, env: Record<string, string> = {}) =>
  holdfast(["batch", address, "--dry-run", "--json", "--vault", vault], env);

describe("a list by its address", () => {
  it("of a published sheet is fetched over its redirects without a cookie, and read as a table", async () => {
    const run = await dryRun(`${site}/spreadsheets/d/e/2PACX-a_b/pub?output=csv`);
    expect(run.status, run.stderr).toBe(0);
    expect(run.lines).toMatchObject([
      { row: 2, plan: "already-captured" },
      { row: 3, plan: "duplicate" },
    ]);
    const sha256 = createHash("sha256").update(table).digest("hex");
    expect(run.stderr).toContain(`list fetched from 127.0.0.1`);
    expect(run.stderr).toContain(`SHA-256 ${sha256}`);
    expect(asked.slice(-3)).toEqual([
      "GET /spreadsheets/d/e/2PACX-a_b/pub?output=csv no cookie",
      "GET /moved?x=1 no cookie",
      "GET /table no cookie",
    ]);
    expect((await dryRun(`${site}/list.xlsx`)).lines).toMatchObject([{ row: 2, plan: "already-captured" }]);
  });

  it("is kept beside the results as it came: it is nowhere else", async () => {
    const to = join(folder.path, "results");
    const address = `${site}/spreadsheets/d/e/2PACX-a_b/pub?output=csv`;
    const run = await holdfast(["batch", address, "--to", to, "--vault", vault]);
    expect(run.stderr).toContain("already captured");
    const sha256 = createHash("sha256").update(table).digest("hex");
    expect(readdirSync(to).sort()).toEqual([`list-${sha256.slice(0, 8)}.csv`, "results.csv", "results.xlsx"]);
    expect(readFileSync(join(to, `list-${sha256.slice(0, 8)}.csv`), "utf8")).toBe(table);
  });

  it.each([
    ["/login.csv", /web page, not a table/, /published, or shared/],
    ["/page.csv", /web page, not a table/, /published, or shared/],
    ["/gone.csv", /HTTP status 404/, /published, or shared/],
    ["/loop.csv", /leads on more than 5 times/, /download the table/],
    ["/local.csv", /redirected to file:/, /download the table/],
  ])("%s ends with 4, says why and what to do, and begins no batch", async (path, why, next) => {
    const run = await dryRun(`${site}${path}`);
    expect(run.status).toBe(4);
    expect(run.stderr).toMatch(why);
    expect(run.stderr).toMatch(next);
  });

  it("in a private network is not asked, nor by way of a redirect", async () => {
    const before = asked.length;
    const run = await dryRun(`${site}/table.csv`, { HOLDFAST_ALLOW_PRIVATE: "" });
    expect([run.status, asked.length]).toEqual([4, before]);
    expect(run.stderr).toMatch(/cannot be reached/);
  });
});

describe("an address that is no table is refused before anybody is asked", () => {
  const refusal = (text: string): string => {
    try {
      return JSON.stringify(listAddress(text));
    } catch (error) {
      if (error instanceof HoldfastError) return `${error.code}: ${error.message}; ${error.hint}`;
      throw error;
    }
  };
  const google = "https://docs.google.com/spreadsheets";

  test.each([
    [
      `${google}/d/1AbC_d-9/edit#gid=42`,
      `${google}/d/1AbC_d-9/export?format=csv&gid=42`,
      /page on which a sheet is edited.*Publish to web/,
    ],
    [
      `${google}/d/1AbC_d-9/edit?gid=7#gid=7`,
      `${google}/d/1AbC_d-9/export?format=csv&gid=7`,
      /page on which a sheet is edited/,
    ],
    [
      `${google}/u/0/d/1AbC_d-9/view`,
      `${google}/d/1AbC_d-9/export?format=csv'`,
      /page on which a sheet is edited/,
    ],
    [
      `${google}/d/e/2PACX-x/pubhtml?gid=5`,
      `${google}/d/e/2PACX-x/pub?gid=5&single=true&output=csv`,
      /web page of a published sheet/,
    ],
    [`${google}/d/e/2PACX-x/pub`, `${google}/d/e/2PACX-x/pub?output=csv`, /web page of a published sheet/],
    ["https://youtube.com/watch?v=x", "holdfast archive ADDRESS", /nothing in the address says/],
    ["https://example.org/list.html", "holdfast archive ADDRESS", /nothing in the address says/],
  ])("%s", (address, next, why) => {
    expect(refusal(address)).toMatch(why);
    expect(refusal(address)).toContain(next);
    expect(refusal(address)).toMatch(/^usage: /);
  });

  test.each([
    [`${google}/d/e/2PACX-x/pub?output=csv`, "list.csv"],
    [`${google}/d/e/2PACX-x/pub?gid=0&single=true&output=tsv`, "list.tsv"],
    [`${google}/d/1AbC/export?format=xlsx&gid=1`, "list.xlsx"],
    [`${google}/d/1AbC/gviz/tq?tqx=out:csv&sheet=A`, "list.csv"],
    ["https://example.org/a/list.CSV?x=1", "list.csv"],
    ["https://example.org/list.txt", "list.txt"],
  ])("%s is one", (address, name) => {
    expect(listAddress(address)).toMatchObject({ url: address, name });
  });

  it("the name of a file is no address", () => {
    expect(listAddress("list.csv")).toBeNull();
    expect(listAddress("/tmp/https:/list.csv")).toBeNull();
  });
});
