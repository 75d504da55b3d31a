import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lineHash } from "../../src/audit/entry.js";
import { objectPath } from "../../src/audit/log-captures.js";
import { listCaptures, showCapture } from "../../src/search/show.js";
import { schemaDifferences, schemaVersion } from "../../src/vault/database.js";
import { inclusionProofOf, rootOf } from "../../src/vault/index/merkle-nodes.js";
import { closeVault } from "../../src/vault/vault.js";
import { carryToNewMachine } from "../support/machines.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  errorCodes,
  everything,
  openTestVault,
  temporaryFolder,
} from "../support/vaults.js";
import { readVectors } from "../support/vectors.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
const old = join(folder.path, "old");
const firstMigration = new URL("../../schemas/migrations/001-first.sql", import.meta.url);

/** A vault.db as the first version of the schema had it: its one migration, with the log and index of another. */
function writeSchemaOne(from: string, to: string): void {
  const old = new Database(to);
  old.pragma("journal_mode = WAL");
  old.exec(readFileSync(firstMigration, "utf8"));
  old.pragma("user_version = 1");
  old.exec(`ATTACH '${from}' AS newer`);
  old.exec("INSERT INTO main.entry SELECT * FROM newer.entry");
  const columns = old
    .prepare<[], string>("SELECT name FROM pragma_table_info('capture', 'main')")
    .pluck()
    .all();
  old.exec(`INSERT INTO main.capture SELECT ${columns.join(", ")} FROM newer.capture`);
  old.exec("INSERT INTO main.file SELECT capture, entry, path, bytes, sha256 FROM newer.file");
  old.exec("INSERT INTO main.capture_text SELECT id, title, description, uploader FROM newer.capture_text");
  old.close();
}

function oldVault(name: string): string {
  return copyVault(old, join(folder.path, name));
}

const isError = ({ severity }: { readonly severity: string }) => severity === "error";

function captureIds(root: string): readonly string[] {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const ids = database.prepare<[], string>("SELECT id FROM capture ORDER BY entry").pluck().all();
  database.close();
  return ids;
}

/** Appends a line as somebody with SQLite can, in its place and linked to the line before it. */
function logAgain(root: string, line: string): void {
  const database = new Database(join(root, "vault.db"));
  const last = database
    .prepare<[], { seq: number; hash: string }>("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1")
    .get();
  const [seq, prev] = [(last?.seq ?? 0) + 1, last?.hash ?? ""];
  const linked = line.replace(/"prev":"[0-9a-f]{64}","seq":[0-9]+,/, `"prev":"${prev}","seq":${seq},`);
  database
    .prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)")
    .run(seq, prev, linked, lineHash(linked));
  database.close();
}

function tables(root: string): Record<string, unknown> {
  const database = new Database(join(root, "vault.db"), { readonly: true });
  const rows = (query: string) => database.prepare(query).raw().all();
  const all = {
    entry: rows("SELECT * FROM entry ORDER BY seq"),
    capture: rows("SELECT * FROM capture ORDER BY id"),
    file: rows("SELECT * FROM file ORDER BY capture, entry, path"),
    capture_text: rows("SELECT rowid, * FROM capture_text ORDER BY rowid"),
    annotation: rows("SELECT * FROM annotation ORDER BY capture, key"),
    merkle_node: rows("SELECT * FROM merkle_node ORDER BY level, number"),
    token: rows("SELECT * FROM token ORDER BY entry"),
  };
  database.close();
  return all;
}

beforeAll(async () => {
  const vault = await openTestVault(made);
  const { record } = captureText(vault, "first");
  deriveText(vault, record, "one");
  captureText(vault, "second, longer");
  closeVault(vault);
  copyVault(made, old);
  rmSync(join(old, "vault.db"));
  writeSchemaOne(join(made, "vault.db"), join(old, "vault.db"));
});
afterAll(() => folder.remove());

