import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { openDatabaseForReading } from "../../src/vault/database.js";
import { openDatabaseForWriting } from "../../src/vault/database-for-writing.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { change, hostileDatabases, plantJournal, trap, victim } from "../support/hostile-databases.js";
import {
  audit,
  captureText,
  copyVault,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let id = "";
let copies = 0;

beforeAll(async () => {
  const world = testWorld();
  const vault = await openTestVault(original, world);
  id = captureText(vault, "first").record.capture;
  await sealHead(vault, world, { proxy: null, allowPrivate: false, force: false });
  closeVault(vault);
});
afterAll(() => folder.remove());

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

/** Names and digests of the database's files, and what a link leads to. `-shm` is SQLite's index of `-wal`, made by any reader. */
function stateOf(root: string): readonly string[] {
  const digest = (path: string) => (existsSync(path) ? sha256(readFileSync(path)) : "none");
  const names = readdirSync(root).filter((name) => /^vault\.db(-wal|-journal)?$/.test(name));
  return [...names.map((name) => `${name} ${digest(join(root, name))}`), digest(victim(root))];
}

async function run(root: string, ...argv: readonly string[]) {
  return holdfast([...argv, "--vault", root]);
}

describe("a vault.db that was in other hands, with", () => {
  it.each(hostileDatabases)(
    "%s is reported before it is used (%s), by readers and writers, and is left as it is",
    async (_, code, make) => {
      const root = copy();
      make(root);
      const before = stateOf(root);
      const report = await run(root, "verify", "--json");
      expect(report.status).toBe(1);
      const [{ findings, hashes, chain }] = report.lines as never as [
        { findings: { code: string }[]; hashes: string; chain: string },
      ];
      expect(findings.map((finding) => finding.code)).toContain(code);
      expect([hashes, chain]).toEqual(["unchecked", "unchecked"]);
      for (const argv of [["list"], ["annotate", id, "note=x"]]) {
        const { status, stdout, stderr } = await run(root, ...argv);
        expect([argv[0], stderr]).toEqual([argv[0], expect.stringContaining(`(${code})`)]);
        expect([1, 5]).toContain(status);
        expect(stderr).toMatch(/hint: .*holdfast/);
        expect(stdout).toBe("");
      }
      const rebuild = await run(root, "rebuild");
      expect([2, 5]).toContain(rebuild.status);
      expect(rebuild.stderr).toContain("move it");
      expect(stateOf(root)).toEqual(before);
    },
  );

  it("a view in place of its tables is asked by none of all commands", async () => {
    const root = copy();
    change(
      root,
      ...trap("capture", "id entry at method status derivation url url_key title object version"),
      ...trap("batch", "id list_sha256 name list request started_at ended_at"),
      ...trap("token", "entry checkpoint kind authority url path status"),
    );
    const list = join(folder.path, "list.txt");
    writeFileSync(list, "http://127.0.0.1:9/clip\n");
    const before = stateOf(root);
    for (const argv of [
      ["verify", id],
      ["verify", list],
      ["verify", "--record"],
      ["list", "--text", "x"],
      ["show", id],
      ["find", "somewhere"],
      ["find", "a".repeat(64)],
      ["annotate", id, "note=x"],
      ["export", id, "--to", join(folder.path, "package")],
      ["report", id, "--to", join(folder.path, "report.html")],
      ["derive", id],
      ["import", list],
      ["archive", "http://127.0.0.1:9/clip"],
      ["batch", list],
      ["checkpoint"],
      ["key", "show"],
      ["key", "rotate"],
      ["init"],
      ["rebuild"],
      ["doctor"],
    ]) {
      const { status, stdout, stderr } = await run(root, ...argv);
      expect([argv, stdout + stderr]).toEqual([
        argv,
        expect.stringMatching(/schema-differs|not a database with a schema/),
      ]);
      expect([argv, stdout + stderr]).not.toEqual([argv, expect.stringContaining("integer overflow")]);
      expect([argv, [1, 2, 5].includes(status)]).toEqual([argv, true]);
    }
    expect(stateOf(root)).toEqual(before);
    expect(existsSync(join(folder.path, "package"))).toBe(false);
  });

  it("rows without end keeps no command from ending", () => {
    const root = copy();
    const endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)";
    change(
      root,
      "DROP TABLE entry",
      `CREATE VIEW entry AS ${endless} SELECT n AS seq, n AS prev, n AS line, n AS hash FROM r`,
      "DROP TABLE capture",
      `CREATE VIEW capture AS ${endless} SELECT n AS id, n AS entry, n AS at, n AS status FROM r`,
    );
    const program = fileURLToPath(new URL("../../bin/holdfast.js", import.meta.url));
    for (const argv of [["rebuild"], ["verify", id]]) {
      const options = { timeout: 60_000, killSignal: "SIGKILL", encoding: "utf8" } as const;
      const { signal } = spawnSync(process.execPath, [program, ...argv, "--vault", root], options);
      expect([argv, signal]).toEqual([argv, null]);
    }
  });

  it("a changed schema is made again from log/, once it was moved away as the hint says", async () => {
    const root = copy();
    change(root, "CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END");
    renameSync(join(root, "vault.db"), join(folder.path, "kept.db"));
    expect((await run(root, "rebuild")).status).toBe(0);
    expect((await audit(root)).ok).toBe(true);
  });
});

