import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { listCaptures, showCapture } from "../../src/search/show.js";
import { rebuildVault } from "../../src/upkeep/rebuild.js";
import { encodeSettings } from "../../src/vault/settings.js";
import { closeVault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { holdfast } from "../support/cli.js";
import { machineEnv } from "../support/machines.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  everything,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
const seal = { proxy: null, allowPrivate: true, force: false };
let authority: TestAuthority;
let world: World;
let first: string;
let copies = 0;

/** A vault whose log has been signed three times and time-stamped twice; the last token is newer than the last segment. */
beforeAll(async () => {
  authority = await openAuthority();
  world = { ...testWorld(), now: () => new Date(), env: machineEnv({ HOLDFAST_OFFLINE: "" }) };
  const empty = await openTestVault(made, world);
  closeVault(empty);
  const authorities = [{ name: "test", url: authority.url, roots: [authority.rootPem] }];
  writeFileSync(
    join(made, "holdfast.json"),
    encodeSettings({ ...empty.settings, settings: { authorities } }),
  );
  const vault = await openTestVault(made, world);
  const { record } = captureText(vault, "first");
  first = record.capture;
  await sealHead(vault, world, seal);
  deriveText(vault, record, "one");
  captureText(vault, "second, longer");
  await sealHead(vault, world, seal);
  closeVault(vault);
});
afterAll(async () => {
  await authority.close();
  folder.remove();
});

function copy(of = made): string {
  copies += 1;
  return copyVault(of, join(folder.path, `copy-${copies}`));
}

function withoutDatabase(of = made): string {
  const root = copy(of);
  for (const end of ["", "-wal", "-shm"]) rmSync(join(root, `vault.db${end}`), { force: true });
  return root;
}

/** With annotations of which one replaces another, signed. */
async function annotatedCopy(): Promise<string> {
  const root = copy();
  const vault = await openTestVault(root, world);
  for (const value of ["Тараз", "Алматы"]) logAnnotation(vault, first, { place: value }, fromCommandLine);
  logAnnotation(vault, first, { note: "a word to find it by" }, fromCommandLine);
  await sealHead(vault, world, seal);
  closeVault(vault);
  return root;
}

const tableQueries = {
  entry: "SELECT * FROM entry WHERE seq <= @last ORDER BY seq",
  capture: "SELECT * FROM capture WHERE entry <= @last ORDER BY id",
  file: "SELECT * FROM file WHERE entry <= @last ORDER BY capture, entry, path",
  annotation: "SELECT * FROM annotation WHERE entry <= @last ORDER BY capture, key",
  capture_text: "SELECT rowid, * FROM capture_text WHERE @last > 0 ORDER BY rowid",
  merkle_node: `SELECT * FROM merkle_node WHERE (number + 1) * (1 << level) <= @last ORDER BY level, number`,
  token: "SELECT * FROM token WHERE entry <= @last ORDER BY entry",
  intent: "SELECT * FROM intent WHERE @last > 0",
} as const;

function rowsOf(root: string, last: number): Record<string, readonly unknown[]> {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const rows = Object.entries(tableQueries).map(([table, query]) => [
    table,
    database.prepare<[{ last: number }], unknown>(query).raw().all({ last }),
  ]);
  const tables = database
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'capture_text_*'",
    )
    .pluck()
    .all();
  database.close();
  // Back-off and batches are working state, and the tables that nothing is made from.
  expect(tables.filter((name) => !["authority", "batch", "batch_row"].includes(name)).sort()).toEqual(
    Object.keys(tableQueries).sort(),
  );
  return Object.fromEntries(rows);
}

describe("a database made again", () => {
  it("has every row of every table that the lost one had, up to the last segment", async () => {
    const annotated = await annotatedCopy();
    const root = withoutDatabase(annotated);
    const report = await rebuildVault(root, { ...seal }, world);
    expect(report).toMatchObject({ entries: 10, checkpoint: 10, entry: 11, strays: [] });
    const rows = rowsOf(root, report.entries);
    expect(rows).toEqual(rowsOf(annotated, report.entries));
    for (const table of ["entry", "capture", "file", "annotation", "capture_text", "merkle_node", "token"]) {
      expect(rows[table]?.length, table).toBeGreaterThan(0);
    }
  });

  it("is as recorded, lists and shows the same, and says in the log that it was rebuilt", async () => {
    const root = withoutDatabase();
    await rebuildVault(root, seal, world);
    const report = await audit(root);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report).toMatchObject({ ok: true, chain: "pass", signature: "pass", hashes: "pass" });
    expect(listCaptures(root, everything)).toEqual(listCaptures(made, everything));
    expect(showCapture(root, first)).toEqual(showCapture(made, first));
    const database = new Database(join(root, "vault.db"), { readonly: true });
    const line = database.prepare<[], string>("SELECT line FROM entry WHERE seq = 7").pluck().get();
    database.close();
    expect(JSON.parse(line ?? "").body).toMatchObject({ what: "database-rebuilt", capture: null });
  });

  it("has the token again that was newer than the last segment: its file lies in log/ and checks out", async () => {
    const root = withoutDatabase();
    await rebuildVault(root, seal, world);
    const database = new Database(join(root, "vault.db"), { readonly: true });
    const tokens = database.prepare("SELECT checkpoint, status, path FROM token ORDER BY entry").all();
    database.close();
    expect(tokens.slice(0, 2)).toEqual([
      { checkpoint: 3, status: "granted", path: "log/000003.test.tsr" },
      { checkpoint: 6, status: "granted", path: "log/000006.test.tsr" },
    ]);
  });

  it("does not hold what was newer than the last segment, and says which objects and annexes no entry names", async () => {
    const root = copy();
    const vault = await openTestVault(root, world);
    const { record } = captureText(vault, "never signed");
    deriveText(vault, captureText(vault, "neither").record, "one");
    closeVault(vault);
    rmSync(join(root, "vault.db"));
    const { strays } = await rebuildVault(root, seal, world);
    expect(strays).toHaveLength(4);
    expect(strays.filter((path) => path.endsWith(record.capture)).map((path) => path.split("/")[0])).toEqual([
      "objects",
      "private",
    ]);
    const { findings } = await audit(root);
    const codes = new Set(findings.filter(({ severity }) => severity === "error").map(({ code }) => code));
    expect([...codes]).toEqual(["stray"]);
  });
});

