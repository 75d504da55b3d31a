import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extensionAlone, namesToCut, wholeName } from "../../src/capture/import-names.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { redactInfoJson } from "../../src/core/capture/redact.js";
import { holdfast } from "../support/cli.js";
import { filesBelow } from "../support/guesses.js";
import { spellings } from "../support/spellings.js";
import { until } from "../support/until.js";
import { audit, temporaryFolder } from "../support/vaults.js";

/** In every name of a file, and of the folder, that the test makes: whoever sent the clip is called so. */
const source = "zz_source_anna";
const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const vault = at("vault");
const given = (name: string) => at(`from ${source}`, name);
const ids = { plain: "", odd: "" };

beforeAll(async () => {
  mkdirSync(at(`from ${source}`));
  const clip = (name: string, seconds: number) => {
    const look = `testsrc2=s=160x120:r=10:d=${seconds}`;
    execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", look, given(name)]);
  };
  clip(`${source} interview.mp4`, 1);
  clip("second.mp4", 2);
  copyFileSync(given("second.mp4"), given(`clip.${source}`));
  writeFileSync(given(`${source} interview.${source}.vtt`), "WEBVTT\n\n00:00.000 --> 00:01.000\nspoken\n");
  mkdirSync(given(`${source} interview.${source}.jpg`));
  writeFileSync(given(`${source} interview.webp`), "a thumbnail");
  const local = given(`${source} interview.mp4`);
  const info = {
    id: "abc",
    uploader: "somebody",
    _filename: local,
    filename: local,
    requested_downloads: [{ filepath: local, _filename: local }],
    thumbnails: [{ url: "https://video.example/t.webp", filepath: `${local}.webp` }],
    note: `written to ${at(`from ${source}`)}`,
    webpage_url: `file://${encodeURI(local)}`,
    original_url: `file://${encodeURIComponent(local)}`,
    url: `${source} interview.mp4`,
  };
  writeFileSync(given(`${source} interview.info.json`), JSON.stringify(info));
  writeFileSync(given(`${source} empty.mp4`), "");
  symlinkSync(given(`${source} interview.mp4`), at("link.mp4"));
});
afterAll(() => folder.remove());

const imported = (...words: readonly string[]) => holdfast(["import", "--json", "--vault", vault, ...words]);
const inVault = (...words: readonly string[]) => holdfast([...words, "--vault", vault]);

/** Where in these files the source's name stands, in any spelling. */
function naming(files: readonly string[]): readonly string[] {
  expect(files.length).toBeGreaterThan(0);
  const words = [...spellings(source), ...spellings(source.toUpperCase())];
  return files.filter((path) => {
    const bytes = readFileSync(path);
    return words.some((word) => bytes.includes(word));
  });
}

const outsidePrivate = (root: string) => filesBelow(root, (path) => path.startsWith("private/"));

function recordOf(object: unknown, root = vault): CaptureRecord {
  return JSON.parse(readFileSync(join(root, String(object), "v1/content/record.json"), "utf8"));
}