describe("a database of an earlier schema", () => {
  it("is brought up to date by the next writer, with every index table made from the log", async () => {
    const root = oldVault("updated");
    closeVault(await openTestVault(root));
    expect(tables(root)).toEqual(tables(made));
    expect(await errorCodes(root)).toEqual([]);
  });

  it("has the tree over its whole log afterwards, and grows on", async () => {
    const vault = await openTestVault(oldVault("grows"));
    const before = rootOf(vault.database, 4);
    captureText(vault, "third, longer still");
    expect(rootOf(vault.database, 4)).toEqual(before);
    expect(inclusionProofOf(vault.database, 0, 5)).toHaveLength(3);
    expect(schemaDifferences(vault.database)).toEqual([]);
    closeVault(vault);
  });

  it("is read as it is, on a disk that nobody may write to as well, and is not changed by that", () => {
    const root = oldVault("read");
    const before = readFileSync(join(root, "vault.db"));
    const whole = listCaptures(made, everything);
    expect(whole.length).toBeGreaterThan(0);
    expect(listCaptures(root, everything)).toEqual(whole);
    const [{ id = "" } = {}] = whole;
    expect(showCapture(root, id)).toEqual(showCapture(made, id));
    expect(readFileSync(join(root, "vault.db"))).toEqual(before);
    expect(readdirSync(root).filter((name) => name.startsWith("vault.db"))).toEqual(["vault.db"]);
  });

  it("is audited as it is: its log and files count, and its index is said to be older", async () => {
    const report = await audit(oldVault("audited"));
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["index-older", "note"],
      ["unsealed", "note"],
    ]);
    expect([report.hashes, report.chain]).toEqual(["pass", "pass"]);
  });

  it("hides no object: an id that is logged again as a failed attempt is found, and so is its object that was removed", async () => {
    const root = oldVault("removed");
    const [first = ""] = captureIds(root);
    const failed = readVectors<{ line: string }>("entries", "good-capture-failed")[0]?.line ?? "";
    logAgain(root, failed.replaceAll(/2026\d{4}-[0-9A-Z]{8}/g, first));
    rmSync(join(root, objectPath(first)), { recursive: true });
    const { findings, hashes } = await audit(root);
    expect(findings.filter(isError).map(({ code }) => code)).toEqual(
      expect.arrayContaining(["id-repeated", "object-missing"]),
    );
    expect(hashes).toBe("fail");
  });

  it("hides no object: one that was exchanged for another under its id is found", async () => {
    const root = oldVault("exchanged");
    const [first = "", second = ""] = captureIds(root);
    const database = new Database(join(root, "vault.db"));
    const line = database
      .prepare<[string], string>(
        'SELECT line FROM entry WHERE line LIKE ? AND line LIKE \'%"event":"capture"%\'',
      )
      .pluck()
      .get(`%${second}%`);
    database.close();
    logAgain(root, (line ?? "").replaceAll(objectPath(second), objectPath(first)).replaceAll(second, first));
    rmSync(join(root, objectPath(first)), { recursive: true });
    cpSync(join(root, objectPath(second)), join(root, objectPath(first)), { recursive: true });
    const { findings, hashes } = await audit(root);
    expect(findings.filter(isError).map(({ code }) => code)).toEqual(
      expect.arrayContaining(["id-repeated", "file-changed"]),
    );
    expect(hashes).toBe("fail");
  });

  it("with a trigger of somebody else's is refused and left as it is", async () => {
    const root = oldVault("foreign");
    const database = new Database(join(root, "vault.db"));
    database.exec("CREATE TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END");
    database.close();
    await expect(openTestVault(root)).rejects.toMatchObject({ code: "no-vault" });
    const after = new Database(join(root, "vault.db"), { readonly: true });
    expect(after.pragma("user_version", { simple: true })).toBe(1);
    after.close();
  });

  it("of a version that is not known yet is refused", async () => {
    const root = copyVault(made, join(folder.path, "newer"));
    const database = new Database(join(root, "vault.db"));
    database.pragma(`user_version = ${schemaVersion + 1}`);
    database.close();
    await expect(openTestVault(root)).rejects.toMatchObject({ code: "no-vault" });
  });

  it("with a line that is no entry any more is brought up to date all the same, and an audit names the line", async () => {
    const root = oldVault("damaged");
    const database = new Database(join(root, "vault.db"));
    database.exec("DROP TRIGGER entry_never_changed");
    database.prepare("UPDATE entry SET line = replace(line, '\"v\":1', '\"v\":9') WHERE seq = 3").run();
    const trigger = /CREATE TRIGGER entry_never_changed[\s\S]*?END;/.exec(
      readFileSync(firstMigration, "utf8"),
    );
    database.exec(trigger?.[0] ?? "");
    database.close();
    carryToNewMachine(root);
    closeVault(await openTestVault(root));
    expect(await errorCodes(root)).toContain("log-unknown-version");
  });
});