describe("what is never written over", () => {
  it("a vault.db that can be read", async () => {
    const root = copy();
    const before = readFileSync(join(root, "vault.db"));
    const { status, stderr } = await holdfast(["rebuild", "--vault", root]);
    expect(status).toBe(2);
    expect(stderr).toContain("can be read");
    expect(readFileSync(join(root, "vault.db"))).toEqual(before);
  });

  it("a vault.db that cannot be read: a person moves it away first", async () => {
    const root = withoutDatabase();
    writeFileSync(
      join(root, "vault.db"),
      "not a database, but perhaps somebody can still read something in it",
    );
    await expect(rebuildVault(root, seal, world)).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("move it somewhere safe"),
    });
    renameSync(join(root, "vault.db"), join(folder.path, "damaged.db"));
    expect(await rebuildVault(root, seal, world)).toMatchObject({ entries: 6 });
  });
});

/** Changes one file of `log/`. */
function change(root: string, name: string, changed: (text: string) => string): void {
  const path = join(root, "log", name);
  const text = readFileSync(path, "latin1");
  chmodSync(path, 0o644);
  writeFileSync(path, changed(text), "latin1");
}

describe("segments that are not one log which its checkpoints cover are refused, and nothing is changed", () => {
  const last = "000004-000006.jsonl";
  const damages: Readonly<Record<string, readonly [what: RegExp, damage: (root: string) => void]>> = {
    "a letter of a line is another": [
      /line 6 of the segments/,
      (root) => change(root, last, (text) => text.replace('"derived/', '"derivad/')),
    ],
    "the last line is written anew": [
      /000006\.checkpoint: its root is not that/,
      (root) => change(root, last, (text) => text.replace(/"tool":"[^"]+"(?=[^\n]*\n$)/, '"tool":"another"')),
    ],
    "a line is missing": [
      /it has 2 lines/,
      (root) => change(root, last, (text) => text.replace(/[^\n]+\n$/, "")),
    ],
    "the last line feed is missing": [
      /does not end with a line feed/,
      (root) => change(root, last, (text) => text.slice(0, -1)),
    ],
    "a line is not UTF-8": [
      /line 3 is not UTF-8/,
      (root) => change(root, last, (text) => text.replace(/\n$/, "\xff\n")),
    ],
    "a segment is missing": [
      /no segment holds line 1 of the log/,
      (root) => rmSync(join(root, "log", "000001-000003.jsonl")),
    ],
    "a segment lies over another": [
      /repeats lines of an earlier segment/,
      (root) => cpSync(join(root, "log", "000001-000003.jsonl"), join(root, "log", "000001-000004.jsonl")),
    ],
    "all segments are missing": [
      /log\/ holds no segment/,
      (root) => {
        for (const name of readdirSync(join(root, "log")).filter((item) => item.endsWith(".jsonl"))) {
          rmSync(join(root, "log", name));
        }
      },
    ],
    "an older checkpoint lacks its signature": [
      /000003\.checkpoint: it is not signed/,
      (root) => rmSync(join(root, "log", "000003.checkpoint.sig")),
    ],
    "a signature is that of another checkpoint": [
      /000006\.checkpoint\.sig/,
      (root) => {
        rmSync(join(root, "log", "000006.checkpoint.sig"));
        cpSync(join(root, "log", "000003.checkpoint.sig"), join(root, "log", "000006.checkpoint.sig"));
      },
    ],
    "the settings are those of another vault": [
      /another vault than the one that holdfast\.json names/,
      (root) => {
        const path = join(root, "holdfast.json");
        writeFileSync(
          path,
          readFileSync(path, "utf8")
            .replace(/("vault_id": ")./, (_, start) => `${start}f`)
            .replace(/("vault_id": "f)./, (_, start) => `${start}f`),
        );
      },
    ],
  };

  it.each(Object.entries(damages))("%s", async (_title, [what, damage]) => {
    const root = withoutDatabase();
    damage(root);
    await expect(rebuildVault(root, seal, world)).rejects.toMatchObject({
      code: "not-as-recorded",
      message: expect.stringMatching(what),
    });
    expect(existsSync(join(root, "vault.db"))).toBe(false);
    expect(readdirSync(join(root, "staging")).filter((name) => name.startsWith("rebuilt"))).toEqual([]);
  });
});
