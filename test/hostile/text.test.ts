import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unguardCell } from "../../src/core/lists/guarded-cell.js";
import { csvLine } from "../../src/core/lists/result-table.js";
import { displayWidth, printable } from "../../src/core/words/printable.js";
import { closeVault } from "../../src/vault/vault.js";
import { capturedTerminal, runCli } from "../cli/terminal-double.js";
import { roundOf } from "../soak/rounds.js";
import { holdfast } from "../support/cli.js";
import { hostileTexts, steeringIn } from "../support/hostile-texts.js";
import { captureHostile } from "../support/hostile-vault.js";
import * as samples from "../support/samples.js";
import { openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const vault = ["--vault", root];
const texts = hostileTexts.map(({ text }) => text);
const ids: string[] = [];

/** Two texts a capture are its title and uploader, so that every text stands in every table. */
beforeAll(async () => {
  const { random } = roundOf(1);
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const opened = await openTestVault(root, { ...testWorld(), random: bytes });
  for (let at = 0; at < texts.length; at += 2) {
    const some = [...texts, ...texts].slice(at, at + 10);
    ids.push(captureHostile(opened, some, at % 4 === 0 ? samples.record : samples.importRecord));
  }
  closeVault(opened);
});
afterAll(() => folder.remove());

/** Some of the captures: each text stands in five, one after the other. */
const everyText = () => ids.filter((_, at) => at % 5 === 0);

/** Titles and uploaders as the index has them. */
async function listed(): Promise<readonly Record<string, unknown>[]> {
  return (await holdfast(["list", "--json", ...vault])).lines;
}

/** A text as a record holds it. */
const stored = (text: string) => Buffer.from(text).toString().replaceAll("\0", "\ufffd");

it("there are at least two hundred hostile texts, each an attack of its own", () => {
  expect(texts.length).toBeGreaterThanOrEqual(200);
  expect(new Set(texts).size).toBe(texts.length);
  expect(new Set(hostileTexts.map(({ attack }) => attack)).size).toBe(texts.length);
});

it("what steers a terminal is noticed by these tests", () => {
  expect(steeringIn("ok\n👨‍👩‍👧 ❤️ Қазақ مَقْطَعُ")).toBeNull();
  const noticed = texts.filter((text) => steeringIn(text) !== null);
  expect(noticed.length).toBeGreaterThan(60);
  expect(noticed.map((text) => steeringIn(printable(text))).filter((found) => found !== null)).toEqual([]);
});

describe("tables and pages on a terminal hold hostile text in its place", () => {
  it.each([60, 132])(
    "list and find give a line to each capture and stay within %i columns",
    async (columns) => {
      for (const argv of [["list"], ["find", "--since", "2020-01-01"]]) {
        const { status, stdout } = await runCli(
          [...argv, "--no-color", ...vault],
          capturedTerminal({ columns }),
        );
        expect(status).toBe(0);
        const lines = stdout.trimEnd().split("\n");
        expect(lines).toHaveLength(ids.length + 1);
        expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
        const begins = lines.slice(1).map((line) => line.slice(0, 17).trim());
        expect(new Set(begins)).toEqual(new Set(ids));
        expect(steeringIn(stdout)).toBeNull();
      }
    },
  );

  it("show says each text on a page of that capture, and no line of it is forged", async () => {
    for (const id of everyText()) {
      const { status, stdout } = await holdfast(["show", id, ...vault]);
      expect(status).toBe(0);
      // Titles of sections stand at the edge; everything else is ours and indented.
      const atEdge = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("  "));
      expect(atEdge[0]).toContain(id);
      expect(atEdge.slice(1).filter((line) => !sections.includes(line))).toEqual([]);
    }
  });

  const sections = [
    "what the source claims",
    "what people noted (their assertions)",
    "the best that the platform offered?",
    "in packages",
    "other attempts at its address",
    "files, as received",
    "files that holdfast wrote, put together or cut",
    "received completely?",
    "what the Berkeley Protocol §155 lists",
    "programs run",
    "warnings",
    "log entries",
  ];

  it("JSON holds the text exactly, on one line, with nothing in it that a terminal obeys", async () => {
    const lines = await listed();
    expect(lines).toHaveLength(ids.length);
    const titles = lines.map(({ title }) => title ?? "");
    const uploaders = lines.map(({ uploader }) => uploader ?? "");
    expect([...titles, ...uploaders].toSorted()).toEqual(
      [...texts, ...(texts.length % 2 === 1 ? [texts[0] ?? ""] : [])].map(stored).toSorted(),
    );
    const [one] = (await holdfast(["show", ids[0]!, "--json", ...vault])).lines;
    expect(one).toMatchObject({ source: { title: { value: stored(texts[0]!) } } });
  });
});

