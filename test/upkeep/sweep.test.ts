import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sealHead } from "../../src/seal/checkpoint.js";
import { listOrphans, type SweepReport, sweepVault } from "../../src/upkeep/sweep.js";
import { linesFrom } from "../../src/vault/log.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import * as samples from "../support/samples.js";
import { audit, copyVault, makeVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let copies = 0;
const { TMPDIR } = process.env;

beforeAll(async () => {
  // The temporary folders of others are none of a test's business.
  process.env.TMPDIR = join(folder.path, "temporary");
  mkdirSync(process.env.TMPDIR);
  await makeVault(original);
  const world = testWorld();
  const vault = await openTestVault(original, world);
  await sealHead(vault, world, { proxy: null, allowPrivate: false, force: false });
  closeVault(vault);
});
afterAll(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  folder.remove();
});

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

/** Path in the vault of the first file whose path ends like this. */
function fileIn(root: string, end: string): string {
  return (
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .sort()
      .find((path) => path.endsWith(end)) ?? ""
  );
}

function put(root: string, path: string, content: string | Buffer): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return path;
}

/** Every file and folder of a vault with its bytes, but for the database, which is compared by its lines. */
function stateOf(root: string): readonly string[] {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8", withFileTypes: true });
  return paths
    .filter(({ name }) => !/^(vault\.db.*|writer\.lock)$/.test(name))
    .map((item) => {
      const path = join(item.parentPath, item.name);
      return `${path} ${item.isFile() ? readFileSync(path).toString("latin1") : "-"}`;
    })
    .sort();
}

/** `fate path` of everything, without what other commands of this machine left among the temporary files. */
function said({ orphans }: SweepReport): readonly string[] {
  return orphans
    .filter(({ path }) => !path.startsWith("/"))
    .map(({ fate, path }) => `${fate} ${path}`)
    .sort();
}

function doneIn({ orphans }: SweepReport): readonly string[] {
  return orphans.flatMap(({ done, path }) => (done && !path.startsWith("/") ? [path] : [])).sort();
}

/** The half-made files that a kill can leave, each with bytes that are somewhere else. */
function leaveHalfMade(root: string): readonly string[] {
  const inventory = fileIn(root, "v2/inventory.json");
  const object = dirname(dirname(inventory));
  const sidecar = readFileSync(join(root, object, "v1/inventory.json.sha512"));
  return [
    put(root, "staging/new.db", "half a database"),
    put(root, "staging/rebuilt.db-journal", ""),
    put(root, "staging/log.000009-000010.jsonl", "half a segment"),
    put(root, "README.txt.new", readFileSync(join(root, "README.txt")).subarray(0, 40)),
    put(root, `${object}/inventory.json.new`, readFileSync(join(root, inventory)).subarray(0, 100)),
    put(root, `${object}/inventory.json.sha512.new`, sidecar),
  ];
}

/** What nobody but a person may remove: its bytes may be nowhere else. */
function leaveEvidence(root: string): readonly string[] {
  const other = "20261123-ZZZZZZZZ";
  put(root, `objects/ab/${other}/v1/content/original/track-1.mp4`, "the only copy");
  put(root, `private/${other}/annex.json`, "{}");
  const object = dirname(fileIn(root, "v1/inventory.json").replace(/\/inventory\.json$/, ""));
  put(root, `${object}/v9/content/derived/x.json`, "newer than the log");
  mkdirSync(join(root, "staging/somebody's work"));
  symlinkSync("/etc/hostname", join(root, "staging/new.db-wal"));
  return [
    `objects/ab/${other}`,
    `private/${other}`,
    `${object}/v9`,
    "staging/somebody's work",
    "staging/new.db-wal",
    put(root, "staging/notes.txt", "mine"),
    put(root, "holdfast.json.new", "settings that are nowhere else"),
    put(root, "objects/loose.mp4", "bytes"),
    put(root, "log/notes.txt", "bytes"),
  ];
}

