import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
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
const nobody = 65534;
const isRoot = process.getuid?.() === 0;
let copies = 0;

beforeAll(async () => {
  chmodSync(scratch.path, 0o755);
  mkdirSync(join(scratch.path, "home"), { mode: 0o777 });
  chmodSync(join(scratch.path, "home"), 0o777);
  closeVault(await openTestVault(original));
  await writeAndSeal(original, testWorld(), (vault) => {
    const { record } = captureText(vault, "first");
    deriveText(vault, record, "one");
  });
});
afterAll(() => {
  execFileSync("chmod", ["-R", "u+rwx", scratch.path]);
  scratch.remove();
});

function copy(): string {
  copies += 1;
  return copyVault(original, join(scratch.path, `copy-${copies}`));
}

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
}

/** `verify --json` by somebody who may not read `closed`, a path inside of `root`. */
function verifyWithout(root: string, closed: string | null, argv: readonly string[]): Outcome {
  if (isRoot) execFileSync("chown", ["-R", `${nobody}:${nobody}`, root]);
  if (closed !== null) chmodSync(join(root, closed), 0o000);
  const program = join(import.meta.dirname, "../../bin/holdfast.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "verify", "--json", ...argv], {
    cwd: join(scratch.path, "home"),
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: join(scratch.path, "home"), HOLDFAST_OFFLINE: "1" },
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  expect(stderr).not.toContain("holdfast: ");
  return { status, report: JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

function pathIn(root: string, end: string): string {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  return paths.find((path) => path.endsWith(end)) ?? "";
}

const errorsOf = ({ report }: Outcome) => report.findings.filter(({ severity }) => severity === "error");

describe("what the system does not let a check read is unchecked: no error, no pass, and exit status 4", () => {
  it("(nothing is refused: exit status 0)", () => {
    const root = copy();
    const { status, report } = verifyWithout(root, null, ["--vault", root]);
    expect([status, report.ok, report.hashes, report.signature]).toEqual([0, true, "pass", "pass"]);
  });

  it.each([
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
  ])("%s", (_, end, code) => {
    const root = copy();
    const closed = pathIn(root, end);
    const outcome = verifyWithout(root, closed, ["--vault", root]);
    expect(errorsOf(outcome)).toEqual([]);
    expect(outcome.report.findings).toContainEqual(expect.objectContaining({ code, where: closed }));
    expect([outcome.status, outcome.report.ok, outcome.report.hashes]).toEqual([4, false, "unchecked"]);
    expect(outcome.report.limits.join(" ")).toContain("Not everything could be checked");
  });

  it.each([".checkpoint", ".checkpoint.sig", ".jsonl", "log"])(
    "%s, and so signature and time-stamps",
    (end) => {
      const root = copy();
      const closed = pathIn(root, end);
      const outcome = verifyWithout(root, closed, ["--vault", root]);
      expect(errorsOf(outcome)).toEqual([]);
      expect(outcome.report.findings).toContainEqual(
        expect.objectContaining({ code: "seal-unreadable", where: closed }),
      );
      expect([outcome.status, outcome.report.signature]).toEqual([4, "unchecked"]);
    },
  );

  it("vault.db, and so everything", () => {
    const root = copy();
    const outcome = verifyWithout(root, "vault.db", ["--vault", root]);
    expect(errorsOf(outcome)).toEqual([]);
    const { status, report } = outcome;
    expect([status, report.ok, report.hashes, report.chain]).toEqual([4, false, "unchecked", "unchecked"]);
  });

  it("and damage elsewhere is still exit status 1", () => {
    const root = copy();
    const other = pathIn(root, "v1/content/original/track-2.m4a");
    execFileSync("rm", ["-f", join(root, other)]);
    const outcome = verifyWithout(root, pathIn(root, "v1/content/original/track-1.mp4"), ["--vault", root]);
    expect(errorsOf(outcome)).toEqual([expect.objectContaining({ code: "file-missing", where: other })]);
    expect([outcome.status, outcome.report.hashes]).toEqual([1, "fail"]);
  });
});

describe("a package of which something cannot be read", () => {
  it.each([
    ["a file of a capture", "original/track-1.mp4", "file-unreadable", "hashes"],
    ["a proof", "000007/2.proof", "proof-unreadable", "chain"],
    ["a signature", "000007/checkpoint.sig", "proof-unreadable", "signature"],
    ["a checkpoint", "000007/checkpoint", "proof-unreadable", "signature"],
    ["its entries", "entries.jsonl", "file-unreadable", "chain"],
    ["what it says of itself", "bag-info.txt", "file-unreadable", "hashes"],
    ["a folder", "000007", "unreadable", "signature"],
  ] as const)("%s is unchecked", (_, end, code, question) => {
    copies += 1;
    const root = writeFolder(makePackage().files, join(scratch.path, `package-${copies}`));
    const closed = pathIn(root, end);
    const outcome = verifyWithout(root, closed, [root]);
    expect(errorsOf(outcome)).toEqual([]);
    expect(outcome.report.findings).toContainEqual(expect.objectContaining({ code, where: closed }));
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
    const held = await takeWriterLock(lock, 0, () => undefined);
    let pauses = 0;
    await waitForWriter(layout, databaseState(layout), async () => {
      pauses += 1;
      if (pauses === 3) held.release();
    });
    expect(pauses).toBe(3);
    const again = await takeWriterLock(lock, 0, () => undefined);
    await waitForWriter(layout, databaseState(layout), async () => {
      pauses += 1;
    });
    again.release();
    expect(pauses).toBe(43);
  });

  it("is taken as soon as something was written", async () => {
    const held = await takeWriterLock(lock, 0, () => undefined);
    let pauses = 0;
    await waitForWriter(layout, "another state", async () => {
      pauses += 1;
    });
    held.release();
    expect(pauses).toBe(0);
  });
});