describe("a table for spreadsheets", () => {
  /** What a spreadsheet would make of a cell; blank lines, quotes and blanks in front count for nothing. */
  const isFormula = (cell: string) =>
    /^["\s\ufeff]*[=+\-@＝＋－＠]/.test(cell) && !/^[+-]\d+([.,]\d+)?$/.test(cell);
  /** The same where another delimiter than ours made the cell: of `a, - b` it leaves ` - b`, which is text. */
  const beginsFormula = (cell: string) => /^["\t\r\n]*[=+\-@＝＋－＠]/.test(cell) && isFormula(cell);

  it("of find holds no formula, under whatever delimiter it is opened, and its text comes back", async () => {
    const { stdout } = await holdfast(["find", "--csv", "--since", "2020-01-01", ...vault]);
    const rows: readonly Record<string, string>[] = parse(stdout, { bom: true, columns: true });
    expect(rows).toHaveLength(ids.length);
    const titles = rows.map(({ title }) => unguardCell(title ?? ""));
    const shown = (text: string) =>
      text
        .split("\n")
        .map((line) => printable(line.replace(/\r$/, ""), Infinity))
        .join("\n");
    const lines = await listed();
    expect(titles).toEqual(lines.map(({ title }) => shown(String(title ?? ""))));
    for (const delimiter of [",", ";", "\t", "|"]) {
      const cells: readonly (readonly string[])[] = parse(stdout, {
        bom: true,
        delimiter,
        relax_column_count: true,
        relax_quotes: true,
      });
      expect(cells.flat().filter(delimiter === "," ? isFormula : beginsFormula)).toEqual([]);
    }
  });

  it("of a batch holds each row's cells and reason, and a list of what failed is a list again", async () => {
    const list = join(folder.path, "list.csv");
    const width = 10;
    const header = ["url", ...Array.from({ length: width }, (_, index) => `note ${index}`)];
    const rows = Array.from({ length: Math.ceil(texts.length / width) }, (_, row) => [
      `ftp://host.example/${row}`,
      ...header.slice(1).map((_name, index) => stored(texts[row * width + index] ?? "")),
    ]);
    writeFileSync(list, [header, ...rows].map((cells) => csvLine(cells, ",")).join(""));
    const to = join(folder.path, "results");
    const batch = await holdfast(["batch", list, "--to", to, "--delay", "0s", ...vault]);
    expect(batch.status).toBe(4);
    for (const name of ["results.csv", "failed.csv"]) {
      const text = readFileSync(join(to, name), "utf8");
      const read: readonly Record<string, string>[] = parse(text, { bom: true, columns: true });
      expect(read.map((row) => header.map((column) => unguardCell(row[column] ?? "")))).toEqual(rows);
      expect(read.flatMap((row) => Object.values(row)).filter(isFormula)).toEqual([]);
    }
  });

  it("a plan of a batch gives a line to each row, whatever stands for its address", async () => {
    const list = join(folder.path, "plan.csv");
    const rows = texts.map((text) => csvLine(["x", stored(text).trim() || "none"], ","));
    writeFileSync(list, csvLine(["n", "url"], ",") + rows.join(""));
    const { stdout } = await holdfast(["batch", list, "--dry-run", ...vault]);
    const lines = stdout.trimEnd().split("\n").slice(1);
    expect(lines.length).toBeGreaterThanOrEqual(rows.length);
    expect(
      lines.filter((line) => !/^ *\d+ {2}(capture|refused|no address|same as another row) /.test(line)),
    ).toEqual([]);
  });
});

describe("whatever is typed or named, a message is a line and a hint", () => {
  const commands: readonly (readonly string[])[] = [
    ["show"],
    ["find"],
    ["verify"],
    ["report"],
    ["derive"],
    ["annotate"],
    ["archive"],
    ["witness", "add"],
    ["find", "--host"],
    ["list", "--uploader"],
    [],
  ];

  /** These take any number of arguments, and look for every program of holdfast first: so they are asked once. */
  const askedOnce = new Set(["archive", "derive"]);

  it("every other text as an argument of one command after the other", async () => {
    const some = texts.filter((_, at) => at % 2 === 0);
    const asked = some.map((text, index) => ({
      command: commands[index % commands.length] ?? [],
      // No argument can hold a NUL.
      typed: text.replaceAll("\0", ""),
    }));
    const together = [...askedOnce].map((name) => ({
      command: [name],
      typed: asked.flatMap(({ command, typed }) => (command[0] === name ? [typed] : [])),
    }));
    expect(together.every(({ typed }) => typed.length > 8)).toBe(true);
    const alone = asked.filter(({ command: [name = ""] }) => !askedOnce.has(name));
    for (const { command, typed } of [...together, ...alone]) {
      const isOption = command.length < 2 && [typed].flat().some((one) => one.startsWith("-"));
      const { stderr } = await holdfast([
        ...command,
        ...vault,
        ...(isOption ? ["--"] : []),
        ...[typed].flat(),
      ]);
      const strange = stderr
        .split("\n")
        .filter(
          (line) =>
            !/^$|^holdfast: |^ {2}hint: |^no captures match(?:; words are found by their beginnings)?$|^no capture and no failed attempt of this address, |^checkpoint \d+ signed; |^\S+ is a file: searching for |^\d+ captures? without |^\d+ captures? reduced: |^(?:\d+ (?:captured|incomplete|failed)(?:, |; ))+\d|^\d+ failed$|^ {2}(digicert|sectigo): not asked yet$/.test(
              line,
            ),
        );
      expect(strange).toEqual([]);
    }
  });

  it("a list of notes whose names and texts are hostile", async () => {
    const list = join(folder.path, "notes.csv");
    const names = texts.slice(0, 150).map((text, at) => `${stored(text).trim() || "x"}${at}`);
    const rows = ids
      .slice(0, 3)
      .map((id, at) =>
        csvLine([id, ...names.map((_, index) => stored(texts[(index + at) % texts.length]!))], ","),
      );
    writeFileSync(list, csvLine(["id", ...names], ",") + rows.join(""));
    const { stdout, stderr } = await holdfast(["annotate", "--from", list, ...vault]);
    const strange = `${stdout}${stderr}`
      .split("\n")
      .filter(
        (line) => !/^$|^holdfast: |^ {2}hint: |^row \d+|^\d+ row|^checkpoint |^the log|^ {2}/.test(line),
      );
    expect(strange).toEqual([]);
  });

  it("files with hostile names in a vault are each named in a finding", async () => {
    const stray = join(root, "objects", "stray");
    mkdirSync(stray);
    const names = texts.map(fileName).filter((name) => name !== "");
    for (const name of new Set(names)) writeFileSync(join(stray, name), "");
    const { status, stdout } = await holdfast(["verify", "--quick", ...vault]);
    expect(status).toBe(1);
    const { lines } = await holdfast(["verify", "--quick", "--json", ...vault]);
    const findings = lines[0]?.findings as readonly { where: string }[];
    expect(findings.filter(({ where }) => where.startsWith("objects/stray/")).length).toBe(
      new Set(names).size,
    );
    const strange = stdout.split("\n").filter((line) => line !== "" && !/^[ a-zA-Z]/.test(line));
    expect(strange).toEqual([]);
  });
});

/** What of a text a file may be called. */
function fileName(text: string): string {
  const name = text.replace(/[\0/]/g, "_");
  return [".", ".."].includes(name) || Buffer.byteLength(name) > 255 ? "" : stored(name);
}

describe("what is written", () => {
  it("a line of the log is one entry, whatever it states, and names of files in a vault are ours", () => {
    const lines = readdirSync(join(root, "log"))
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) =>
        readFileSync(join(root, "log", name), "utf8")
          .split("\n")
          .slice(0, -1),
      );
    expect(lines.length).toBeGreaterThanOrEqual(texts.length);
    expect(lines.filter((line) => /[\0-\x1f]/.test(line) || JSON.parse(line).v !== 1)).toEqual([]);
    const named = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.includes("objects/stray"),
    );
    expect(named.length).toBeGreaterThan(ids.length);
    expect(named.filter((path) => !/^[A-Za-z0-9._=/-]+$/.test(path))).toEqual([]);
  });

  it("a package has names of ours only, and every hostile name put into it is a finding", async () => {
    const to = join(folder.path, "package");
    const made = await holdfast(["export", ...everyText(), "--with-annotations", "--to", to, ...vault]);
    expect(made.status, made.stderr).toBe(0);
    const named = readdirSync(to, { recursive: true, encoding: "utf8" });
    expect(named.length).toBeGreaterThan(everyText().length);
    expect(named.filter((path) => !/^[A-Za-z0-9._/-]+$/.test(path))).toEqual([]);
    expect((await holdfast(["verify", to])).status).toBe(0);
    const names = new Set(
      texts.map(fileName).filter((name) => name !== "" && !/^[A-Za-z0-9._-]+$/.test(name)),
    );
    for (const name of names) writeFileSync(join(to, "data", name), "");
    const { status, lines } = await holdfast(["verify", to, "--json"]);
    expect(status).toBe(1);
    const findings: unknown = lines[0]?.findings;
    const paths = Array.isArray(findings) ? findings.filter(({ code }) => code === "package-path") : [];
    expect(paths).toHaveLength(names.size);
    expect((await holdfast(["verify", to, "--quick"])).status).toBe(1);
  });
});
