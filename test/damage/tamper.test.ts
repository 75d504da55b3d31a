import {
  appendFileSync,
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { closeVault } from "../../src/vault/vault.js";
import {
  audit,
  copyVault,
  errorCodes,
  makeVault,
  openTestVault,
  temporaryFolder,
} from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let copies = 0;

/** A fresh copy of the reference vault. */
function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => lstatSync(join(root, path)).isFile() && !path.startsWith("staging"))
    .sort();
}

/** Changes one bit by XOR: writing a fixed value would now and then change nothing. */
function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x04;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

beforeAll(async () => {
  const [first] = await makeVault(original);
  const vault = await openTestVault(original);
  logAnnotation(vault, first!.record.capture, { place: "Алматы" }, fromCommandLine);
  closeVault(vault);
});
afterAll(() => folder.remove());

describe("a vault nobody touched", () => {
  it("has no finding but that nothing is signed yet, and says that signatures and time-stamps are absent", async () => {
    const report = await audit(original);
    expect(report.findings.map(({ code }) => code)).toEqual(["unsealed"]);
    expect(report).toMatchObject({
      ok: true,
      hashes: "pass",
      chain: "pass",
      signature: "absent",
      tokens: "absent",
    });
    expect(report.checked).toMatchObject({ objects: 2, entries: 6, annexes: 2 });
  });

  it("is not changed by an audit, not even in a timestamp", async () => {
    const paths = [".", ...readdirSync(original, { recursive: true, encoding: "utf8" })].sort();
    // A time of access long ago is what the system would bring up to date first.
    for (const path of paths)
      utimesSync(join(original, path), new Date(0), lstatSync(join(original, path)).mtime);
    const state = () =>
      [".", ...readdirSync(original, { recursive: true, encoding: "utf8" })].sort().map((path) => {
        const found = lstatSync(join(original, path));
        const { mtimeMs, ctimeMs, size, mode } = found;
        return { path, mtimeMs, ctimeMs, size, mode, read: found.isFile() ? found.atimeMs : null };
      });
    const before = state();
    await audit(original);
    expect(state()).toEqual(before);
  });
});

