import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { reportCapture } from "../../src/handover/report.js";
import { listCaptures, showCapture } from "../../src/search/show.js";
import { schemaProblems } from "../../src/vault/json-schemas.js";
import { closeVault } from "../../src/vault/vault.js";
import { type CliRun, holdfast } from "../support/cli.js";
import {
  audit,
  captureText,
  copyVault,
  errorCodes,
  everything,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
let first = "";
let second = "";
let failed = "";
let digest = "";
let copies = 0;

beforeAll(async () => {
  const vault = await openTestVault(made);
  const one = captureText(vault, "first", "https://video.example/watch?v=1&utm_source=x");
  first = one.record.capture;
  digest = one.record.files[0]!.sha256;
  second = captureText(vault, "second, longer").record.capture;
  closeVault(vault);
  const run = await holdfast(["import", join(folder.path, "missing.mp4"), "--vault", made, "--json"]);
  failed = String(run.lines[0]?.id);
});
afterAll(() => folder.remove());

function copy(): string {
  copies += 1;
  return copyVault(made, join(folder.path, `copy-${copies}`));
}

function annotate(root: string, ...argv: readonly string[]): Promise<CliRun> {
  return holdfast(["annotate", ...argv, "--vault", root]);
}

function list(name: string, text: string | Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

function entries(root: string): readonly Record<string, unknown>[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const lines = database.prepare<[], string>("SELECT line FROM entry ORDER BY seq").pluck().all();
  database.close();
  return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "annotate");
}

/** Key → value in force, as `show` has it. */
function inForce(root: string, id: string): Record<string, string | null> {
  const { annotations } = showCapture(root, id);
  return Object.fromEntries(
    annotations.filter(({ in_force }) => in_force).map(({ key, value }) => [key, value]),
  );
}

const found = (root: string, text: string) => listCaptures(root, { ...everything, text }).map(({ id }) => id);

describe("what a person types about a capture", () => {
  it("is one entry of the log with the text exactly as typed, as a person's assertion, and the log is signed", async () => {
    const root = copy();
    const run = await annotate(root, first, "Орын=Алматы, Республика алаңы", "Широта=43,238949", "Дело=14/2");
    expect(run.status, run.stderr).toBe(0);
    const [entry] = entries(root);
    expect(entry?.body).toEqual({
      capture: first,
      basis: "person_assertion",
      from: "command line",
      values: [
        { key: "case", value: "14/2" },
        { key: "lat", value: "43,238949" },
        { key: "place", value: "Алматы, Республика алаңы" },
      ],
    });
    expect(schemaProblems("entry", entry)).toEqual([]);
    expect(run.stderr).toMatch(/checkpoint \d+ signed/);
    expect(await audit(root)).toMatchObject({ ok: true, chain: "pass", signature: "pass" });
  });

  it("is found afterwards, also of an attempt that failed", async () => {
    const root = copy();
    await annotate(root, first, "note=свидетель из Тараза");
    await annotate(root, failed, "place=Қордай");
    expect(found(root, "тараз")).toEqual([first]);
    expect(found(root, "кордай")).toEqual([failed]);
    expect(await errorCodes(root)).toEqual([]);
  });

  it("is superseded by what is said later, and the earlier entry stays", async () => {
    const root = copy();
    await annotate(root, first, "place=Тараз", "case=1");
    await annotate(root, first, "place=Алматы");
    expect(inForce(root, first)).toEqual({ case: "1", place: "Алматы" });
    expect(entries(root)).toHaveLength(2);
    expect([found(root, "алматы"), found(root, "тараз")]).toEqual([[first], []]);
    const shown = await holdfast(["show", first, "--vault", root]);
    expect(shown.stdout).toMatch(/place +Алматы \(entry \d+, 1 earlier entry; command line\)/);
    const { lines } = await holdfast(["show", first, "--vault", root, "--json"]);
    expect(lines[0]?.annotations).toEqual([
      expect.objectContaining({ key: "case", value: "1", in_force: true }),
      expect.objectContaining({ key: "place", value: "Тараз", in_force: false }),
      expect.objectContaining({ key: "place", value: "Алматы", in_force: true, from: "command line" }),
    ]);
  });

  it("is taken back with a name and no text, and can be said again", async () => {
    const root = copy();
    await annotate(root, first, "place=Тараз");
    await annotate(root, first, "place=");
    expect(inForce(root, first)).toEqual({});
    expect(found(root, "тараз")).toEqual([]);
    expect((await holdfast(["show", first, "--vault", root])).stdout).toMatch(/place +withdrawn/);
    await annotate(root, first, "place=Тараз");
    expect(inForce(root, first)).toEqual({ place: "Тараз" });
    expect(entries(root)).toHaveLength(3);
    expect(await errorCodes(root)).toEqual([]);
  });

  it("writes nothing where all of it is in force already, and nothing to take back", async () => {
    const root = copy();
    await annotate(root, first, "place=Тараз");
    const again = await annotate(root, first, "place=Тараз", "case=");
    expect(again).toMatchObject({ status: 0 });
    expect(again.stdout).toContain("noted before");
    expect(entries(root)).toHaveLength(1);
  });

  it.each([
    ["a date that no calendar has", ["Дата=2026-02-30"], /Дата: give an ISO date/],
    ["a latitude that no place has", ["place=x", "lat=91"], /lat: give degrees/],
    ["two values for one name", ["place=x", "Орын=y"], /place already has another value/],
    ["a name without a letter", ["—=x"], /a name needs/],
    ["no name", ["=x"], /no name/],
    ["no sign of equality", ["place"], /no name and =/],
    ["nothing", [], /no value was given/],
  ])("%s is refused, and nothing of it is written", async (_what, pairs, words) => {
    const root = copy();
    const before = readFileSync(join(root, "vault.db"));
    const run = await annotate(root, first, ...pairs);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(words);
    expect(readFileSync(join(root, "vault.db"))).toEqual(before);
  });

  it("about no capture, or about several at once, is refused", async () => {
    const root = copy();
    for (const id of ["ZZZZZZZZ", "2026"]) {
      expect((await annotate(root, id, "place=x")).status, id).toBe(2);
    }
    expect((await annotate(root, "--from", list("a.csv", "id,note\n"), "note=x")).status).toBe(2);
    expect((await annotate(root)).status).toBe(2);
    expect(entries(root)).toEqual([]);
  });

  it("never makes a vault", async () => {
    expect((await annotate(join(folder.path, "none"), first, "place=x")).status).toBe(5);
  });

  it("is shown as text, whatever is in it", async () => {
    const root = copy();
    await annotate(root, first, "note=\u001b[2J\u202e=cmd|' /C calc'!A0");
    const { stdout } = await holdfast(["show", first, "--vault", root]);
    expect(stdout).toContain("\\u{1b}[2J\\u{202e}=cmd");
    expect(stdout).not.toContain("\u001b[2J");
  });
});

describe("a list of annotations", () => {
  it("names captures by id, SHA-256 or address; each row is an entry that names the list by its digest alone", async () => {
    const root = copy();
    const text = `id;sha256;url;Место;№ дела;Пусто\r\n${first};;;Тараз;1;\r\n;${digest.toUpperCase()};;Алматы;;\r\n;;https://www.video.example/watch?v=1;;2;\r\n`;
    const path = list("secret-name.csv", `\ufeff${text}`);
    const run = await annotate(root, "--from", path, "--json");
    expect(run.status, run.stderr).toBe(0);
    expect(run.lines).toEqual([
      { row: 2, status: "annotated", capture: first, entry: expect.any(Number), problems: [] },
      { row: 3, status: "annotated", capture: first, entry: expect.any(Number), problems: [] },
      { row: 4, status: "annotated", capture: first, entry: expect.any(Number), problems: [] },
    ]);
    expect(inForce(root, first)).toEqual({ case: "2", place: "Алматы" });
    const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(entries(root).map(({ body }) => (body as { from: string }).from)).toEqual([
      `list ${sha256}, row 2`,
      `list ${sha256}, row 3`,
      `list ${sha256}, row 4`,
    ]);
    expect(JSON.stringify(entries(root))).not.toContain("secret-name");
    expect(await errorCodes(root)).toEqual([]);
  });

  it("written by a spreadsheet in windows-1251 is read as the letters it has", async () => {
    const cyrillic = Buffer.from([0xcc, 0xe5, 0xf1, 0xf2, 0xee]);
    const root = copy();
    const bytes = Buffer.concat([Buffer.from("id;"), cyrillic, Buffer.from(`\r\n${first};`), cyrillic]);
    await annotate(root, "--from", list("excel.csv", bytes));
    expect(inForce(root, first)).toEqual({ place: "Место" });
  });

  it("says which rows it could not write and why, writes the others, and ends with status 2", async () => {
    const root = copy();
    const rows = [
      "id,lat,note",
      `${first},95,far north`,
      "ZZZZZZZZ,1,nobody",
      ",1,nameless",
      `${second},50,good`,
    ];
    const run = await annotate(root, "--from", list("rows.csv", rows.join("\n")));
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/row 2 written in part: cell B2, lat: give degrees/);
    expect(run.stderr).toMatch(/row 3 not written: no capture id contains ZZZZZZZZ/);
    expect(run.stderr).toMatch(/row 4 not written: the row names no capture/);
    expect(run.stderr).toMatch(/4 rows: 2 captures annotated, 0 unchanged, 2 rows refused/);
    expect([inForce(root, first), inForce(root, second)]).toEqual([
      { note: "far north", "unchecked.lat": "95" },
      { lat: "50", note: "good" },
    ]);
  });

  it("given again changes nothing", async () => {
    const root = copy();
    const path = list("again.csv", `id,place\n${first},Тараз\n${second},Алматы\n`);
    await annotate(root, "--from", path);
    const before = entries(root).length;
    const run = await annotate(root, "--from", path, "--json");
    expect(run.lines.map(({ status }) => status)).toEqual(["unchanged", "unchanged"]);
    expect(entries(root)).toHaveLength(before);
  });

  it("leaves a blank cell alone: it takes nothing back", async () => {
    const root = copy();
    await annotate(root, first, "place=Тараз");
    await annotate(root, "--from", list("blank.csv", `id,place,note\n${first}, ,x\n`));
    expect(inForce(root, first)).toEqual({ note: "x", place: "Тараз" });
  });

  it("that is a table holdfast wrote itself adds only the columns that are new in it", async () => {
    const root = copy();
    const header = "row,url,Место,status,capture,sha256,title,claimed date,reason,seconds";
    const row = `2,https://video.example/watch?v=1,Тараз,captured,${first},${digest},a title,2026,,1.5`;
    await annotate(root, "--from", list("results.csv", `${header}\n${row}\n`));
    expect(inForce(root, first)).toEqual({ place: "Тараз" });
  });

  it.each([
    ["no header", `https://video.example/1,x\n`],
    ["no column that names captures", "place,note\nx,y\n"],
    ["nothing in it", " \n"],
    ["an open quote", 'id,note\n"x,y\n'],
  ])("with %s is refused", async (_what, text) => {
    const root = copy();
    const run = await annotate(root, "--from", list("bad.csv", text));
    expect([run.status, entries(root)]).toEqual([2, []]);
  });

  it("that is not there is refused", async () => {
    expect((await annotate(copy(), "--from", join(folder.path, "nowhere.csv"))).status).toBe(2);
  });
});