describe("the own name of a file that is imported", () => {
  it("is in no byte outside private/, nor are those of what lies beside it, whatever became of the import", async () => {
    const plain = await imported(given(`${source} interview.mp4`));
    const odd = await imported(given(`clip.${source}`));
    const failing = [`${source} empty.mp4`, `${source} missing.mp4`].map(given);
    const failed = await imported(...failing);
    const linked = await imported("--again", at("link.mp4"));
    expect([plain, odd, failed, linked].map(({ status }) => status)).toEqual([0, 0, 4, 0]);
    ids.plain = String(plain.lines[0]?.id);
    ids.odd = String(odd.lines[0]?.id);
    const record = recordOf(plain.lines[0]?.object);
    expect(record.files.map(({ path, received_as }) => [path, received_as])).toEqual([
      ["original/track-1.mp4", "<name>.mp4"],
      ["source/info.json", null],
      ["source/thumbnail-1.webp", "<name>.webp"],
      ["source/subtitle-3.vtt", "<name>.vtt"],
    ]);
    expect(record.source.title).toBeNull();
    expect(record.warnings).toEqual([expect.stringMatching(/^<name>\.jpg beside the file was left out/)]);
    expect(recordOf(odd.lines[0]?.object).files[0]?.received_as).toBe("<name>");
    expect(naming(outsidePrivate(vault))).toEqual([]);
    // A search that finds nothing anywhere would show nothing: the annexes have the names.
    const annex = JSON.parse(readFileSync(join(vault, "private", ids.plain, "annex.json"), "utf8"));
    expect(annex.places).toMatchObject({
      "<name of original/track-1.mp4>": `${source} interview.mp4`,
      "<name of source/subtitle-3.vtt>": `${source} interview.${source}.vtt`,
    });
    expect(naming(filesBelow(join(vault, "private"), () => false)).length).toBeGreaterThan(3);
  });

  it("is not logged when the import is killed either", async () => {
    const large = given(`${source} large.mp4`);
    copyFileSync(given("second.mp4"), large);
    truncateSync(large, 256 * 1024 ** 2);
    const program = join(import.meta.dirname, "../../bin/holdfast.js");
    const child = spawn(process.execPath, [program, "import", "--vault", vault, large], { stdio: "ignore" });
    const ended = once(child, "exit");
    const staged = () =>
      readdirSync(join(vault, "staging"), { recursive: true }).some((path) => /\/media$/.test(String(path)));
    await until(() => staged() || child.exitCode !== null);
    child.kill("SIGKILL");
    await ended;
    expect(staged()).toBe(true);
    expect(naming(outsidePrivate(vault))).toEqual([]);
    truncateSync(large, 0);
    await inVault("checkpoint");
    const shown = execFileSync("sqlite3", [join(vault, "vault.db"), "SELECT line FROM entry"]).toString();
    expect(shown).toContain("staging-removed");
    expect(naming(outsidePrivate(vault))).toEqual([]);
  });

  it("is shown by list, show and find to whoever has the vault with its private part", async () => {
    const name = `${source} interview.mp4`;
    const listed = await inVault("list", "--json");
    const names = listed.lines.map(({ file_name }) => file_name);
    expect(names).toEqual(
      expect.arrayContaining([name, `clip.${source}`, `${source} empty.mp4`, `${source} missing.mp4`]),
    );
    const table = await inVault("list");
    expect(table.stdout).toContain(`clip.${source}`);
    const shown = await inVault("show", ids.plain);
    expect(shown.stdout).toContain(`${name} (its original name, only in the private annex)`);
    expect((await inVault("show", "--json", ids.plain)).lines[0]).toMatchObject({ file_name: name });
    expect((await inVault("list", "--json", "--text", "interview")).lines).toHaveLength(1);
    // A file that was reached through a link is called as the link was.
    expect((await inVault("list", "--json", "--text", "link")).lines).toHaveLength(1);
    const found = await inVault("find", "--json", "INTERV");
    expect(found.lines.map(({ id, matched }) => [id, matched])).toContainEqual([ids.plain, ["file name"]]);
    expect((await inVault("find", "--json", "interview nowhere")).lines).toEqual([]);
  });

  it("is found together with what the index holds, and within filters", async () => {
    await inVault("annotate", ids.plain, "place=Astana");
    const found = await inVault("find", "--json", "interview", "astana");
    expect(found.lines.map(({ id, matched }) => [id, matched])).toEqual([
      [ids.plain, ["file name", "note place"]],
    ]);
    expect((await inVault("find", "--json", "interview", "--where", "place=Astana")).lines).toHaveLength(1);
    expect((await inVault("find", "--json", "interview", "--case", "none")).lines).toEqual([]);
    expect((await inVault("find", "--json", "interview", "--until", "2001-01-01")).lines).toEqual([]);
  });

  it("is shown from an annex as it was logged alone, and without the annex from nowhere", async () => {
    const other = at("without-private");
    execFileSync("cp", ["-r", vault, other]);
    const annex = join(other, "private", ids.plain, "annex.json");
    execFileSync("chmod", ["-R", "u+w", join(other, "private")]);
    writeFileSync(annex, readFileSync(annex, "utf8").replaceAll("interview", "intervene"));
    const shown = await holdfast(["show", "--json", ids.plain, "--vault", other]);
    expect(shown.lines[0]).toMatchObject({ file_name: null });
    execFileSync("rm", ["-r", join(other, "private")]);
    const listed = await holdfast(["list", "--json", "--vault", other]);
    expect(listed.lines.every(({ file_name }) => file_name === null)).toBe(true);
    expect(listed.stdout).not.toContain(source);
  });

  it("goes into no package, report or page", async () => {
    mkdirSync(at("out"));
    await inVault("export", "--to", at("out/package"), ids.plain, ids.odd);
    await inVault("export", "--to", at("out/package.tar"), ids.plain);
    await inVault("report", "--to", at("out/report.html"), ids.plain);
    await inVault("report", "--declaration", "--to", at("out/declaration.html"), ids.odd);
    const files = filesBelow(at("out"), () => false);
    expect(files.length).toBeGreaterThan(20);
    expect(naming(files)).toEqual([]);
    const errors = (await audit(vault)).findings.filter(({ severity }) => severity === "error");
    expect(errors).toEqual([]);
  });

  it("is in the record, and so in a package, where somebody asked for it", async () => {
    const kept = await imported("--again", "--keep-name", given(`${source} interview.mp4`));
    const record = recordOf(kept.lines[0]?.object);
    expect(record.files.flatMap(({ received_as }) => received_as ?? [])).toEqual([
      `${source} interview.mp4`,
      `${source} interview.webp`,
      `${source} interview.${source}.vtt`,
    ]);
    expect(record.source.title).toMatchObject({ value: `${source} interview.mp4`, basis: "file_claim" });
    const failed = await imported("--keep-name", given(`${source} missing.mp4`));
    expect(failed.lines[0]).toMatchObject({ reason: expect.stringContaining(`${source} missing.mp4: `) });
    const shown = await inVault("show", String(kept.lines[0]?.id));
    expect(shown.stdout).toContain("its original name, also in the record");
    await inVault("export", "--to", at("out/named"), String(kept.lines[0]?.id));
    expect(naming(filesBelow(at("out/named"), () => false))).not.toEqual([]);
  });
});

