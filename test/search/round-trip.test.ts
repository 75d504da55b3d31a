import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foundLines } from "../../src/cli/found-table.js";
import { readDelimited } from "../../src/core/lists/delimited-text.js";
import { capturesOfCase, findInVault } from "../../src/search/find.js";
import { showCapture } from "../../src/search/show.js";
import { closeVault } from "../../src/vault/vault.js";
import { type CliRun, holdfast } from "../support/cli.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";
import { plainWorkbook } from "../support/workbooks.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
let capture = "";
let other = "";
let copies = 0;

/** One text of each kind that spreadsheets rewrite. */
const noted = {
  case: "14/2",
  incident_date: "2026-01-05",
  lat: "43,20",
  place: "Қордай, Жамбыл облысы",
  телефон: "007",
  счёт: "1234567890123",
  проверено: "true",
  note: "строка\nвторая\tс табуляцией; и точкой с запятой",
};

beforeAll(async () => {
  const vault = await openTestVault(made);
  capture = captureText(vault, "first", "https://video.example/1").record.capture;
  other = captureText(vault, "second", "https://video.example/2").record.capture;
  closeVault(vault);
  const pairs = Object.entries(noted).map(([key, value]) => `${key}=${value}`);
  await holdfast(["annotate", capture, ...pairs, "--vault", made]);
  await holdfast(["annotate", other, "case=Дело №14/2", "--vault", made]);
});
afterAll(() => folder.remove());

function copy(): string {
  copies += 1;
  return copyVault(made, join(folder.path, `copy-${copies}`));
}

const find = (vault: string, ...argv: readonly string[]) =>
  holdfast(["find", ...argv, "--csv", "--vault", vault], { LC_ALL: "C" });

function annotate(
  vault: string,
  name: string,
  content: string | Uint8Array,
  ...argv: string[]
): Promise<CliRun> {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return holdfast(["annotate", "--from", path, ...argv, "--vault", vault]);
}

function annotations(root: string): number {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const count = database.prepare("SELECT count(*) FROM entry WHERE line LIKE '%\"annotate\"%'").pluck().get();
  database.close();
  return Number(count);
}

function inForce(root: string): Record<string, string | null> {
  const all = showCapture(root, capture).annotations.filter(({ in_force }) => in_force);
  return Object.fromEntries(all.map(({ key, value }) => [key, value]));
}

const quoted = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(";");

/** What Excel in a Russian locale makes of a cell: of one that begins with an apostrophe, nothing. */
function inRussianExcel(cell: string): string {
  const cells: Readonly<Record<string, string>> = {
    "14/2": "14.фев",
    "2026-01-05": "05.01.2026",
    "43,20": "43,2",
    "007": "7",
    "1234567890123": "1,23457E+12",
    true: "ИСТИНА",
  };
  return (cells[cell] ?? cell).replaceAll("\n", "\r\n");
}

/** The table as rows of cells, as it comes out of `find --csv`. */
async function table(root: string, strip: (cell: string) => string): Promise<readonly (readonly string[])[]> {
  const { stdout } = await find(root, "--host", "video.example");
  return [...readDelimited(stdout.slice(1), ",", 0)].map((cells) => cells.map(strip));
}

const windows1251 = (text: string) =>
  Uint8Array.from(text, (letter) => {
    const byte = Array.from({ length: 256 }, (_, at) => at).find(
      (at) => new TextDecoder("windows-1251").decode(Uint8Array.of(at)) === letter,
    );
    return byte ?? 63;
  });

