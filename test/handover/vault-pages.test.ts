import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { annotationBody, fromCommandLine } from "../../src/core/capture/annotation.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { capturedTerminal, runCli } from "../cli/terminal-double.js";
import { holdfast } from "../support/cli.js";
import {
  captureText,
  copyVault,
  deriveText,
  objectFolder,
  openTestVault,
  temporaryFolder,
} from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const pages = join(folder.path, "pages");
let ids: readonly string[] = [];

beforeAll(async () => {
  const vault = await openTestVault(root);
  const one = captureText(vault, "first");
  deriveText(vault, one.record, "one");
  const other = captureText(vault, "second, longer");
  logEntry(vault, "annotate", annotationBody(one.record.capture, { place: "Almaty" }, fromCommandLine));
  ids = [one.record.capture, other.record.capture];
  closeVault(vault);
});
beforeEach(() => {
  mkdirSync(pages);
  vi.stubEnv("TMPDIR", pages);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(pages, { recursive: true });
});
afterAll(() => folder.remove());

async function openPage(argv: readonly string[], vault = root) {
  const run = await holdfast(["open", ...argv, "--json", "--vault", vault]);
  expect(run.status, run.stderr).toBe(0);
  const { page, captures, opened } = run.lines[0]!;
  const path = String(page);
  return { path, folder: dirname(path), captures, opened, text: readFileSync(path, "utf8") };
}

/** Where the links of a page lead, by address. */
const addresses = (text: string) => [
  ...new Set([...text.matchAll(/\b(?:href|src|poster)="([^"#][^"]*)"/g)].map(([, address]) => address ?? "")),
];

describe("holdfast open", () => {
  it("makes a page whose every link leads to the bytes in the vault, without a copy of one of them", async () => {
    const made = await openPage([ids[0]!]);
    const found = addresses(made.text);
    expect(found.length).toBeGreaterThan(3);
    for (const address of found) {
      const target = realpathSync(join(made.folder, address));
      expect(target.startsWith(`${realpathSync(root)}/`), address).toBe(true);
      expect(statSync(target).size).toBeGreaterThan(0);
    }
    expect(found).toContain(`${ids[0]}/original/track-1.mp4`);
    expect(made.text).toContain(`<video controls preload="none" src="${ids[0]}/original/track-1.mp4"`);
  });

  it("puts no local path, no note of a person and nothing of the annex on the page", async () => {
    const { text } = await openPage([ids[0]!]);
    for (const word of [folder.path, "file:///", "Almaty", "private/"]) expect(text).not.toContain(word);
  });

  it("is seen by the person alone: folder and page are closed to others", async () => {
    const made = await openPage([ids[0]!]);
    expect(statSync(made.folder).mode & 0o777).toBe(0o700);
    expect(statSync(made.path).mode & 0o777).toBe(0o600);
  });

  it("takes parts of ids, several of them on one page, and each once", async () => {
    const part = ids[1]!.slice(-8).toLowerCase();
    const made = await openPage([part, ids[0]!, ids[1]!]);
    expect(made.captures).toEqual([...ids].sort());
    for (const id of ids) expect(made.text).toContain(`<section class="clip" id="clip-${id}">`);
    expect(made.text).toContain(`<nav><ol><li><a href="#clip-`);
    expect(made.opened).toBe(false);
  });

  it("prints the path of the page where no desktop is", async () => {
    const run = await holdfast(["open", ids[0]!, "--vault", root]);
    expect([run.status, run.stderr]).toEqual([0, ""]);
    expect(readFileSync(run.stdout.trim(), "utf8")).toContain(ids[0]);
  });

  it("says what the path is for on a terminal without a desktop", async () => {
    const io = capturedTerminal({ columns: 80, env: { PATH: folder.path, HOME: folder.path } });
    const { status, stderr } = await runCli(["open", ids[0]!, "--vault", root], io);
    expect([status, stderr]).toEqual([0, expect.stringContaining("open this file with one:")]);
  });

  it("opens the page in the person's browser where a desktop is, and prints its path all the same", async () => {
    const told = join(folder.path, "told");
    const opener = join(folder.path, "xdg-open");
    writeFileSync(opener, `#!/bin/sh\nprintf %s "$1" > "${told}"\n`, { mode: 0o755 });
    const env = { PATH: folder.path, DISPLAY: ":0", HOME: folder.path };
    const run = await runCli(["open", ids[0]!, "--vault", root], capturedTerminal({ columns: 80, env }));
    expect(run.status).toBe(0);
    const page = run.stdout.trim();
    expect(readFileSync(page, "utf8")).toContain(ids[0]);
    if (process.platform === "linux") expect(readFileSync(told, "utf8")).toBe(page);
  });

  it("says of files that are missing or cut which they are, and points at none of them", async () => {
    const damaged = copyVault(root, join(folder.path, "damaged"));
    const vault = await openTestVault(damaged);
    const file = join(objectFolder(damaged, vault, ids[0]!), "v1/content/original/track-1.mp4");
    closeVault(vault);
    chmodSync(file, 0o644);
    truncateSync(file, 1);
    const { text } = await openPage([ids[0]!], damaged);
    expect(text).toContain("NOT AS RECORDED. Files that the log names are missing");
    expect(text.indexOf("NOT AS RECORDED")).toBeLessThan(text.indexOf("In short"));
    expect(addresses(text)).not.toContain(`${ids[0]}/original/track-1.mp4`);
    expect(text).not.toContain("<video");
  });

  it("opens a vault that nobody may write to, and changes nothing in it", async () => {
    const closed = copyVault(root, join(folder.path, "closed"));
    const all = () => readdirSync(closed, { recursive: true, encoding: "utf8" }).sort();
    const before = all();
    for (const path of [...before].reverse()) {
      const full = join(closed, path);
      if (statSync(full).isDirectory()) chmodSync(full, 0o555);
    }
    chmodSync(closed, 0o555);
    await openPage([ids[0]!], closed);
    expect(all()).toEqual(before);
    chmodSync(closed, 0o755);
    for (const path of before)
      if (statSync(join(closed, path)).isDirectory()) chmodSync(join(closed, path), 0o755);
  });

  it("knows no id that nobody has, and leaves no page behind then", async () => {
    const run = await holdfast(["open", "ZZZZZZZZ", "--vault", root]);
    expect(run.status).toBe(2);
    expect(readdirSync(pages)).toEqual([]);
  });

  it("has nothing to show of an attempt that failed, and says what shows it", async () => {
    const failing = join(folder.path, "failing");
    await holdfast(["archive", "http://127.0.0.1:1/clip", "--vault", failing]);
    const listed = await holdfast(["list", "--json", "--vault", failing]);
    const id = String(listed.lines[0]!.id);
    const run = await holdfast(["open", id, "--vault", failing]);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("this attempt failed, and holdfast kept nothing of it");
    expect(run.stderr).toMatch(new RegExp(`to see what is known about it: holdfast show .*${id}`));
  });

  it("says what to do where there is no folder for temporary files", async () => {
    vi.stubEnv("TMPDIR", join(folder.path, "nowhere"));
    const run = await holdfast(["open", ids[1]!, "--vault", root]);
    expect(run.status).toBe(4);
    expect(run.stderr).toContain("TMPDIR");
  });
});