describe("writing an annotation within another work", () => {
  it("tells in the same transaction, with an entry and without, and not at all where it fails", async () => {
    const vault = await openTestVault(copy());
    const told: boolean[] = [];
    const also = (database: Database.Database) => {
      told.push(database.inTransaction);
    };
    expect(logAnnotation(vault, first, { place: "x" }, fromCommandLine, also)?.event).toBe("annotate");
    expect(logAnnotation(vault, first, { place: "x", note: null }, fromCommandLine, also)).toBeNull();
    expect(told).toEqual([true, true]);
    const fails = () => {
      throw new Error("not now");
    };
    expect(() => logAnnotation(vault, first, { place: "y" }, fromCommandLine, fails)).toThrow("not now");
    expect(logAnnotation(vault, first, { place: "x" }, fromCommandLine)).toBeNull();
    closeVault(vault);
  });
});

describe("an annotation is not handed on by a report", () => {
  it("unless the private annex was asked for", async () => {
    const root = copy();
    await annotate(root, first, "source=canary-source-person", "место=canary-place");
    const request = { vault: root, id: first };
    const plain = await reportCapture({ ...request, withAnnex: false }, testWorld());
    expect(JSON.stringify(plain)).not.toContain("canary");
    expect(plain.facts.custody.map(({ event }) => event)).not.toContain("annotate");
    const full = await reportCapture({ ...request, withAnnex: true }, testWorld());
    const told = full.facts.custody.find(({ event }) => event === "annotate");
    expect(told?.detail).toBe("place: canary-place\nsource: canary-source-person");
    const page = join(folder.path, "report.html");
    await holdfast(["report", first, "--vault", root, "--to", page]);
    expect(readFileSync(page, "utf8")).not.toContain("canary");
  });
});