describe("damage to files", () => {
  it("one flipped bit in any file of a vault is found, and the file is named", async () => {
    const files = filesOf(original).filter((path) => path !== "vault.db");
    expect(files.length).toBeGreaterThan(25);
    const root = copy();
    for (const [nth, file] of files.entries()) {
      const path = join(root, file);
      const bytes = readFileSync(path);
      // The first, a middle and the last byte in turn; `npm run soak` changes any of them.
      const at = [0, Math.floor(bytes.length / 2), bytes.length - 1][nth % 3] ?? 0;
      flipBit(path, at);
      const report = await audit(root);
      const named = report.findings.filter(({ where, severity }) => severity === "error" && where === file);
      expect(named, `${file} at ${at}`).not.toEqual([]);
      writeFileSync(path, bytes);
    }
    expect(await errorCodes(root)).toEqual([]);
  });

  it("a removed file is found, and the file is named", async () => {
    const root = copy();
    const files = filesOf(original).filter((path) => path !== "vault.db" && !path.endsWith("annex.json"));
    const objects = files.filter((path) => path.endsWith("0=ocfl_object_1.1")).map((path) => dirname(path));
    expect(objects).toHaveLength(2);
    // The second object has the same files as the first.
    for (const file of files.filter((path) => !path.startsWith(`${objects[1]}/`))) {
      renameSync(join(root, file), join(folder.path, "aside"));
      const report = await audit(root);
      const found = report.findings.filter(({ severity, where }) => severity === "error" && where === file);
      expect(found, file).not.toEqual([]);
      renameSync(join(folder.path, "aside"), join(root, file));
    }
  });

  it("a file cut short or grown by one byte is found", async () => {
    const file = filesOf(original).find((path) => path.endsWith("original/track-1.mp4"))!;
    for (const change of [
      (path: string) => truncateSync(path, 3),
      (path: string) => appendFileSync(path, "\n"),
    ]) {
      const root = copy();
      chmodSync(join(root, file), 0o644);
      change(join(root, file));
      expect(await errorCodes(root)).toEqual(["file-changed"]);
    }
  });

  it("a file put anywhere into a vault is found", async () => {
    for (const place of ["objects", "log", "private", filesOf(original)[5]!.replace(/\/[^/]*$/, "")]) {
      const root = copy();
      writeFileSync(join(root, place, "planted.txt"), "planted");
      expect(await errorCodes(root), place).toHaveLength(1);
    }
    const root = copy();
    writeFileSync(join(root, "planted.txt"), "planted");
    const note = { code: "stray", severity: "note", where: "planted.txt" };
    expect((await audit(root)).findings).toContainEqual(expect.objectContaining(note));
  });

  it("a link in place of a file is found and not followed", async () => {
    const root = copy();
    const file = join(root, filesOf(original).find((path) => path.endsWith("original/track-1.mp4"))!);
    renameSync(file, join(folder.path, "elsewhere.mp4"));
    symlinkSync(join(folder.path, "elsewhere.mp4"), file);
    expect(await errorCodes(root)).toEqual(expect.arrayContaining(["stray"]));
    expect((await audit(root)).ok).toBe(false);
  });

  it("an object removed as a whole is found", async () => {
    const root = copy();
    const object = filesOf(original)
      .find((path) => path.endsWith("0=ocfl_object_1.1"))!
      .replace(/\/0=.*$/, "");
    rmSync(join(root, object), { recursive: true });
    expect(await errorCodes(root)).toContain("object-missing");
  });

  it("two objects that changed places are found", async () => {
    const root = copy();
    const objects = filesOf(original)
      .filter((path) => path.endsWith("0=ocfl_object_1.1"))
      .map((path) => join(root, path.replace(/\/0=.*$/, "")));
    renameSync(objects[0]!, join(root, "aside"));
    renameSync(objects[1]!, objects[0]!);
    renameSync(join(root, "aside"), objects[1]!);
    expect(await errorCodes(root)).toEqual(expect.arrayContaining(["inventory-changed", "inventory-id"]));
  });

  it("a changed file whose inventory and sidecars were made to match is still found, by the log", async () => {
    const root = copy();
    const file = filesOf(original).find((path) => path.endsWith("original/track-1.mp4"))!;
    flipBit(join(root, file), 2);
    const { createHash } = await import("node:crypto");
    const digest = (name: string, bytes: Buffer) => createHash(name).update(bytes).digest("hex");
    const [before, after] = [readFileSync(join(original, file)), readFileSync(join(root, file))];
    const object = file.replace(/\/v1\/.*$/, "");
    for (const inventory of filesOf(root).filter(
      (path) => path.startsWith(object) && path.endsWith("inventory.json"),
    )) {
      const text = readFileSync(join(root, inventory), "utf8")
        .replaceAll(digest("sha512", before), digest("sha512", after))
        .replaceAll(digest("sha256", before), digest("sha256", after));
      for (const [path, content] of [
        [inventory, text],
        [`${inventory}.sha512`, `${digest("sha512", Buffer.from(text))}  inventory.json\n`],
      ] as const) {
        chmodSync(join(root, path), 0o644);
        writeFileSync(join(root, path), content);
      }
    }
    expect(await errorCodes(root)).toEqual(expect.arrayContaining(["inventory-changed", "file-changed"]));
  });

  it("a private annex that was taken away is noted and does not count as damage", async () => {
    const root = copy();
    for (const annex of readdirSync(join(root, "private")))
      rmSync(join(root, "private", annex), { recursive: true });
    const report = await audit(root);
    expect(report.ok).toBe(true);
    expect(report.findings.map(({ code }) => code)).toEqual(["unsealed", "annex-absent", "annex-absent"]);
  });
});

