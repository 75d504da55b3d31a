import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import { lineHash } from "../../src/audit/entry.js";
import { objectPath } from "../../src/audit/log-captures.js";
import { exportSigners } from "../../src/seal/key.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { closeVault } from "../../src/vault/vault.js";
import { type WithCaveats, withFileCaveats } from "../../src/verify/caveats.js";
import type { FileReport } from "../../src/verify/file.js";
import { verifyFile } from "../../src/verify/file.js";
import type { Brought } from "../../src/verify/trust.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { holdfast } from "../support/cli.js";
import { askingWorld, makeStampedVault, writeAndSeal } from "../support/sealed.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const scratch = temporaryFolder();
const original = join(scratch.path, "vault");
const clip = join(scratch.path, "clip.mp4");
const forged = join(scratch.path, "forged.mp4");
let authority: TestAuthority;
let signers = "";
let capture = "";
let held = "";
let copies = 0;

beforeAll(async () => {
  authority = await openAuthority({});
  await makeStampedVault(original, {
    authorities: [{ name: "one", url: authority.url, roots: [authority.rootPem] }],
    calendars: [],
  });
  const world = askingWorld();
  const size = await writeAndSeal(original, world, (vault) => {
    capture = captureText(vault, "first").record.capture;
  });
  held = readFileSync(join(original, `log/${String(size).padStart(6, "0")}.checkpoint`), "utf8");
  signers = exportSigners(original, null, world).allowed_signers;
  writeFileSync(clip, "track-1.mp4: first");
  writeFileSync(forged, "track-1.mp4: f0rst");
});
afterAll(async () => {
  await authority.close();
  scratch.remove();
});

function copy(): string {
  copies += 1;
  return copyVault(original, join(scratch.path, `copy-${copies}`));
}

async function check(
  root: string,
  file: string,
  brought: Partial<Brought> = {},
): Promise<WithCaveats<FileReport>> {
  const all = { against: null, signers: null, tsaCa: null, ...brought };
  const report = await verifyFile({ vault: root, file, brought: all, index: indexCheck }, testWorld());
  return withFileCaveats(report, all);
}

const answersOf = ({ hashes, chain, signature, tokens }: FileReport) => [hashes, chain, signature, tokens];
const errorsOf = ({ findings }: FileReport) =>
  findings.filter(({ severity }) => severity === "error").map(({ code }) => code);

/** Changes vault.db as somebody can who knows that triggers stop accidents, not people. */
function changeDatabase(root: string, change: (database: Database.Database) => void): void {
  const database = new Database(join(root, "vault.db"));
  const triggers = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  database.pragma("foreign_keys = OFF");
  change(database);
  for (const { sql } of triggers) database.exec(sql);
  database.close();
}

/** Puts other bytes in the place of the original everywhere but under the signature: object, log, links and index. */
function forge(root: string): void {
  const [was, is] = [clip, forged].map((path) => sha256(readFileSync(path)));
  const stored = join(root, objectPath(capture), "v1/content/original/track-1.mp4");
  rmSync(stored);
  writeFileSync(stored, readFileSync(forged));
  changeDatabase(root, (database) => {
    const rows = database
      .prepare<[], { seq: number; line: string }>("SELECT seq, line FROM entry ORDER BY seq")
      .all();
    let prev = "0".repeat(64);
    for (const { seq, line } of rows) {
      const changed = line
        .replaceAll(was ?? "", is ?? "")
        .replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
      database
        .prepare("UPDATE entry SET line = ?, prev = ?, hash = ? WHERE seq = ?")
        .run(changed, prev, lineHash(changed), seq);
      prev = lineHash(changed);
    }
    database.prepare("UPDATE file SET sha256 = ? WHERE sha256 = ?").run(is, was);
  });
}