describe("a write-ahead log beside vault.db", () => {
  it("of a writer that was killed is read with it and said to be there, and the next writer takes it in", async () => {
    const root = copy();
    const other = copy();
    const vault = await openTestVault(other);
    captureText(vault, "second, longer");
    for (const name of readdirSync(other)) {
      if (name.startsWith("vault.db")) copyFileSync(join(other, name), join(root, name));
    }
    for (const name of ["objects", "private"]) {
      rmSync(join(root, name), { recursive: true });
      copyVault(join(other, name), join(root, name));
    }
    closeVault(vault);
    const { ok, findings, checked } = await audit(root);
    expect([ok, checked.entries]).toEqual([true, 3]);
    expect(findings.find(({ code }) => code === "database-wal")).toMatchObject({ severity: "note" });
    expect((await run(root, "list", "--json")).lines).toHaveLength(2);
    closeVault(await openTestVault(root));
    expect(existsSync(join(root, "vault.db-wal"))).toBe(false);
    expect((await audit(root)).findings.map(({ code }) => code)).not.toContain("database-wal");
  });

  it("that changes a row, a line or the journal is no better than the same change in vault.db", async () => {
    for (const [sql, code] of [
      ["UPDATE capture SET title = 'FORGED'", "index-differs"],
      [
        "DROP TRIGGER entry_never_changed; UPDATE entry SET line = replace(line, 'first', 'third')",
        "schema-differs",
      ],
      ["INSERT INTO intent VALUES ('../../x', 'v1', '00', 'capture', '{}', '2026')", "journal-damaged"],
    ] as const) {
      const root = copy();
      plantJournal(root, "-wal", sql);
      const { ok, findings } = await audit(root);
      expect([code, ok]).toEqual([code, false]);
      expect(findings.map((finding) => finding.code)).toContain(code);
    }
  });

  it("of nonsense changes nothing, and is said to be there", async () => {
    const root = copy();
    writeFileSync(join(root, "vault.db-wal"), "nonsense ".repeat(4000));
    writeFileSync(join(root, "vault.db-shm"), Buffer.alloc(32_768, 7));
    const { ok, findings } = await audit(root);
    expect(ok).toBe(true);
    expect(findings.map(({ code }) => code)).toContain("database-wal");
    expect((await run(root, "list", "--json")).lines).toMatchObject([{ id, title: "қалай" }]);
  });
});

describe("what a vault is opened with", () => {
  it("nothing in a schema may run what is not safe, sizes of cells are checked, readers cannot write", () => {
    const settings = ["trusted_schema", "cell_size_check", "mmap_size", "foreign_keys", "query_only"];
    const of = (database: Database.Database) => {
      try {
        return settings.map((name) => database.pragma(name, { simple: true }));
      } finally {
        database.close();
      }
    };
    const path = join(copy(), "vault.db");
    expect(of(openDatabaseForWriting(path, false, () => undefined))).toEqual([0, 1, 0, 1, 0]);
    expect(of(openDatabaseForReading(path))).toEqual([0, 1, 0, 1, 1]);
  });

  it("a lock that is not the empty file of holdfast is refused, and what it is or leads to stays as it was", async () => {
    for (const make of [
      (path: string) => writeFileSync(path, "nonsense ".repeat(200)),
      (path: string) => symlinkSync(victim(path), path),
      (path: string) => mkdirSync(path),
    ]) {
      const root = copy();
      const lock = join(root, "staging", "writer.lock");
      rmSync(lock, { force: true });
      make(lock);
      const { status, stderr } = await run(root, "annotate", id, "note=x");
      expect([status, stderr]).toEqual([5, expect.stringContaining("(lock-not-ours)")]);
      expect(readFileSync(victim(lock), "utf8")).toBe("precious");
      rmSync(victim(lock), { force: true });
      expect((await audit(root)).checked.entries).toBe(2);
    }
  });
});