describe("damage to the log", () => {
  /** Does what the guards forbid, as somebody with a SQLite shell could. */
  function tamper(change: (database: Database.Database) => void): string {
    const root = copy();
    const database = new Database(join(root, "vault.db"));
    const guards = database
      .prepare<[], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
      )
      .all();
    database.pragma("foreign_keys = OFF");
    for (const { name } of guards) database.exec(`DROP TRIGGER ${name}`);
    change(database);
    for (const { sql } of guards) database.exec(sql);
    database.close();
    return root;
  }

  const rows = 5;

  it("every entry removed, one at a time, is found", async () => {
    for (let seq = 1; seq <= rows; seq += 1) {
      const codes = await errorCodes(
        tamper((database) => database.prepare("DELETE FROM entry WHERE seq = ?").run(seq)),
      );
      expect(codes, `entry ${seq}`).not.toEqual([]);
    }
  });

  it("every entry with one changed character is found, at that entry or the next", async () => {
    for (let seq = 1; seq <= rows; seq += 1) {
      const root = tamper((database) => {
        const { line } = database
          .prepare<[number], { line: string }>("SELECT line FROM entry WHERE seq = ?")
          .get(seq)!;
        database
          .prepare("UPDATE entry SET line = ? WHERE seq = ?")
          .run(line.replace(/"at":"(\d{3})\d/, '"at":"$10'), seq);
      });
      const report = await audit(root);
      expect(report.chain, `entry ${seq}`).toBe("fail");
      expect(
        report.findings.map(({ where }) => where),
        `entry ${seq}`,
      ).toContain(`entry:${seq}`);
    }
  });

  it("two entries that changed places are found", async () => {
    for (let seq = 1; seq < rows; seq += 1) {
      const root = tamper((database) => {
        database.exec(
          `UPDATE entry SET seq = -1 WHERE seq = ${seq}; UPDATE entry SET seq = ${seq} WHERE seq = ${seq + 1}; UPDATE entry SET seq = ${seq + 1} WHERE seq = -1`,
        );
      });
      expect((await audit(root)).chain).toBe("fail");
    }
  });

  it("an entry replaced by another valid one is found", async () => {
    const root = tamper((database) => {
      const { line } = database.prepare<[], { line: string }>("SELECT line FROM entry WHERE seq = 2").get()!;
      database.prepare("UPDATE entry SET line = ? WHERE seq = 5").run(line);
    });
    expect(await errorCodes(root)).toEqual(
      expect.arrayContaining(["log-wrong-seq", "log-wrong-prev", "log-columns"]),
    );
  });

  it("a changed row of the index is found", async () => {
    const changes = [
      "UPDATE capture SET title = 'another'",
      "UPDATE file SET sha256 = upper(sha256)",
      "UPDATE capture_text SET title = 'x'",
      "UPDATE annotation SET value = 'another place'",
      "DELETE FROM annotation",
      "UPDATE file SET sha512 = upper(sha512)",
      "DELETE FROM file",
    ];
    for (const change of changes) {
      expect(await errorCodes(tamper((database) => database.exec(change))), change).toContain(
        "index-differs",
      );
    }
  });

  it("a trigger, view or table that does not belong there is reported before anything is read", async () => {
    for (const sql of [
      "CREATE TRIGGER t AFTER INSERT ON capture BEGIN SELECT 1; END",
      "CREATE VIEW v AS SELECT 1",
      "CREATE TABLE t (a)",
    ]) {
      expect(await errorCodes(tamper((database) => database.exec(sql))), sql).toContain("schema-differs");
    }
  });

  it("a flipped bit in the database is either found or leaves every line and row as it was", async () => {
    const root = copy();
    const path = join(root, "vault.db");
    const bytes = readFileSync(path);
    const reference = dump(path);
    // `npm run soak` changes bytes of other places.
    for (let at = 24; at < bytes.length; at += 8093) {
      flipBit(path, at);
      const report = await audit(root);
      if (report.ok) expect(dump(path), `bit at ${at}`).toEqual(reference);
      writeFileSync(path, bytes);
    }
  });
});

function dump(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return ["entry", "capture", "file", "annotation", "intent"].map((table) =>
      database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all(),
    );
  } finally {
    database.close();
  }
}
