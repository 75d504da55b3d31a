import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseState, waitForWriter } from "../../src/vault/database-files.js";
import { vaultLayout } from "../../src/vault/layout.js";
import { closeVault } from "../../src/vault/vault.js";
import { takeWriterLock } from "../../src/vault/writer-lock.js";
import { makePackage, writeFolder } from "../support/packages.js";
import { writeAndSeal } from "../support/sealed.js";
import {
  captureText,
  copyVault,
  deriveText,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

/*
 * Whoever may read everything is refused nothing: where the tests are run by root, the check is run by nobody, who owns what
 * it is about.
 */

const scratch = temporaryFolder();
const original = join(scratch.path, "vault");
const home = join(scratch.path, "home");
const nobody = 65534;
const isRoot = process.getuid?.() === 0;

interface Outcome {
  readonly status: number | null;
  readonly report: {
    readonly ok: boolean;
    readonly hashes: string;
    readonly chain: string;
    readonly signature: string;
    readonly findings: readonly {
      readonly code: string;
      readonly severity: string;
      readonly where: string;
    }[];
    readonly limits: readonly string[];
  };
  /** What could not be read, a path in the vault or package. */
  readonly closed: string;
}

/** A vault or package of which somebody may not read one path: the first that ends so. */
interface Case {
  readonly root: string;
  readonly closed: string;
  readonly argv: readonly string[];
}

const inVault = [
  ["an original", "v1/content/original/track-1.mp4", "file-unreadable"],
  ["a record", "v1/content/record.json", "file-unreadable"],
  ["the inventory of an object", "v2/inventory.json", "file-unreadable"],
  ["the declaration of an object", "0=ocfl_object_1.1", "file-unreadable"],
  ["an annex", "annex.json", "annex-unreadable"],
  ["a raw file beside an annex", "info.json", "annex-file-unreadable"],
  ["the settings", "holdfast.json", "unreadable"],
  ["a folder of an object", "v1/content", "unreadable"],
  ["the folder of a private annex", "private", "unreadable"],
  ["the folder of all objects", "objects", "unreadable"],
] as const;
const ofTheSeal = [".checkpoint", ".checkpoint.sig", ".jsonl", "log"];
const inPackage = [
  ["a file of a capture", "original/track-1.mp4", "file-unreadable", "hashes"],
  ["a proof", "000007/2.proof", "proof-unreadable", "chain"],
  ["a signature", "000007/checkpoint.sig", "proof-unreadable", "signature"],
  ["a checkpoint", "000007/checkpoint", "proof-unreadable", "signature"],
  ["its entries", "entries.jsonl", "file-unreadable", "chain"],
  ["what it says of itself", "bag-info.txt", "file-unreadable", "hashes"],
  ["a folder", "000007", "unreadable", "signature"],
] as const;
const cases = new Map<string, Case>();
const outcomes = new Map<string, Outcome>();
let missing = "";

beforeAll(async () => {
  chmodSync(scratch.path, 0o755);
  mkdirSync(home);
  chmodSync(home, 0o777);
  closeVault(await openTestVault(original));
  await writeAndSeal(original, testWorld(), (vault) => {
    const { record } = captureText(vault, "first");
    deriveText(vault, record, "one");
  });
  putVault("nothing", null);
  for (const end of [...inVault.map(([, of]) => of), ...ofTheSeal, "vault.db"]) putVault(end, end);
  const damaged = putVault("damage elsewhere", "v1/content/original/track-1.mp4");
  missing = pathIn(damaged, "v1/content/original/track-2.m4a");
  rmSync(join(damaged, missing));
  for (const [, end] of inPackage) {
    const root = writeFolder(makePackage().files, join(scratch.path, `package-${cases.size}`));
    cases.set(`package ${end}`, { root, closed: pathIn(root, end), argv: [root] });
  }
  checkAll();
});
afterAll(() => {
  execFileSync("chmod", ["-R", "u+rwx", scratch.path]);
  scratch.remove();
});

function putVault(name: string, end: string | null): string {
  const root = copyVault(original, join(scratch.path, `copy-${cases.size}`));
  cases.set(name, { root, closed: end === null ? "" : pathIn(root, end), argv: ["--vault", root] });
  return root;
}

/** `verify --json` of every case by somebody who may not read what is closed in it, in one process. */
function checkAll(): void {
  if (isRoot) {
    const roots = [...cases.values()].map(({ root }) => root);
    execFileSync("chown", ["-R", `${nobody}:${nobody}`, ...roots]);
  }
  for (const { root, closed } of cases.values()) if (closed !== "") chmodSync(join(root, closed), 0o000);
  const list = join(scratch.path, "lines.json");
  const lines = [...cases.values()].map(({ argv }) => ({ argv: ["verify", ...argv], env: {} }));
  writeFileSync(list, JSON.stringify(lines));
  const driver = join(import.meta.dirname, "../support/commands-in-turn.js");
  const { stdout, stderr } = spawnSync(process.execPath, [driver, list], {
    cwd: home,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: home, HOLDFAST_OFFLINE: "1" },
    maxBuffer: 64 * 1024 * 1024,
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  expect(stderr).toBe("");
  const { statuses, said, printed } = JSON.parse(stdout);
  expect(said).not.toContain("holdfast: ");
  for (const [at, [name, { closed }]] of [...cases].entries()) {
    const report = JSON.parse(printed[at].trim().split("\n").at(-1) ?? "");
    outcomes.set(name, { status: statuses[at], report, closed });
  }
}

/** What came of a case. */
function outcomeOf(name: string): Outcome {
  return outcomes.get(name)!;
}

function pathIn(root: string, end: string): string {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  return paths.find((path) => path.endsWith(end)) ?? "";
}

const errorsOf = ({ report }: Outcome) => report.findings.filter(({ severity }) => severity === "error");

describe("what the system does not let a check read is unchecked: no error, no pass, and exit status 4", () => {
  it("(nothing is refused: exit status 0)", () => {
    const { status, report } = outcomeOf("nothing");
    expect([status, report.ok, report.hashes, report.signature]).toEqual([0, true, "pass", "pass"]);
  });

  it.each(inVault)("%s", (_, end, code) => {
    const outcome = outcomeOf(end);
    expect(errorsOf(outcome)).toEqual([]);
    const where = outcome.closed;
    expect(outcome.report.findings).toContainEqual(expect.objectContaining({ code, where }));
    expect([outcome.status, outcome.report.ok, outcome.report.hashes]).toEqual([4, false, "unchecked"]);
    expect(outcome.report.limits.join(" ")).toContain("Not everything could be checked");
  });

  it.each(ofTheSeal)("%s, and so signature and time-stamps", (end) => {
    const outcome = outcomeOf(end);
    expect(errorsOf(outcome)).toEqual([]);
    expect(outcome.report.findings).toContainEqual(
      expect.objectContaining({ code: "seal-unreadable", where: outcome.closed }),
    );
    expect([outcome.status, outcome.report.signature]).toEqual([4, "unchecked"]);
  });

  it("vault.db, and so everything", () => {
    const outcome = outcomeOf("vault.db");
    expect(errorsOf(outcome)).toEqual([]);
    const { status, report } = outcome;
    expect([status, report.ok, report.hashes, report.chain]).toEqual([4, false, "unchecked", "unchecked"]);
  });

  it("and damage elsewhere is still exit status 1", () => {
    const outcome = outcomeOf("damage elsewhere");
    expect(errorsOf(outcome)).toEqual([expect.objectContaining({ code: "file-missing", where: missing })]);
    expect([outcome.status, outcome.report.hashes]).toEqual([1, "fail"]);
  });
});

describe("a package of which something cannot be read", () => {
  it.each(inPackage)("%s is unchecked", (_, end, code, question) => {
    const outcome = outcomeOf(`package ${end}`);
    expect(errorsOf(outcome)).toEqual([]);
    const where = outcome.closed;
    expect(outcome.report.findings).toContainEqual(expect.objectContaining({ code, where }));
    expect([outcome.status, outcome.report.ok, outcome.report[question]]).toEqual([4, false, "unchecked"]);
  });
});

describe("the second look", () => {
  const { layout, lock } = { layout: vaultLayout(original), lock: vaultLayout(original).writerLock };

  it("is taken at once where nobody writes", async () => {
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    await waitForWriter(layout, databaseState(layout), pause);
    expect(pauses).toBe(0);
  });

  it("waits until the writer ends, and not for ever", async () => {
    const held = await takeWriterLock(
      lock,
      () => 0,
      () => undefined,
    );
    let pauses = 0;
    await waitForWriter(layout, databaseState(layout), async () => {
      pauses += 1;
      if (pauses === 3) held.release();
    });
    expect(pauses).toBe(3);
    const again = await takeWriterLock(
      lock,
      () => 0,
      () => undefined,
    );
    await waitForWriter(layout, databaseState(layout), async () => {
      pauses += 1;
    });
    again.release();
    expect(pauses).toBe(43);
  });

  it("is taken as soon as something was written", async () => {
    const held = await takeWriterLock(
      lock,
      () => 0,
      () => undefined,
    );
    let pauses = 0;
    await waitForWriter(layout, "another state", async () => {
      pauses += 1;
    });
    held.release();
    expect(pauses).toBe(0);
  });
});