describe("what stays of a name", () => {
  it("is cut out of what lies beside the file in every spelling of a path, accents composed or not", () => {
    const name = "Рассказ Зои Йылдыз.mp4";
    const file = `/home/anna/видео\u0439/${name}`.normalize("NFD");
    const spelt = ["NFC", "NFD"].flatMap((form) => {
      const text = file.normalize(form);
      return [
        text,
        encodeURI(text),
        encodeURIComponent(text),
        encodeURI(text).toLowerCase(),
        JSON.stringify(text),
      ];
    });
    const info = { spelt, url: name, title: "Рассказ" };
    const { value } = redactInfoJson(info, namesToCut(file, extensionAlone));
    expect(value).toMatchObject({ url: "[cut]", title: "Рассказ" });
    expect(JSON.stringify(value)).not.toMatch(/anna|mp4/);
    const kept = redactInfoJson(info, namesToCut(file, wholeName)).value;
    expect(kept).toMatchObject({ url: name });
    expect(JSON.stringify(kept)).not.toContain("anna");
  });

  it("is the extension, where clips and what comes with them have such a one", () => {
    const kept = ["a.mp4", "a.MOV", "a.en.vtt", "a.jpeg", "a.anna", "a", ".mp4", "a.mp4 ", "a.b.mkv"];
    expect(kept.map(extensionAlone)).toEqual([
      "<name>.mp4",
      "<name>.MOV",
      "<name>.vtt",
      "<name>.jpeg",
      "<name>",
      "<name>",
      "<name>",
      "<name>",
      "<name>.mkv",
    ]);
  });
});
