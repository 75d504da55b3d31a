import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { capturedTerminal, runCli } from "../cli/terminal-double.js";
import { holdfast } from "../support/cli.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
afterAll(() => folder.remove());

const list = at("list.csv");
const said = ["batch", list, "--vault", at("vault"), "--to", at("results")];

describe("what a list holds and holdfast cannot take", () => {
  it("is named with the cell that a spreadsheet shows, counted, and makes the status 4", async () => {
    const rows = [
      "url,note,mirror",
      ",words,",
      ",,t.me/example/1",
      "https://t.me/example/2…,,",
      "see above,,",
    ];
    writeFileSync(list, rows.join("\n"));
    expect((await holdfast(["init", "--vault", at("vault")])).status).toBe(0);
    const run = await holdfast([...said, "--json"]);
    const refused = run.lines.filter(({ row_status }) => row_status === "refused");
    const named = refused.map(({ row, reason }) => [row, reason]);
    expect(named.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
      [2, "there is no address in A2 (url)"],
      [3, "there is no address in A3 (url); there is one in C3 (mirror)"],
      [4, "the address is cut short: it ends in …"],
      [5, "this is not a web address"],
    ]);
    expect(run.status).toBe(4);
    expect(run.lines.at(-1)).toMatchObject({ counts: { refused: 4, skipped: 0 } });
    // All of them can be mended in the list of what failed.
    expect(readFileSync(at("results/failed.csv"), "utf8").trim().split("\r\n")).toHaveLength(5);
  });

  it("is said by a dry run too, and by a list that is refused as a whole", async () => {
    const planned = await holdfast([...said, "--dry-run", "--json"]);
    expect(planned.lines.map(({ plan }) => plan)).toEqual(["no-address", "no-address", "refused", "refused"]);
    expect(planned.lines[1]?.reason).toContain("C3 (mirror)");
    writeFileSync(list, "URL,Place\n,Almaty\n,Taraz\n");
    const empty = await holdfast(said);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toContain("the column URL is empty in every row");
  });

  it.each([40, 60, 80])("is said whole by a dry run on a terminal of %i columns", async (columns) => {
    writeFileSync(list, "url,Дата\nhttps://t.me/example/1,5/1/2026\nвидео с площади,\n");
    const io = capturedTerminal({ columns, cwd: folder.path });
    const { status, stdout } = await runCli([...said, "--dry-run"], io);
    expect(status).toBe(0);
    const words = stdout.replaceAll(/\s+/g, " ");
    expect(words).toContain(
      "5/1/2026 can be 2026-01-05 or 2026-05-01: say which with --date-order dmy or mdy",
    );
    expect(words).toContain("this is not a web address");
  });
});

describe("an address that a person states of a file", () => {
  it("is one, or nothing is written: a text may be a path with a person's name in it", async () => {
    const vault = at("other");
    for (const text of ["/home/anna/clip", "told by Anna", "file:///home/anna", "https://t.me/a…"]) {
      const run = await holdfast(["import", list, "--source-url", text, "--vault", vault]);
      expect(run.status, text).toBe(2);
      expect(run.stderr).toMatch(/--source-url .*: (this is not a web address|only http|the address is cut)/);
    }
    const kept = await holdfast(["import", list, "--source-url", "t.me/a/1", "--vault", vault, "--json"]);
    const record = join(vault, String(kept.lines[0]?.object), "v1/content/record.json");
    expect(JSON.parse(readFileSync(record, "utf8")).claimed_url.value).toBe("https://t.me/a/1");
  });
});