describe("what crashes left", () => {
  it("nothing is listed where nothing was left, and nothing is written", async () => {
    const root = copy();
    const before = stateOf(root);
    expect(said(listOrphans(root, testWorld()))).toEqual([]);
    const swept = await sweepVault(root, testWorld());
    expect([said(swept), swept.entries]).toEqual([[], []]);
    expect(stateOf(root)).toEqual(before);
    expect((await audit(root)).checked.entries).toBe(5);
  });

  it("is listed with what would become of it, and listing changes nothing", () => {
    const root = copy();
    const removable = leaveHalfMade(root);
    const kept = leaveEvidence(root);
    mkdirSync(join(root, "objects", "ff"));
    const before = stateOf(root);
    const report = listOrphans(root, testWorld());
    expect(said(report)).toEqual(
      [
        ...removable.map((path) => `remove ${path}`),
        "remove objects/ff",
        ...kept.map((path) => `keep ${path}`),
      ].sort(),
    );
    expect([report.entries, report.head, doneIn(report)]).toEqual([[], null, []]);
    expect(stateOf(root)).toEqual(before);
  });

  it("is removed when asked, an entry says so, and what may be the only copy of its bytes stays", async () => {
    const root = copy();
    const clean = stateOf(root).length;
    const removable = leaveHalfMade(root);
    mkdirSync(join(root, "objects", "ff"));
    const kept = leaveEvidence(root);
    const withEvidence = stateOf(root);
    const report = await sweepVault(root, testWorld());
    expect(doneIn(report)).toEqual([...removable, "objects/ff"].sort());
    for (const path of kept) expect(existsSync(join(root, path)) || path.endsWith("-wal")).toBe(true);
    const gone = new Set([...removable, "objects/ff"].map((path) => join(root, path)));
    const left = stateOf(root).filter((line) => !line.startsWith(join(root, "log", "00")));
    const expected = withEvidence.filter(
      (line) =>
        ![...gone].some((path) => line.startsWith(`${path} `)) && !line.startsWith(join(root, "log", "00")),
    );
    expect(left).toEqual(expected);
    expect(left.length).toBeGreaterThan(clean - 5);
    const vault = await openTestVault(root);
    const entry = JSON.parse([...linesFrom(vault.database, 1)].at(-1) ?? "");
    closeVault(vault);
    expect(report.entries).toEqual([entry.seq]);
    expect(entry).toMatchObject({ event: "recovery", body: { what: "leftovers-removed", capture: null } });
    for (const path of [...removable, "objects/ff"]) expect(entry.body.detail).toContain(path);
    expect(entry.body.detail).not.toContain("loose.mp4");
    expect(report.head).toMatchObject({ created: true, size: 6, failure: null });
  });

  it("leaves a vault that is as recorded", async () => {
    const root = copy();
    leaveHalfMade(root);
    expect((await audit(root)).ok).toBe(false);
    await sweepVault(root, testWorld());
    const { ok, findings } = await audit(root);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(ok).toBe(true);
  });

  it("an attempt and a commit that were interrupted are listed, then dealt with as any writer does", async () => {
    const root = copy();
    const vault = await openTestVault(root);
    beginAttempt(vault, "20261123-AAAAAAAA" as never, "https://video.example/1");
    closeVault(vault);
    const database = new Database(join(root, "vault.db"));
    database
      .prepare("INSERT INTO intent VALUES ('20261123-BBBBBBBB', '', '', 'capture-failed', ?, '2026')")
      .run(failure("20261123-BBBBBBBB"));
    database.close();
    const listed = listOrphans(root, testWorld());
    expect(said(listed)).toEqual(["finish staging/20261123-BBBBBBBB", "remove staging/20261123-AAAAAAAA"]);
    const report = await sweepVault(root, testWorld());
    expect(doneIn(report)).toEqual(["staging/20261123-AAAAAAAA", "staging/20261123-BBBBBBBB"]);
    expect(report.entries).toHaveLength(2);
  });

  it("what another process is writing is neither listed nor removed", async () => {
    const root = copy();
    const vault = await openTestVault(root);
    try {
      beginAttempt(vault, "20261123-AAAAAAAA" as never, "https://video.example/1");
      mkdirSync(join(root, "objects", "ff"));
      const report = listOrphans(root, testWorld());
      expect([said(report), report.busy]).toEqual([["remove objects/ff"], true]);
    } finally {
      closeVault(vault);
    }
  });
});