describe("what a check of one file rests on is checked and said", () => {
  it("a file that the signed log states passes, with the key and the time-stamps that it rests on", async () => {
    const report = await check(original, clip, { signers, tsaCa: authority.rootPem, against: held });
    expect([report.ok, errorsOf(report)]).toEqual([true, []]);
    expect(answersOf(report)).toEqual(["pass", "pass", "pass", "pass"]);
    expect(report.matches).toMatchObject([{ capture, path: "original/track-1.mp4", signed: true }]);
    expect(report.matches[0]?.not_later_than).toMatch(/^\d{4}-/);
    expect(report.rests_on.keys).toMatchObject([{ source: "signers" }]);
    expect(report.rests_on.authorities).toMatchObject([{ authority: "one", trusted: true }]);
    expect(report.limits.join(" ")).toContain("beginning of today's log");
    expect(report.limits.join(" ")).toContain("does not show that footage is genuine");
  });

  it("a file that was put into object, log, links and index, but not under the signature, is refused", async () => {
    const root = copy();
    forge(root);
    const report = await check(root, forged);
    expect(report.matches).toMatchObject([{ signed: false, not_later_than: null }]);
    expect(errorsOf(report)).toEqual(expect.arrayContaining(["checkpoint-root", "segment-changed"]));
    expect([report.ok, report.signature]).toEqual([false, "fail"]);
    const { status, stdout } = await holdfast(["verify", forged, "--vault", root]);
    expect(status).toBe(1);
    expect(stdout).toContain("but not everything is as recorded");
  });

  it("a file that the index does not name any more is found by the log", async () => {
    const root = copy();
    changeDatabase(root, (database) => database.exec("DELETE FROM file"));
    const report = await check(root, clip);
    expect(report.matches).toHaveLength(1);
    expect(errorsOf(report)).toEqual(["index-differs"]);
  });

  it("another history than the one of the checkpoint that the checker holds is said", async () => {
    const other = held.replace(/\n\d+\n/, (size) => `\n${Number(size) + 50}\n`);
    const report = await check(original, clip, { against: other });
    expect([report.ok, errorsOf(report)]).toEqual([false, ["history-truncated"]]);
  });

  it("another key than the checker named is refused", async () => {
    const stranger = signers.replace(
      /AAAA\S+/,
      "AAAAC3NzaC1lZDI1NTE5AAAAIOpKjqU9pLxKrO0jbMLs8vCt5a7SP8rPlSpJ4RFqQqXr",
    );
    const report = await check(original, clip, { signers: stranger });
    expect([report.ok, report.signature]).toEqual([false, "fail"]);
  });

  it("bytes that no entry states are not in the vault", async () => {
    const report = await check(original, forged);
    expect([report.ok, report.matches, errorsOf(report)]).toEqual([false, [], ["not-in-vault"]]);
    expect(report.hashes).toBe("absent");
    const limits = report.limits.join(" ");
    expect(limits).toContain("No entry states these bytes, so no signature is about them.");
    // The log is signed and time-stamped: what is said of these bytes must not be said of it.
    expect(limits).not.toContain("No signature covers the log");
    expect(limits).not.toContain("every time here");
  });
});

describe("an entry behind the newest checkpoint", () => {
  const late = join(scratch.path, "late.mp4");

  /** A vault whose newest entry no checkpoint covers. */
  async function unsigned(): Promise<string> {
    const root = copy();
    writeFileSync(late, "track-1.mp4: late, and not signed");
    const vault = await openTestVault(root);
    captureText(vault, "late, and not signed");
    closeVault(vault);
    return root;
  }

  it("is called unsigned, and no answer passes by the signatures before it", async () => {
    const root = await unsigned();
    const report = await check(root, late);
    expect(report.matches).toMatchObject([{ signed: false, not_later_than: null }]);
    expect([report.ok, report.signature, report.tokens]).toEqual([true, "absent", "absent"]);
    expect(report.limits.join(" ")).toContain("No signature covers an entry that states these bytes");
    const { status, stdout } = await holdfast(["verify", late, "--vault", root]);
    expect(status).toBe(0);
    expect(stdout).toContain("no signed checkpoint was found to cover the entry");
  });

  it("is exit status 4 for a checker who named the signers", async () => {
    const root = await unsigned();
    const named = join(scratch.path, "signers");
    writeFileSync(named, signers);
    const { status, stdout } = await holdfast(["verify", late, "--vault", root, "--signers", named]);
    expect(status).toBe(4);
    expect(stdout).toContain("NOT EVERYTHING COULD BE CHECKED: these bytes are in this vault");
  });
});
