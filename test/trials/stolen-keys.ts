import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { lineHash } from "../../src/audit/entry.js";
import { longAgo, makeCertificates } from "../support/authority-certificates.js";
import { digestOf, handMade } from "../support/authority-stamps.js";
import {
  allowedSignersOf,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
  writeFolder,
} from "../support/packages.js";
import { openVerifiers } from "../support/two-verifiers.js";

/*
 * Whoever stole a key has everything that its owner had. What is then left to a checker: a line that says so, and time-stamps
 * from before the theft. Each claim is put to three verifiers. What is made here lasts until the tests of the file that imports it
 * are over.
 */

const { ask, scratch } = openVerifiers();

const script = readFileSync(new URL("../../schemas/package/verify.sh", import.meta.url));

// Long ago, as the authorities' certificates: no time depends on the clock of this machine.
const day = "2018-05-30";
const authority = makeCertificates(folder("authority"), "Authority", longAgo);
const thief = makeCertificates(folder("thief"), "Thief", longAgo);
const [old, next] = [secretOf(7), secretOf(8)];
const { log: own, files: made } = makePackage({ day });

function folder(name: string): string {
  const path = join(scratch.path, name);
  mkdirSync(path);
  return path;
}

function keep(name: string, content: string): string {
  const path = join(scratch.path, name);
  writeFileSync(path, content);
  return path;
}

type Certificates = ReturnType<typeof makeCertificates>;

/** Puts a token over a checkpoint that states this time. */
async function stamp(files: PackageFiles, size: number, by: Certificates, genTime: string): Promise<void> {
  const proof = `proof/00000${size}`;
  const asked = {
    digest: digestOf(files.get(`${proof}/signed`) ?? ""),
    nonce: Buffer.alloc(8, 0xff),
    genTime,
  };
  const name = by === thief ? "thief" : "authority";
  files.set(`${proof}/stamp.tsr`, await handMade(join(scratch.path, name), asked, by.signer("p256")));
  rebag(files);
}

/** The log of `makePackage`, changed to its second key with the eighth entry, and what its old key signed before. */
function rotated(at: string, reason = "stolen"): PackageFiles {
  const files: PackageFiles = new Map(made);
  const body = { public_key: next.publicKey.line, previous: old.publicKey.line, reason };
  const prev = lineHash(own.lines.at(-1) ?? "");
  const entry = { v: 1, seq: 8, prev, at, event: "key-rotated", actor: "operator-7f3a", tool: "t/1", body };
  const lines = [...own.lines, encodeCanonical(entry)];
  const seqs = [1, 2, 4, 6, 7, 8];
  putEntries(files, { ...own, lines }, seqs);
  putCheckpoint(files, { ...own, lines, secret: next }, 8, seqs);
  rebag(files);
  return files;
}

const plain = allowedSignersOf(own);
const ofNext = allowedSignersOf({ ...own, secret: next });
const marked = plain.replace(/ ssh-(.*)\n/, ',valid-before="20180530182259Z" ssh-$1 stolen\n');
const theft = "2018-05-30T18:23:00.000Z";

interface Verdict {
  /** Codes of §18 with their severity, and the answer, by two programs that must agree. */
  readonly findings: readonly string[];
  readonly signature: string;
  /** What verify.sh says of the step, and its status; null where it was not asked. */
  readonly shell: string | null;
  readonly status: number | null;
  readonly text: string;
}

/** Whether verify.sh is asked about what only repeats, for it, another claim. */
export type Extent = "a sample" | "everything";

async function judge(files: PackageFiles, signers: string, byScript = true): Promise<Verdict> {
  files.set("verify.sh", script);
  rebag(files);
  const brought = { signers, tsaCa: authority.rootPem };
  const { path, report, findings, argv } = await ask(files, isOfKeys, brought);
  const { signature } = report;
  if (!byScript) return { findings, signature, shell: null, status: null, text: "" };
  const { stdout, status } = spawnSync("sh", [join(path, "verify.sh"), ...argv, path], { encoding: "utf8" });
  const [, shell = ""] = /^(\w+) +signature /m.exec(stdout) ?? [];
  return { findings, signature, shell, status, text: stdout };
}

/** The packages are those of a vault that lists no entries before an export: every verifier says so. */
function isOfKeys(code: string): boolean {
  return code !== "anchor-pending" && code !== "entries-uncommitted";
}

/** All lines of the log: those in the package, and those that it leaves out. */
function linesIn(files: PackageFiles): readonly string[] {
  const packaged = String(files.get("proof/entries.jsonl")).trimEnd().split("\n");
  return [...own.lines, packaged.at(-1) ?? ""];
}

