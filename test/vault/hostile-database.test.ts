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
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealHead } from "../../src/checkpoint.js";
import { sha256 } from "../../src/core/digest.js";
import { openDatabaseForReading, openDatabaseForWriting, schemaVersion } from "../../src/vault/database.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
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

/** Changes the database as somebody who had the vault could, and leaves it without side files. */
function change(root: string, ...statements: readonly string[]): void {
  const database = new Database(join(root, "vault.db"));
  database.unsafeMode();
  database.pragma("writable_schema = ON");
  database.pragma("foreign_keys = OFF");
  for (const statement of statements) database.exec(statement);
  database.close();
}

function bytes(root: string, edit: (content: Buffer) => void): void {
  const content = readFileSync(join(root, "vault.db"));
  edit(content);
  writeFileSync(join(root, "vault.db"), content);
}

/** A view of the same columns of which the first row already is an error: whoever asks it shows that it did. */
function trap(table: string, columns: string): readonly string[] {
  const named = columns.split(" ").map((column) => `abs(-9223372036854775808) AS ${column}`);
  return [`DROP TABLE ${table}`, `CREATE VIEW ${table} AS SELECT ${named.join(", ")}`];
}

/** A write-ahead log or rollback journal over this database, as a process leaves it that is killed in a transaction. */
function plantJournal(root: string, end: "-wal" | "-journal", sql: string): void {
  const other = join(folder.path, `other-${copies}.db`);
  copyFileSync(join(root, "vault.db"), other);
  const database = new Database(other);
  database.unsafeMode();
  database.pragma("foreign_keys = OFF");
  if (end === "-wal") {
    database.pragma("wal_autocheckpoint = 0");
    database.exec(sql);
  } else {
    database.pragma("journal_mode = DELETE");
    database.exec(sql);
    database.pragma("cache_size = 1");
    database.exec("BEGIN; CREATE TABLE spilled (a); UPDATE capture SET title = title || 'x'");
    database.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO spilled SELECT randomblob(400) FROM n",
    );
  }
  copyFileSync(`${other}${end}`, join(root, `vault.db${end}`));
  if (end === "-journal") database.exec("ROLLBACK");
  database.close();
  rmSync(other);
}

type Hostile = readonly [what: string, code: string, make: (root: string) => void];

const databases: readonly Hostile[] = [
  [
    "a trigger",
    "schema-differs",
    (root) =>
      change(root, "CREATE TRIGGER t AFTER INSERT ON entry BEGIN UPDATE capture SET title = 'another'; END"),
  ],
  [
    "a trigger that is in force once in a while",
    "schema-differs",
    (root) => change(root, "CREATE TRIGGER t AFTER DELETE ON intent BEGIN SELECT RAISE(IGNORE); END"),
  ],
  [
    "a view in place of the log",
    "schema-differs",
    (root) => change(root, ...trap("entry", "seq prev line hash")),
  ],
  [
    "a view in place of the captures",
    "schema-differs",
    (root) => change(root, ...trap("capture", "id entry at method status object version")),
  ],
  [
    "a generated column",
    "schema-differs",
    (root) => change(root, "ALTER TABLE capture ADD COLUMN huge TEXT AS (hex(zeroblob(4000000))) VIRTUAL"),
  ],
  ["another index", "schema-differs", (root) => change(root, "CREATE INDEX i ON entry (hex(line))")],
  ["another table", "schema-differs", (root) => change(root, "CREATE TABLE t (a)")],
  ["statistics of its own", "schema-differs", (root) => change(root, "ANALYZE")],
  [
    "a changed column",
    "schema-differs",
    (root) => change(root, "ALTER TABLE capture RENAME COLUMN title TO name"),
  ],
  [
    "a CHECK in the text of its schema",
    "schema-differs",
    (root) =>
      change(
        root,
        "UPDATE sqlite_schema SET sql = replace(sql, 'bytes            INTEGER NOT NULL', 'bytes INTEGER NOT NULL CHECK (bytes < 9)') WHERE name = 'capture'",
      ),
  ],
  [
    "a guard that was made idle",
    "schema-differs",
    (root) =>
      change(
        root,
        "UPDATE sqlite_schema SET sql = replace(sql, 'BEFORE UPDATE ON entry', 'BEFORE UPDATE ON entry WHEN 0') WHERE name = 'entry_never_changed'",
      ),
  ],
  ["an older version's number", "schema-differs", (root) => change(root, "PRAGMA user_version = 1")],
  ["no version's number", "schema-differs", (root) => change(root, "PRAGMA user_version = 0")],
  [
    "a later version's number",
    "schema-differs",
    (root) => change(root, `PRAGMA user_version = ${schemaVersion + 1}`),
  ],
  [
    "another program's number",
    "schema-differs",
    (root) => change(root, "PRAGMA application_id = 1196444487"),
  ],
  ["another header", "database-damaged", (root) => bytes(root, (content) => content.fill(0x41, 0, 16))],
  [
    "an impossible page size",
    "database-damaged",
    (root) => bytes(root, (content) => content.fill(3, 16, 18)),
  ],
  [
    "a first page of nonsense",
    "database-damaged",
    (root) => bytes(root, (content) => content.fill(7, 100, 900)),
  ],
  [
    "a schema that cannot be parsed",
    "database-damaged",
    (root) => change(root, "UPDATE sqlite_schema SET sql = 'CREATE TABLE entry (' WHERE name = 'entry'"),
  ],
  [
    "a schema with one name twice",
    "database-damaged",
    (root) =>
      change(
        root,
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'entry'",
      ),
  ],
  ["half of its pages", "database-damaged", (root) => truncateSync(join(root, "vault.db"), 8192)],
  [
    "a rollback journal beside it",
    "database-journal",
    (root) => plantJournal(root, "-journal", "UPDATE capture SET title = 'FORGED'"),
  ],
  [
    "a rollback journal that is a link",
    "database-journal",
    (root) => symlinkSync("../nowhere", join(root, "vault.db-journal")),
  ],
  [
    "a write-ahead log that is a link",
    "database-missing",
    (root) => symlinkSync(victim(root), join(root, "vault.db-wal")),
  ],
  [
    "a shared memory file that is a link",
    "database-missing",
    (root) => symlinkSync(victim(root), join(root, "vault.db-shm")),
  ],
  [
    "a link in its place",
    "database-missing",
    (root) => {
      renameSync(join(root, "vault.db"), `${root}-elsewhere.db`);
      symlinkSync(`${root}-elsewhere.db`, join(root, "vault.db"));
    },
  ],
  [
    "a write-ahead log that brings a trigger",
    "schema-differs",
    (root) => plantJournal(root, "-wal", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END"),
  ],
];

/** A file outside that nothing may touch. */
function victim(root: string): string {
  const path = `${root}-victim`;
  if (!existsSync(path)) writeFileSync(path, "precious");
  return path;
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
  it.each(databases)(
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
        expect.stringMatching(/schema-differs|not a database with the schema/),
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