describe("a table of what was noted goes through a spreadsheet and back", () => {
  const asText = (rows: readonly (readonly string[])[]) =>
    rows.map((cells) => `${quoted(cells)}\r\n`).join("");

  it.each([
    [
      "with semicolons in windows-1251, which lacks Kazakh letters",
      "a.csv",
      (rows) => windows1251(asText(rows)),
    ],
    [
      "as Unicode text with tabs in UTF-16",
      "a.txt",
      (rows) => Buffer.from(`\ufeff${asText(rows).replaceAll('";"', '"\t"')}`, "utf16le"),
    ],
    ["as a workbook", "a.xlsx", (rows) => plainWorkbook(rows)],
  ] as readonly [string, string, (rows: readonly (readonly string[])[]) => Uint8Array][])(
    "%s: nothing is changed, and what was rewritten is named",
    async (_, name, save) => {
      const root = copy();
      const before = annotations(root);
      // A program that takes the apostrophes off, and then rewrites all that it can.
      const rows = await table(root, (cell) => inRussianExcel(cell.replace(/^'/, "")));
      const run = await annotate(root, name, save(rows));
      expect(run.status, run.stderr).toBe(0);
      expect(annotations(root)).toBe(before);
      expect(run.stderr).toMatch(
        /row \d unchanged: cell [A-Z]+\d, case: 14\.фев is how a spreadsheet writes 14\/2, which stays/,
      );
      expect(inForce(root)).toEqual(noted);
    },
  );

  it("as it was written nothing is named either, and new columns and changed cells are noted", async () => {
    const root = copy();
    const before = annotations(root);
    const rows = await table(root, inRussianExcel);
    const same = await annotate(root, "same.csv", asText(rows));
    expect([same.status, annotations(root)]).toEqual([0, before]);
    expect(same.stderr).not.toMatch(/unchanged: cell/);
    const changed = rows.map((cells, row) => [
      ...cells.map((cell) => cell.replace(/^'14\/2$/, "14/3")),
      row === 0 ? "автор" : "Анна",
    ]);
    const run = await annotate(root, "changed.csv", asText(changed));
    expect(run.status, run.stderr).toBe(0);
    expect(inForce(root)).toEqual({ ...noted, case: "14/3", автор: "Анна" });
  });

  it("with columns of holdfast taken out and the rest in another order, nothing is noted of what is left of them", async () => {
    const root = copy();
    const before = annotations(root);
    const rows = await table(root, inRussianExcel);
    const without = rows.map((cells) => [...cells.slice(4, 13), ...cells.slice(16), ...cells.slice(0, 2)]);
    const run = await annotate(root, "less.csv", asText(without));
    expect([run.status, annotations(root)]).toEqual([0, before]);
  });

  it("one bad cell drops neither its row nor the next", async () => {
    const root = copy();
    const run = await annotate(
      root,
      "bad.csv",
      `id;Дата;lat;автор\n${capture};5/1/2027;север;Анна\n${other};06.01.2026;1;Пётр\n`,
    );
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(
      "row 2 written in part: cell B2, Дата: 5/1/2027 can be 2027-01-05 or 2027-05-01: say which with --date-order dmy or mdy",
    );
    expect(run.stderr).toContain("row 2 written in part: cell C2, lat: give degrees");
    expect(inForce(root)).toMatchObject({
      автор: "Анна",
      incident_date: "2026-01-05",
      "unchecked.incident_date": "5/1/2027",
      "unchecked.lat": "север",
    });
    const again = await annotate(root, "bad.csv", `id;Дата\n${capture};5/1/2027\n`, "--date-order", "dmy");
    expect(again.status, again.stderr).toBe(0);
    expect(inForce(root)).toMatchObject({ incident_date: "2027-01-05" });
  });
});

describe("find --xlsx", () => {
  it("writes the table as a workbook that changes nothing when it is read back, and never over another file", async () => {
    const root = copy();
    const before = annotations(root);
    const path = join(folder.path, "found.xlsx");
    const argv = ["find", "--host", "video.example", "--xlsx", path, "--vault", root];
    const run = await holdfast(argv);
    expect([run.status, run.stdout, run.stderr]).toEqual([
      0,
      "",
      expect.stringContaining("2 captures written into"),
    ]);
    const back = await holdfast(["annotate", "--from", path, "--vault", root]);
    expect(back.status, back.stderr).toBe(0);
    expect(back.stderr).not.toMatch(/unchanged: cell/);
    expect(annotations(root)).toBe(before);
    expect(await holdfast(argv)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("it is there already"),
    });
    const inside = join(root, "found.xlsx");
    expect(
      (await holdfast(["find", "--host", "video.example", "--xlsx", inside, "--vault", root])).status,
    ).toBe(2);
  });
});

describe("find --csv", () => {
  it("divides cells by what was asked for, or by what the locale's spreadsheet expects; a tab in a text stays in its cell", async () => {
    const root = copy();
    const header = async (env: Record<string, string>, ...argv: readonly string[]) => {
      const run = await holdfast(["find", "--host", "video.example", "--csv", ...argv, "--vault", root], {
        LC_ALL: "",
        LC_NUMERIC: "",
        LANG: "",
        ...env,
      });
      return run.stdout.slice(1, run.stdout.indexOf("\r\n"));
    };
    expect(await header({ LANG: "en_US.UTF-8" })).toMatch(/^id,captured,/);
    expect(await header({ LANG: "ru_RU.UTF-8" })).toMatch(/^id;captured;/);
    expect(await header({ LANG: "en_US.UTF-8", LC_ALL: "kk_KZ" })).toMatch(/^id;captured;/);
    expect(await header({ LANG: "C" })).toMatch(/^id,captured,/);
    expect(await header({ LANG: "ru_RU" }, "--separator", "comma")).toMatch(/^id,captured,/);
    expect(await header({ LANG: "C" }, "--separator", ";")).toMatch(/^id;captured;/);
    // Who expects a file behind --csv is told where the table went.
    const { stderr } = await holdfast(["find", "--csv", "case.csv", "--vault", root]);
    expect(stderr).toContain("--csv prints the table: for a file, --csv > case.csv");
    const filters = {
      since: null,
      until: null,
      dateOf: "capture",
      host: null,
      case: null,
      where: [],
      limit: null,
    } as const;
    const found = findInVault({ vault: root, sought: { by: "filters" }, ...filters }, testWorld());
    const lines = foundLines(found.rows, "\t");
    const widths = [...readDelimited(lines.join("\r\n").slice(1), "\t", 0)].map((cells) => cells.length);
    expect([widths.length, new Set(widths).size]).toEqual([3, 1]);
    expect(lines.join("\t").split("\t")).toHaveLength((widths[0] ?? 0) * 3);
    expect(
      (await holdfast(["find", "--host", "video.example", "--separator", "tab", "--vault", root])).status,
    ).toBe(2);
  });
});

describe("a case with blanks and a №", () => {
  it.each(["Дело №14/2", "дело № 14/2", "ДЕЛО  №\u00a014/2"])(
    "%s is found, listed and exported",
    async (name) => {
      const found = await holdfast(["find", "--case", name, "--json", "--vault", made]);
      expect(found.lines.map(({ id }) => id)).toEqual([other]);
      const listed = await holdfast(["list", "--case", name, "--json", "--vault", made]);
      expect(listed.lines.map(({ id }) => id)).toEqual([other]);
      expect(capturesOfCase(made, name, testWorld())).toEqual([other]);
    },
  );
});