/** What a thief can do with a key, and what cannot. */
export function stolenKeyClaims(extent: Extent): void {
  describe("a stolen key", () => {
    it("a thief's log, dated before the theft and without a word of it, does not pass where the checker's line says so", async () => {
      const files: PackageFiles = new Map(made);
      const byScript = extent === "everything";
      const bare = await judge(files, marked, byScript);
      expect(bare.findings).toEqual([
        "error key-stolen proof/000004/checkpoint",
        "error key-stolen proof/000007/checkpoint",
        "error token-absent proof",
      ]);
      expect([bare.signature, bare.shell, bare.status]).toEqual([
        "fail",
        ...(byScript ? ["FAIL", 1] : [null, null]),
      ]);
    });

    it("nor does it with time-stamps that the thief made, whatever time they state", async () => {
      const files: PackageFiles = new Map(made);
      for (const size of [4, 7]) await stamp(files, size, thief, "20180530182230Z");
      const forged = await judge(files, marked);
      expect(forged.findings).toContain("error key-stolen proof/000007/checkpoint");
      expect([forged.signature, forged.shell, forged.status]).toEqual(["fail", "FAIL", 1]);
      expect(forged.text).not.toContain("not later than");
    });

    it("nor with one that a trusted authority made after the theft, be it by a second", async () => {
      const files: PackageFiles = new Map(made);
      await stamp(files, 7, authority, "20180530182300Z");
      const late = await judge(files, marked);
      expect(late.findings).toContain("error key-stolen proof/000007/checkpoint");
      expect([late.signature, late.shell, late.status]).toEqual(["fail", "FAIL", 1]);
    });

    it("what a trusted authority stamped before the theft counts, and with it everything older", async () => {
      const files: PackageFiles = new Map(made);
      await stamp(files, 7, authority, "20180530182259Z");
      const good = await judge(files, marked);
      expect(good.findings).toEqual(["note key-stolen proof/000004/checkpoint"]);
      expect([good.signature, good.shell, good.status]).toEqual(["pass", "PASS", 0]);
    });

    it("after the change to another key, what the old one signed is not relied on, and the log passes by the new one", async () => {
      for (const signers of [plain + ofNext, marked + ofNext]) {
        const files = rotated(theft);
        await stamp(files, 8, authority, "20180530182400Z");
        const byScript = extent === "everything" || signers !== plain + ofNext;
        const good = await judge(files, signers, byScript);
        expect(good.findings).toEqual([
          "note key-not-endorsed entry:8",
          "note key-stolen proof/000004/checkpoint",
          "note key-stolen proof/000007/checkpoint",
        ]);
        expect([good.signature, good.shell, good.status]).toEqual([
          "pass",
          ...(byScript ? ["PASS", 0] : [null, null]),
        ]);
      }
    });

    it("a line that calls the key stolen outweighs an older line without the word", async () => {
      const files: PackageFiles = new Map(made);
      await stamp(files, 7, authority, "20180530190000Z");
      const both = await judge(files, plain + marked);
      expect(both.findings).toContain("error key-stolen proof/000007/checkpoint");
      expect([both.signature, both.shell, both.status]).toEqual(["fail", "FAIL", 1]);
    });

    it("a line from before the theft cannot know: whoever has the key passes with it", async () => {
      const files: PackageFiles = new Map(made);
      await stamp(files, 7, authority, "20180530190000Z");
      const byScript = extent === "everything";
      const unaware = await judge(files, plain, byScript);
      expect([unaware.signature, unaware.shell, unaware.status]).toEqual([
        "pass",
        ...(byScript ? ["PASS", 0] : [null, null]),
      ]);
    });

    it("a change that only a stolen key endorsed is endorsed by nobody", async () => {
      const files = rotated("2018-05-30T18:22:30.000Z", "routine");
      putCheckpoint(files, { ...own, lines: linesIn(files), secret: old }, 8, [1, 2, 4, 6, 7, 8]);
      rebag(files);
      const usurped = await judge(files, marked);
      expect(usurped.findings).toContain("error key-not-endorsed entry:8");
      expect([usurped.signature, usurped.shell, usurped.status]).toEqual(["fail", "FAIL", 1]);
    });
  });

  describe("the time of a time-stamp", () => {
    it.each([
      ["a day", "20180529182208Z", [], "PASS"],
      ["a day and a second", "20180529182206Z", ["note token-time proof/000007/stamp.tsr"], "PASS"],
      ["31 days", "20180429182207Z", ["note token-time proof/000007/stamp.tsr"], "PASS"],
      ["31 days and a second", "20180429182206Z", ["error token-time proof/000007/stamp.tsr"], "FAIL"],
      ["years", "20160101000000Z", ["error token-time proof/000007/stamp.tsr"], "FAIL"],
    ])(
      "may be %s before what it covers was written, by the clock that was there, or cannot",
      async (what, genTime, found, step) => {
        const files: PackageFiles = new Map(made);
        await stamp(files, 7, authority, genTime);
        const byScript = extent === "everything" || what.startsWith("31");
        const { findings, text } = await judge(files, plain, byScript);
        expect(findings).toEqual(found);
        if (!byScript) return;
        expect(/^(\w+) +tokens /m.exec(text)?.[1]).toBe(step);
        expect(text.includes("not later than")).toBe(step === "PASS");
      },
    );

    it("is nobody's word where it leads to no root that the checker named", async () => {
      const files: PackageFiles = new Map(made);
      await stamp(files, 7, thief, "20180530182259Z");
      const root = join(scratch.path, "unrooted");
      files.set("verify.sh", script);
      rebag(files);
      writeFolder(files, root);
      const argv = [join(root, "verify.sh"), "--signers", keep("signers", plain), root];
      const { stdout, status } = spawnSync("sh", argv, { encoding: "utf8" });
      expect(stdout).toMatch(/^UNCHECKED +tokens /m);
      expect(stdout).toContain(
        "proof/000007/stamp.tsr states 2018-05-30T18:22:59Z; its certificate leads to no root",
      );
      expect([stdout.includes("not later than"), status]).toEqual([false, 3]);
    });
  });
}