function failure(capture: string): string {
  return JSON.stringify({
    capture,
    method: "ytdlp",
    url: "https://video.example/1",
    failure: { code: "gone", reason: "the site says that it was removed" },
    runs: [],
    software: [],
    attempts: 1,
    annex_sha256: "0".repeat(64),
    clock: samples.record.clock,
  });
}

describe("temporary folders of killed commands", () => {
  function leave(kind: string, days: number): string {
    const path = mkdtempSync(join(tmpdir(), `holdfast-${kind}-`));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    writeFileSync(join(path, "vault.db"), "a copy");
    const then = new Date(testWorld().now().getTime() - days * 86_400_000);
    utimesSync(join(path, "vault.db"), then, then);
    utimesSync(path, then, then);
    return path;
  }

  it("are removed when nobody has written to them for a day, and no entry says where they were", async () => {
    const root = copy();
    const [old, young, foreign] = [leave("audit", 2), leave("audit", 0), leave("somebody", 2)];
    const outside = join(folder.path, "outside.txt");
    writeFileSync(outside, "precious");
    symlinkSync(outside, join(old, "link"));
    const then = new Date(testWorld().now().getTime() - 2 * 86_400_000);
    lutimesSync(join(old, "link"), then, then);
    utimesSync(old, then, then);
    const world = { ...testWorld(), now: () => new Date(testWorld().now().getTime() + 1000) };
    expect(listOrphans(root, world).orphans.map(({ path }) => path)).not.toContain(young);
    const report = await sweepVault(root, world);
    expect(report.orphans.find(({ path }) => path === old)).toMatchObject({ fate: "remove", done: true });
    expect([old, young, foreign, outside].map((path) => existsSync(path))).toEqual([false, true, true, true]);
    const vault = await openTestVault(root);
    const line = [...linesFrom(vault.database, 1)].at(-1)!;
    closeVault(vault);
    expect(line).toContain("a temporary folder outside the vault");
    expect(line).not.toContain(tmpdir());
  });
});

describe("the command", () => {
  it("lists, and removes only with a word of its own", async () => {
    const root = copy();
    leaveHalfMade(root);
    const listed = await holdfast(["doctor", "--sweep", "--vault", root]);
    expect([listed.status, listed.stdout]).toEqual([0, expect.stringContaining("remove     staging/new.db")]);
    expect(listed.stdout).toMatch(/holdfast doctor --vault \S+ --sweep --remove/);
    expect(existsSync(join(root, "staging/new.db"))).toBe(true);
    const alone = await holdfast(["doctor", "--remove", "--vault", root]);
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining("--sweep")]);
    const removed = await holdfast(["doctor", "--sweep", "--remove", "--vault", root]);
    expect([removed.status, removed.stdout]).toEqual([
      0,
      expect.stringContaining("removed    staging/new.db"),
    ]);
    expect(removed.stdout).toContain("1 log entry states this: 6");
    expect(existsSync(join(root, "staging/new.db"))).toBe(false);
  });

  it("refuses a folder that is no vault, and makes none", async () => {
    const nowhere = join(folder.path, "nowhere");
    expect((await holdfast(["doctor", "--sweep", "--remove", "--vault", nowhere])).status).toBe(5);
    expect(existsSync(nowhere)).toBe(false);
  });
});
