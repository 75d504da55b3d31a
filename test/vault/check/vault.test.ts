import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordCheck } from "../../../src/seal/record-check.js";
import { listCaptures, showCapture } from "../../../src/search/show.js";
import { indexCheck } from "../../../src/vault/index/check.js";
import { beginAttempt } from "../../../src/vault/recovery.js";
import { closeVault } from "../../../src/vault/vault.js";
import { verifyFile } from "../../../src/verify/file.js";
import { verifyVault } from "../../../src/verify/vault.js";
import * as samples from "../../support/samples.js";
import {
  audit,
  copyVault,
  errorCodes,
  everything,
  makeVault,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let copies = 0;

beforeAll(async () => {
  await makeVault(original);
});
afterAll(() => folder.remove());

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

/** Path in the vault of the first file whose path ends like this. */
function fileIn(root: string, end: string): string {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .find((path) => path.endsWith(end))!;
}

/** Commits captures and derivations through the built program, as fast as it can, in a process of its own. */
function startWriter(root: string, commits: number): ChildProcess {
  const module = (name: string) => JSON.stringify(new URL(`../../../dist/${name}.js`, import.meta.url).href);
  const script = `
    import { mkdirSync, writeFileSync } from "node:fs";
    import { join } from "node:path";
    import { randomBytes } from "node:crypto";
    import { encodeCanonical } from ${module("audit/canonical-json")};
    import { buildCaptureId } from ${module("core/capture/capture-id")};
    import { preserve } from ${module("capture/store-capture")};
    import { entryMemory } from ${module("seal/remembering")};
    import { beginAttempt, finishInterrupted } from ${module("vault/recovery")};
    import { commitNextVersion } from ${module("vault/commit")};
    import { digestFile } from ${module("vault/digest-file")};
    import { objectPath } from ${module("audit/log-captures")};
    import { readObject } from ${module("vault/objects")};
    import { closeVault, openVault } from ${module("vault/vault")};
    const { files: _files, v: _v, elements, ...facts } = ${JSON.stringify(samples.record)};
    const derivation = ${JSON.stringify(samples.derivation)};
    const tool = "holdfast/0.0.0-test";
    function capture(vault) {
      const capture = buildCaptureId(new Date(), randomBytes(5));
      const url = "https://video.example/1";
      const staging = beginAttempt(vault, capture, url);
      const path = join(staging, "track-1.mp4");
      writeFileSync(path, "some bytes", { mode: 0o444 });
      const file = { path, logicalPath: "original/track-1.mp4", role: "media_track", receivedAs: "track-1.mp4", asReceived: true,
        digest: digestFile(path), hashedAt: new Date().toISOString() };
      writeFileSync(join(staging, "raw"), "raw");
      return preserve(vault, staging, { ...facts, parent: null, capture, requested_url: url, elements: () => elements }, [file], {
        capture, salt: "0".repeat(32), collector: null, hostname: null, os: "Linux", time_zone: "UTC", received_from: null,
        proxy: null, cookies_sha256: null, places: {}, connections: [], rawFiles: [{ path: join(staging, "raw"), name: "info.json" }] });
    }
    function derive(vault, id, inventory) {
      const content = join(beginAttempt(vault, id, "derivation"), "content");
      mkdirSync(join(content, "derived"), { recursive: true });
      const path = "derived/derivation.json";
      const stated = { ...derivation, capture: id, files: [], keyframes: [], contact_sheet: null, playable: null };
      writeFileSync(join(content, path), encodeCanonical(stated));
      const files = [{ path, ...digestFile(join(content, path)) }];
      commitNextVersion(vault, inventory, { capture: id, content, files, replaced: "derived/", event: "derive",
        note: { created: new Date().toISOString(), message: "derived", user: tool },
        body: { capture: id, record_sha256: files[0].sha256, completeness: "whole",
          files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })) } });
    }
    for (let round = 0; round < 4; round += 1) {
      const vault = await openVault(${JSON.stringify(root)}, { now: () => new Date(), random: randomBytes, tool, onWait: () => {}, memory: (id) => entryMemory({ env: process.env, tell() {} }, id) });
      finishInterrupted(vault);
      for (let n = 0; n < ${commits}; n += 1) {
        const made = capture(vault);
        derive(vault, made.record.capture, readObject(join(vault.layout.root, objectPath(made.record.capture))).inventory);
      }
      closeVault(vault);
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

describe("a check beside a writer", () => {
  it("finds nothing wrong while captures are being committed, nor after", async () => {
    const root = copy();
    const writer = startWriter(root, 6);
    const ended = once(writer, "exit");
    const ran: string[][] = [];
    while (writer.exitCode === null) {
      const report = await audit(root);
      ran.push(
        report.findings.filter(({ severity }) => severity === "error").map((found) => JSON.stringify(found)),
      );
    }
    expect(await ended).toEqual([0, null]);
    expect(ran).not.toEqual([]);
    expect(ran.flat()).toEqual([]);
    const report = await audit(root);
    // The last to close was a reader, who takes in nothing.
    const codes = report.findings.map(({ code }) => code).filter((code) => code !== "database-wal");
    expect(codes).toEqual(["unsealed"]);
    expect(report.checked).toMatchObject({ entries: 5 + 4 * 6 * 2 });
  });
});

describe("damage that could end a check is a finding", () => {
  const damages: readonly [string, string, (root: string) => void][] = [
    [
      "a file name that is no text",
      "stray",
      (root) =>
        writeFileSync(Buffer.concat([Buffer.from(`${root}/objects/`), Buffer.from([0xff, 0xfe])]), "x"),
    ],
    [
      "a database that is a text",
      "database-damaged",
      (root) => writeFileSync(join(root, "vault.db"), "hello\n".repeat(900)),
    ],
    [
      "a database that is a folder",
      "database-missing",
      (root) => {
        rmSync(join(root, "vault.db"));
        mkdirSync(join(root, "vault.db"));
      },
    ],
    [
      "a database that is a link",
      "database-missing",
      (root) => {
        renameSync(join(root, "vault.db"), join(root, "..", `${copies}.db`));
        symlinkSync(join(root, "..", `${copies}.db`), join(root, "vault.db"));
      },
    ],
    ["a side file that is a folder", "database-missing", (root) => mkdirSync(join(root, "vault.db-wal"))],
    ["a missing folder", "folder-missing", (root) => rmSync(join(root, "log"), { recursive: true })],
    [
      "an intent that is no JSON",
      "journal-damaged",
      (root) => {
        const database = new Database(join(root, "vault.db"));
        database.exec(
          "INSERT INTO intent (capture, version, inventory_sha512, event, body, started_at) VALUES ('x', 'v1', '00', 'capture', 'no json', '2026')",
        );
        database.close();
      },
    ],
    [
      "an inventory too large to be read as a text",
      "too-large",
      (root) => {
        const path = join(root, fileIn(root, "v1/inventory.json"));
        chmodSync(path, 0o644);
        truncateSync(path, 65 * 1024 * 1024);
      },
    ],
    [
      "a byte in a text that decoding would hide",
      "own-file-changed",
      (root) => {
        chmodSync(join(root, "README.txt"), 0o644);
        const bytes = Buffer.concat([
          Buffer.from([0xef, 0xbb, 0xbf]),
          readFileSync(join(root, "README.txt")),
        ]);
        writeFileSync(join(root, "README.txt"), bytes);
      },
    ],
  ];
  it.each(damages)("%s", async (_, code, damage) => {
    const root = copy();
    damage(root);
    const report = await audit(root);
    expect(report.ok).toBe(false);
    expect(report.findings.map((finding) => finding.code)).toContain(code);
    expect(report.limits.join(" ")).not.toContain("shows no change");
  });

  it("a full-text index that SQLite cannot read is a finding, and no answer of 'list' comes from it", async () => {
    const root = copy();
    const database = new Database(join(root, "vault.db"));
    database.unsafeMode();
    database.exec("DELETE FROM capture_text_data");
    database.close();
    expect((await audit(root)).ok).toBe(false);
    expect(() => listCaptures(root, { ...everything, text: "x" })).toThrow(
      expect.objectContaining({ code: "not-as-recorded" }),
    );
  });
});

describe("what is not damage is said and does not fail", () => {
  it("a lock that is not ours, an original that may be written to, and one with a second name are notes", async () => {
    const root = copy();
    writeFileSync(join(root, "staging", "writer.lock"), "garbage that is no database");
    const track = join(root, fileIn(root, "original/track-1.mp4"));
    chmodSync(track, 0o644);
    linkSync(track, join(folder.path, `second-name-${copies}`));
    const report = await audit(root);
    expect(report.ok).toBe(true);
    expect(report.findings.map(({ code }) => code)).toEqual([
      "unsealed",
      "lock-not-ours",
      "not-read-only",
      "hard-linked",
    ]);
  });

  it("a vault without its private annexes says so once, and among its limits", async () => {
    const root = copy();
    rmSync(join(root, "private"), { recursive: true });
    const report = await audit(root);
    expect(report.ok).toBe(true);
    expect(report.findings.map(({ code }) => code)).toEqual(["unsealed", "private-absent"]);
    expect(report.limits.join(" ")).toContain("The private annexes are not here");
  });
});

describe("each of the four answers speaks of its own question", () => {
  it("a changed index leaves log and stored bytes as good as they are", async () => {
    const root = copy();
    const database = new Database(join(root, "vault.db"));
    database.exec("UPDATE capture SET title = 'another'");
    database.close();
    expect(await audit(root)).toMatchObject({ ok: false, chain: "pass", hashes: "pass" });
  });

  it("a log that could not be read is unchecked, not failed", async () => {
    const root = copy();
    rmSync(join(root, "vault.db"));
    expect(await audit(root)).toMatchObject({ ok: false, chain: "unchecked", hashes: "unchecked" });
  });
});

describe("a check that is logged", () => {
  it("finishes what was interrupted before it looks", async () => {
    const root = copy();
    const vault = await openTestVault(root);
    beginAttempt(vault, "20261123-AAAAAAAA", "https://video.example/1");
    closeVault(vault);
    const request = { vault: root, ids: [], quick: false, index: indexCheck };
    const report = await recordCheck(request, testWorld());
    expect(report).toMatchObject({ ok: true, findings: [{ code: "unsealed" }] });
    // The entry of the recovery was there to be checked; that of the check came after it.
    expect(report.checked.entries).toBe(6);
    expect((await audit(root)).checked.entries).toBe(7);
    expect(readdirSync(join(root, "staging"))).toEqual(["writer.lock"]);
  });

  it("never makes a vault or a database", async () => {
    const empty = join(folder.path, "empty");
    mkdirSync(empty);
    const request = { ids: [], quick: false, index: indexCheck };
    await expect(recordCheck({ ...request, vault: empty }, testWorld())).rejects.toMatchObject({
      code: "no-vault",
    });
    expect(readdirSync(empty)).toEqual([]);
    const root = copy();
    rmSync(join(root, "vault.db"));
    await expect(recordCheck({ ...request, vault: root }, testWorld())).rejects.toMatchObject({
      code: "no-vault",
    });
    expect(readdirSync(root)).not.toContain("vault.db");
  });
});

describe("a check of some captures", () => {
  it("takes from the log which captures there are, whatever the index says", async () => {
    const root = copy();
    const [first = ""] = listCaptures(root, everything).map(({ id }) => id);
    const database = new Database(join(root, "vault.db"));
    database.pragma("foreign_keys = OFF");
    database.exec("DELETE FROM file; DELETE FROM capture_text; DELETE FROM capture;");
    database.close();
    rmSync(join(root, fileIn(root, `${first}/v1`)), { recursive: true });
    const report = await verifyVault(
      { vault: root, ids: [first.slice(-8)], quick: false, index: indexCheck },
      testWorld(),
    );
    expect(report.checked.objects).toBe(1);
    expect(report.findings.map(({ code }) => code)).toContain("version-missing");
  });
});

describe("questions to a damaged vault", () => {
  it("are answered with what is wrong, not with a bug", async () => {
    const root = copy();
    writeFileSync(join(root, "vault.db"), "hello\n".repeat(900));
    const refused = expect.objectContaining({ code: "not-as-recorded" });
    expect(() => listCaptures(root, everything)).toThrow(refused);
    expect(() => showCapture(root, "2026")).toThrow(refused);
    const brought = { against: null, signers: null, tsaCa: null };
    const file = await verifyFile(
      { vault: root, file: join(root, "README.txt"), brought, index: indexCheck },
      testWorld(),
    );
    expect([file.ok, file.chain, file.findings.map(({ code }) => code)]).toEqual([
      false,
      "unchecked",
      expect.arrayContaining(["database-damaged"]),
    ]);
  });

  it("a file in place of a vault is no vault", async () => {
    const file = join(folder.path, "a-file");
    writeFileSync(file, "x");
    const refused = expect.objectContaining({ code: "no-vault" });
    await expect(audit(file)).rejects.toEqual(refused);
    expect(() => listCaptures(file, everything)).toThrow(refused);
  });

  it("a search for nothing but spaces finds what no search finds", () => {
    expect(listCaptures(original, { ...everything, text: " \0 " })).toEqual(
      listCaptures(original, everything),
    );
    expect(statSync(original).isDirectory()).toBe(true);
  });
});

it("an entry that names an object elsewhere is found, and nothing is read there", async () => {
  const root = copy();
  const database = new Database(join(root, "vault.db"));
  const guards = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of guards) database.exec(`DROP TRIGGER ${name}`);
  database.exec(
    'UPDATE entry SET line = replace(line, \'"object":"objects/\', \'"object":"../../../\') WHERE seq = 2',
  );
  for (const { sql } of guards) database.exec(sql);
  database.close();
  expect(await errorCodes(root)).toContain("log-object");
});
