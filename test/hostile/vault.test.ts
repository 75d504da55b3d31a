import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { genesisPrev } from "../../src/audit/entry.js";
import { objectPath, placeFindings } from "../../src/audit/log-captures.js";
import { placeFile } from "../../src/vault/durable.js";
import { linesFrom } from "../../src/vault/log.js";
import { finishInterrupted } from "../../src/vault/recovery.js";
import { closeVault } from "../../src/vault/vault.js";
import { audit, copyVault, makeVault, openTestVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let copies = 0;
const whole = {
  capture: "20261123-AAAAAAAA",
  object: objectPath("20261123-AAAAAAAA" as never),
  version: "v1",
};

beforeAll(async () => {
  await makeVault(original);
});
afterAll(() => folder.remove());

function copy(): string {
  copies += 1;
  return copyVault(original, join(folder.path, `copy-${copies}`));
}

function plantIntent(root: string, row: readonly (string | null)[]): void {
  const database = new Database(join(root, "vault.db"));
  database
    .prepare(
      "INSERT INTO intent (capture, version, inventory_sha512, event, body, started_at) VALUES (?, ?, ?, ?, ?, '2026')",
    )
    .run(...row);
  database.close();
}

async function write(root: string): Promise<void> {
  const vault = await openTestVault(root);
  try {
    finishInterrupted(vault);
  } finally {
    closeVault(vault);
  }
}

describe("a vault that was in other hands", () => {
  const forged: readonly [string, readonly (string | null)[]][] = [
    ["a capture named by a path out of the vault", ["../../victim", "v1", "00", "capture", "{}"]],
    [
      "an event that no commit writes",
      ["20261123-AAAAAAAA", "", "", "fixity-check", '{"scope":"vault","ok":true,"findings":0,"checked":{}}'],
    ],
    [
      "a version named by a path",
      ["20261123-AAAAAAAA", "../..", "00", "derive", '{"capture":"20261123-AAAAAAAA"}'],
    ],
    ["a body that is no JSON", ["20261123-AAAAAAAA", "v1", "00", "capture", "not json"]],
    [
      "a body of another capture",
      ["20261123-AAAAAAAA", "v1", "00", "capture", '{"capture":"20261123-BBBBBBBB"}'],
    ],
  ];
  it.each(forged)(
    "with %s in its journal is refused by writers, and nothing outside is touched",
    async (_, row) => {
      const root = copy();
      const victim = join(folder.path, "victim");
      mkdirSync(victim, { recursive: true });
      writeFileSync(join(victim, "thesis"), "x");
      plantIntent(root, row);
      await expect(write(root)).rejects.toMatchObject({ code: "not-as-recorded" });
      expect(readFileSync(join(victim, "thesis"), "utf8")).toBe("x");
      expect((await audit(root)).ok).toBe(false);
    },
  );

  it("whose staging folder is a link to elsewhere is refused, and nothing there is cleared", async () => {
    const root = copy();
    const home = join(folder.path, `home-${copies}`);
    mkdirSync(join(home, "20261123-AAAAAAAA"), { recursive: true });
    rmSync(join(root, "staging"), { recursive: true });
    symlinkSync(home, join(root, "staging"));
    await expect(write(root)).rejects.toMatchObject({ code: "no-vault" });
    expect(existsSync(join(home, "20261123-AAAAAAAA"))).toBe(true);
  });

  it("keeps folders in staging that holdfast did not make", async () => {
    const root = copy();
    mkdirSync(join(root, "staging", "somebody's work"));
    await write(root);
    expect(readdirSync(join(root, "staging"))).toContain("somebody's work");
  });

  it("with an empty or missing database is refused; its log is never begun anew", async () => {
    for (const damage of [(path: string) => truncateSync(path), (path: string) => rmSync(path)]) {
      const root = copy();
      damage(join(root, "vault.db"));
      await expect(write(root)).rejects.toMatchObject({ code: "no-vault" });
      expect(existsSync(join(root, "vault.db")) ? readFileSync(join(root, "vault.db")).length : 0).toBe(0);
    }
  });
});

describe("an entry that names an object", () => {
  it.each([
    [
      "by a path that leads out",
      { capture: "../../x", object: objectPath("../../x" as never), version: "v1" },
    ],
    [
      "of another capture",
      { capture: "20261123-AAAAAAAA", object: objectPath("20261123-BBBBBBBB" as never), version: "v1" },
    ],
    ["without saying of which capture", { object: "objects/ab/20261123-AAAAAAAA", version: "v1" }],
    ["by a version that is a path", { ...whole, version: "v1/.." }],
    ["by a version alone", { capture: "20261123-AAAAAAAA", version: "v1" }],
    ["by a folder alone", { capture: "20261123-AAAAAAAA", object: whole.object }],
  ])("%s is found before anything is read there", (_, body) => {
    const at = "2026-11-23T18:00:00.000Z";
    const entry = {
      v: 1,
      seq: 2,
      prev: genesisPrev,
      at,
      event: "capture",
      actor: "a",
      tool: "t",
      body,
    } as const;
    expect(placeFindings(entry).map(({ code, where }) => [code, where])).toEqual([["log-object", "entry:2"]]);
    expect(placeFindings({ ...entry, body: whole })).toEqual([]);
  });
});

describe("a folder that is no vault", () => {
  it("is not taken for one because its folders have the same names, and nothing in it is removed", async () => {
    for (const part of ["staging", "private", "log", "objects"]) {
      const project = join(folder.path, `project-${part}`);
      mkdirSync(join(project, part, "site"), { recursive: true });
      writeFileSync(join(project, part, "site", "index.html"), "x");
      await expect(write(project), part).rejects.toMatchObject({ code: "no-vault" });
      expect(readFileSync(join(project, part, "site", "index.html"), "utf8")).toBe("x");
    }
  });
});

describe("the making of a vault, killed anywhere", () => {
  it("is finished by the next command, whatever part was half written", async () => {
    for (const part of ["holdfast.json.new", "README.txt.new", "objects/0=ocfl_1.1.new", "vault.db"]) {
      const root = join(folder.path, `half-${part.replaceAll("/", "-")}`);
      mkdirSync(join(root, "objects"), { recursive: true });
      writeFileSync(join(root, part), "", { mode: 0o444 });
      if (part === "vault.db")
        placeFile(join(root, "holdfast.json"), readFileSync(join(original, "holdfast.json"), "utf8"));
      chmodSync(join(root, part), 0o644);
      await write(root);
      const report = await audit(root);
      expect(
        report.findings.filter(({ severity }) => severity === "error"),
        part,
      ).toEqual([]);
    }
  });

  it("leaves a read-only rest of a replaced file that the next replacement takes away", () => {
    const path = join(folder.path, "inventory.json");
    writeFileSync(`${path}.new`, "half", { mode: 0o444 });
    placeFile(path, "whole");
    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});

describe("what a crash left is said before it is cleared", () => {
  it("an interrupted attempt is an entry under its own id, whatever its note says", async () => {
    const root = copy();
    mkdirSync(join(root, "staging", "20261123-AAAAAAAA"));
    writeFileSync(
      join(root, "staging", "20261123-AAAAAAAA", "attempt.json"),
      '{"capture":"../../x","what":"\\ud800 page"}',
    );
    await write(root);
    const vault = await openTestVault(root);
    const last = JSON.parse([...linesFrom(vault.database, 1)].at(-1)!);
    closeVault(vault);
    expect(last).toMatchObject({
      event: "recovery",
      body: { what: "staging-removed", capture: "20261123-AAAAAAAA" },
    });
    expect((await audit(root)).ok).toBe(true);
  });
});
