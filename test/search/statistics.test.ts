import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statisticsPage } from "../../src/cli/statistics-page.js";
import { plainStyle } from "../../src/cli/style.js";
import { displayWidth } from "../../src/core/words/printable.js";
import { countVault } from "../../src/search/statistics.js";
import { readStatistics } from "../../src/vault/index/statistics.js";
import { closeVault } from "../../src/vault/vault.js";
import { dangerous, hostileTitle } from "../cli/terminal-double.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const empty = join(folder.path, "empty");

beforeAll(async () => {
  const vault = await openTestVault(root);
  for (const [text, url] of [
    ["first", "https://x.com/somebody/status/5"],
    ["second", "https://video.example/player?ref=A-77"],
    ["third", "https://video.example/player?ref=A-78"],
  ] as const)
    captureText(vault, text, url);
  closeVault(vault);
  closeVault(await openTestVault(empty));
});
afterAll(() => folder.remove());

const bytesOf = (vault: string) =>
  readdirSync(vault, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "latin1")]);

describe("the figures of a vault", () => {
  it("are those of its list, by site and month, and nothing is written", async () => {
    const before = bytesOf(root);
    const { status, lines } = await holdfast(["stats", "--json", "--vault", root]);
    const rows = (await holdfast(["list", "--json", "--vault", root])).lines;
    const bytes = rows.reduce((sum, row) => sum + Number(row.bytes), 0);
    expect(status).toBe(0);
    expect(lines[0]).toMatchObject({
      captures: 3,
      failed: 0,
      statuses: [{ status: "captured", count: 3 }],
      sites: [
        { host: "video.example", captures: 2, failed: 0 },
        { host: "x.com", captures: 1, failed: 0 },
      ],
      months: [{ month: "2026-11", captures: 3, failed: 0, bytes }],
      oldest: { id: rows[2]?.id },
      newest: { id: rows[0]?.id },
      without_keyframes: 3,
      bytes: { media: bytes, derived: 0 },
    });
    expect(bytesOf(root)).toEqual(before);
  });

  it("of an empty vault are zeros, and none is a bug", async () => {
    const { status, stdout } = await holdfast(["stats", "--vault", empty]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^captures +0$/m);
    expect(stdout).not.toMatch(/null|NaN|SITE|oldest/);
    expect(countVault(empty)).toMatchObject({ captures: 0, sites: [], months: [], oldest: null });
  });

  it("of a hundred thousand captures agree with what was put in", () => {
    const database = new Database(":memory:");
    database.pragma("foreign_keys = OFF");
    database.exec(readFileSync(join(import.meta.dirname, "../../schemas/vault.sql"), "utf8"));
    const count = 100_000;
    database
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO capture (id, entry, at, method, status, host, bytes, rendition, object, derivation)
         SELECT printf('20260101-%08d', i), i, printf('2026-%02d-01T00:00:00.000Z', 1 + i % 12), 'ytdlp',
           iif(i % 10 = 0, 'failed', 'captured'), printf('host%d.example', i % 50), iif(i % 10 = 0, 0, 7),
           iif(i % 2 = 0, 'best', 'reduced login-limited drm-protected'), 'o', 'done' FROM n`,
      )
      .run(count);
    const found = readStatistics(database);
    database.close();
    expect(found).toMatchObject({ captures: 90_000, failed: 10_000, without_keyframes: 0 });
    expect(found.bytes.media).toBe(630_000);
    expect(found.renditions).toEqual([
      { grade: "reduced", count: 50_000 },
      { grade: "best", count: 40_000 },
    ]);
    expect([found.sites.length, found.months.length]).toEqual([50, 12]);
    const total = (of: readonly { captures: number; failed: number }[]) =>
      of.reduce((sum, { captures, failed }) => sum + captures + failed, 0);
    expect([total(found.sites), total(found.months)]).toEqual([count, count]);
    expect(found.months[0]?.month).toBe("2026-12");
  });

  it.each([40, 60, 80, 160])("fit %i columns whatever a site is called", (columns) => {
    const sites = [{ host: hostileTitle, captures: 12_345, failed: 1, bytes: 2_000_000 }];
    const found = { ...countVault(root), sites };
    for (const line of statisticsPage(found, { columns, style: plainStyle, zone: "Asia/Almaty" })) {
      expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(dangerous.test(line)).toBe(false);
    }
  });
});
