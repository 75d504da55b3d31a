import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBatch } from "../../src/batch/list.js";
import { showCapture } from "../../src/search/show.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";
import { plainWorkbook, sheetData, workbook } from "../support/workbooks.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
let capture = "";

beforeAll(async () => {
  const opened = await openTestVault(vault);
  capture = captureText(opened, "a clip", "https://t.me/example/1").record.capture;
  closeVault(opened);
});
afterAll(() => folder.remove());

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  return path;
}

const request = {
  ...{ format: null, proxy: null, subs: null, comments: false, again: false, limit: null, resume: false },
  ...{
    referer: null,
    since: null,
    maxBytes: null,
    maxMs: null,
    allowPrivate: true,
    deep: false,
    cookies: null,
  },
};
const means = { cookies: false, runtime: true, impersonation: true };

describe("a workbook is taken wherever a list is", () => {
  it("batch says of each row what would happen to it, with its row and cell as the spreadsheet shows them", async () => {
    const rows = [
      ["Город", "Ссылка"],
      ["Алматы", "https://t.me/example/1"],
      ["Тараз", "https://t.me/example/2"],
      ["https://t.me/example/3", ""],
    ];
    const run = await holdfast([
      "batch",
      file("list.xlsx", plainWorkbook(rows)),
      "--dry-run",
      "--json",
      "--vault",
      vault,
    ]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.lines).toMatchObject([
      { row: 2, plan: "already-captured", capture },
      { row: 3, plan: "capture", url: "https://t.me/example/2" },
      {
        row: 4,
        plan: "no-address",
        reason: "there is no address in B4 (Ссылка); there is one in A4 (Город)",
      },
    ]);
  });

  it("annotate notes what stands in it, and names it by the SHA-256 of its bytes", async () => {
    const bytes = workbook({
      links: ["https://t.me/example/1"],
      worksheets: [
        `${sheetData([
          ["Видео", "дело", "орын"],
          ["На площади", "14/2", "Алматы"],
        ])}<hyperlinks><hyperlink ref="A2" r:id="rId1"/></hyperlinks>`,
      ],
    });
    const run = await holdfast(["annotate", "--from", file("case.xlsx", bytes), "--vault", vault]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toContain("cells whose address stands in the link behind their text: A2");
    const { annotations } = showCapture(vault, capture);
    expect(annotations.map(({ key, value }) => [key, value])).toEqual([
      ["case", "14/2"],
      ["place", "Алматы"],
    ]);
    const database = new Database(join(vault, "vault.db"), { readonly: true });
    const last = database
      .prepare<[], string>("SELECT line FROM entry WHERE line LIKE '%annotate%'")
      .pluck()
      .get();
    database.close();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(JSON.parse(String(last)).body.from).toBe(`list ${sha256}, row 2`);
  });

  it("what is no list is refused by its name in both commands, and nothing is written", async () => {
    const before = readFileSync(join(vault, "vault.db"));
    const path = file("list.xls", Buffer.from("d0cf11e0a1b11ae10000", "hex"));
    for (const argv of [
      ["batch", path],
      ["annotate", "--from", path],
    ]) {
      const run = await holdfast([...argv, "--vault", vault]);
      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(/old format \(\.xls\).*\n?.*save it as \.xlsx/);
    }
    expect(readFileSync(join(vault, "vault.db")).equals(before)).toBe(true);
    expect((await holdfast(["annotate", capture, "a=b", "--sheet", "1", "--vault", vault])).status).toBe(2);
  });

  it("each sheet is a list of its own: an unfinished one does not go on with another", async () => {
    const bytes = workbook({
      sheets: '<sheet name="A" r:id="rId1"/><sheet name="B" r:id="rId2"/>',
      worksheets: ["1", "2"].map((one) => sheetData([["url"], [`https://t.me/sheet/${one}`]])),
    });
    const opened = await openTestVault(vault);
    const world = testWorld();
    const load = (sheet: string | null) =>
      loadBatch(
        opened,
        { ...request, list: { bytes, name: "two.xlsx", column: null, sheet, dateOrder: null } },
        means,
        world,
      );
    const [first, second, again] = [load(null), load("B"), load("1")];
    closeVault(opened);
    expect([first, second, again].map(({ list, goesOn }) => [list.sheet, goesOn])).toEqual([
      ["A", false],
      ["B", false],
      ["A", true],
    ]);
    expect(again.record.id).toBe(first.record.id);
  });
});
