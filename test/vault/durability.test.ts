import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { schemaDifferences } from "../../src/vault/database.js";
import { openDatabaseForWriting } from "../../src/vault/database-for-writing.js";
import { closeVault } from "../../src/vault/vault.js";
import { captureText, everything, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const strace = ["/usr/bin/strace", "/usr/local/bin/strace"].find((path) => existsSync(path));
const compiled = new URL("../../dist/", import.meta.url).href;

/** One made-up capture by the compiled program, so that only its own system calls are seen. */
const script = `
  import { mkdirSync, writeFileSync } from "node:fs";
  import { join } from "node:path";
  const { openVault, closeVault } = await import("${compiled}vault/vault.js");
  const { commitFirstVersion } = await import("${compiled}vault/commit.js");
  const { beginAttempt } = await import("${compiled}vault/recovery.js");
  const { hashFile } = await import("${compiled}capture/store-capture.js");
  const { writeAnnex } = await import("${compiled}vault/annex.js");
  const now = () => new Date();
  const { entryMemory } = await import("${compiled}seal/remembering.js");
  const memory = (id) => entryMemory({ env: process.env, tell() {} }, id);
  const makeKey = async () => "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGyIgp9RAbV/bleUtkYPgVonscrHBGjAs+fmRJVs";
  const vault = await openVault(process.argv[1], { now, random: (n) => new Uint8Array(n).fill(7), tool: "holdfast/test", onWait() {}, makeKey, memory });
  const capture = "20261123-00000001";
  const staging = beginAttempt(vault, capture, "the test");
  const content = join(staging, "content");
  mkdirSync(join(content, "original"), { recursive: true });
  writeFileSync(join(content, "original/track-1.mp4"), "bytes");
  const file = await hashFile(join(content, "original/track-1.mp4"), { logicalPath: "original/track-1.mp4", role: "media_track", receivedAs: null, asReceived: true }, now);
  const annex = join(staging, "annex");
  const annex_sha256 = writeAnnex(annex, { capture, salt: "00".repeat(16), collector: null, hostname: null, os: "Linux", time_zone: "UTC",
    received_from: null, proxy: null, cookies_sha256: null, places: {}, connections: [], rawFiles: [] });
  commitFirstVersion(vault, { capture, content, annex, files: [{ path: file.logicalPath, ...file.digest }],
    note: { created: now().toISOString(), message: "m", user: "u" }, event: "capture",
    body: { capture, method: "ytdlp", status: "captured", url: "https://video.example/1", record_sha256: "0".repeat(64), annex_sha256, files: [] } });
  closeVault(vault);
`;

describe("what is acknowledged is on disk", () => {
  it("every opening of the database for writing runs with synchronous=FULL in WAL mode, the second one too", () => {
    const path = join(folder.path, "twice.db");
    for (const create of [true, false]) {
      const database = openDatabaseForWriting(path, create, () => undefined);
      expect(database.pragma("synchronous", { simple: true })).toBe(2);
      expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
      expect(database.pragma("trusted_schema", { simple: true })).toBe(0);
      database.close();
    }
  });

  it.skipIf(strace === undefined)(
    "one capture syncs each file, renames it into place, syncs the folder, and only then logs it",
    () => {
      const trace = join(folder.path, "trace");
      const root = join(folder.path, "traced");
      const calls = "openat,close,rename,renameat,renameat2,fsync,fdatasync,pwrite64,pwritev,mkdir,write";
      const run = spawnSync(
        strace ?? "",
        [
          "-f",
          "-y",
          "-s",
          "64",
          "-e",
          `trace=${calls}`,
          "-o",
          trace,
          process.execPath,
          "--input-type=module",
          "-e",
          script,
          root,
        ],
        { encoding: "utf8" },
      );
      expect(run.status, run.stderr).toBe(0);
      const lines = readFileSync(trace, "utf8").split("\n");
      const at = (pattern: RegExp, from = 0) => {
        const index = lines.findIndex((line, number) => number >= from && pattern.test(line));
        expect(index, `${pattern} after line ${from}`).toBeGreaterThan(-1);
        return index;
      };
      const fileSynced = at(/fsync\(\d+<[^>]*track-1\.mp4>\)/);
      const inventorySynced = at(/fsync\(\d+<[^>]*object\/inventory\.json>\)/, fileSynced);
      const journalled = at(/f(data)?sync\(\d+<[^>]*vault\.db-wal>\)/, inventorySynced);
      const annexMoved = at(/rename[a-z0-9]*\(.*commit\/annex.*private\/20261123-00000001/, journalled);
      const annexFolderSynced = at(/fsync\(\d+<[^>]*\/private>\)/, annexMoved);
      const objectMoved = at(
        /rename[a-z0-9]*\(.*commit\/object.*objects\/[0-9a-f]{2}\/20261123-00000001/,
        annexFolderSynced,
      );
      const folderSynced = at(/fsync\(\d+<[^>]*\/objects\/[0-9a-f]{2}>\)/, objectMoved);
      const logged = at(/f(data)?sync\(\d+<[^>]*vault\.db-wal>\)/, folderSynced);
      expect(logged).toBeGreaterThan(objectMoved);
      const walWritten = lines.findIndex(
        (line, number) => number > objectMoved && /pwrite(64|v)\(\d+<[^>]*vault\.db-wal>/.test(line),
      );
      expect(walWritten, "no log entry is written before the object's folder is synced").toBeGreaterThan(
        folderSynced,
      );
    },
  );
});

describe("the schema is one thing", () => {
  it("the migrations, applied in order, give exactly schemas/vault.sql", () => {
    const database = openDatabaseForWriting(join(folder.path, "schema.db"), true, () => undefined);
    expect(schemaDifferences(database)).toEqual([]);
    database.close();
  });

  it("a database with a foreign trigger is refused before anything is written", () => {
    const path = join(folder.path, "foreign.db");
    openDatabaseForWriting(path, true, () => undefined).close();
    const foreign = new Database(path);
    foreign.exec("CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END");
    foreign.close();
    expect(() => openDatabaseForWriting(path, false, () => undefined)).toThrow(
      /trigger t does not belong there/,
    );
  });
});

describe("the guards of the log", () => {
  it("refuse to change, remove, replace, skip or unlink an entry", async () => {
    const root = join(folder.path, "guarded");
    mkdirSync(root);
    const vault = await openTestVault(root);
    captureText(vault, "guarded");
    const { database } = vault;
    const [prev, hash] = ["0".repeat(64), "1".repeat(64)];
    const insert = (verb: string, seq: number, link: string) =>
      database
        .prepare(`${verb} INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)`)
        .run(seq, link, JSON.stringify({ prev: link, seq }), hash);
    expect(() => database.exec("UPDATE entry SET line = 'x' WHERE seq = 1")).toThrow(/never changed/);
    expect(() => database.exec("DELETE FROM entry WHERE seq = 2")).toThrow(/never removed/);
    expect(() => insert("INSERT OR REPLACE", 1, prev)).toThrow(/only grows/);
    expect(() => insert("INSERT", 9, prev)).toThrow(/only grows/);
    expect(() => insert("INSERT", 3, prev)).toThrow(/only grows/);
    expect(database.prepare("SELECT count(*) AS n FROM entry").get()).toEqual({ n: 2 });
    closeVault(vault);
  });
});

describe("two processes on one vault", () => {
  it("the second writer is told that the vault is busy, and readers are not kept out", async () => {
    const root = join(folder.path, "busy");
    const vault = await openTestVault(root);
    captureText(vault, "busy");
    const { takeWriterLock } = await import("../../src/vault/writer-lock.js");
    const { isBeingWritten } = await import("../../src/vault/database-files.js");
    const { listCaptures } = await import("../../src/search/show.js");
    let waited = 0;
    await expect(
      takeWriterLock(
        vault.layout.writerLock,
        () => 400,
        () => (waited += 1),
      ),
    ).rejects.toMatchObject({
      code: "vault-busy",
    });
    expect(waited).toBe(1);
    expect(isBeingWritten(vault.layout)).toBe(true);
    expect(listCaptures(root, everything)).toHaveLength(1);
    closeVault(vault);
    expect(isBeingWritten(vault.layout)).toBe(false);
  });
});
