import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decidedBy } from "../../src/audit/finding.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { listCaptures } from "../../src/search/show.js";
import { auditVault } from "../../src/vault/check/vault.js";
import type { CommitStep } from "../../src/vault/commit.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { noTrust } from "../../src/vault/index/rebuild.js";
import { lastRow, linesFrom } from "../../src/vault/log.js";
import { finishInterrupted } from "../../src/vault/recovery.js";
import { closeVault } from "../../src/vault/vault.js";
import { verifyVault } from "../../src/verify/vault.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  everything,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const prepared = join(folder.path, "prepared");
const compiled = new URL("../../dist/", import.meta.url).href;
let captureId = "";
let copies = 0;

beforeAll(async () => {
  const vault = await openTestVault(prepared);
  captureId = captureText(vault, "evidence").record.capture;
  closeVault(vault);
});
afterAll(() => folder.remove());

/** What the killed process does: the compiled program commits and kills itself, as `kill -9` would, at one step. */
const script = `
  import { mkdirSync, writeFileSync } from "node:fs";
  import { join } from "node:path";
  const [root, kind, step, capture] = process.argv.slice(1);
  const { openVault } = await import("${compiled}vault/vault.js");
  const { commitFirstVersion, commitNextVersion } = await import("${compiled}vault/commit.js");
  const { beginAttempt } = await import("${compiled}vault/recovery.js");
  const { readObject } = await import("${compiled}vault/objects.js");
  const { digestFile } = await import("${compiled}vault/digest-file.js");
  const { writeAnnex } = await import("${compiled}vault/annex.js");
  const { entryMemory } = await import("${compiled}seal/remembering.js");
  const memory = (id) => entryMemory({ env: process.env, tell() {} }, id);
  const vault = await openVault(root, { now: () => new Date(), random: (n) => new Uint8Array(n).fill(7), tool: "holdfast/test", onWait() {}, memory });
  const id = kind === "capture" ? "20261123-00000001" : capture;
  const staging = beginAttempt(vault, id, "the test");
  const content = join(staging, "content");
  const names = kind === "capture" ? ["record.json", "original/track-1.mp4"] : ["derived/derivation.json"];
  const { folder, record, inventory } = readObject(join(root, vault.database.prepare("SELECT object FROM capture WHERE id = ?").get(capture).object));
  const files = names.map((path) => {
    mkdirSync(join(content, path, ".."), { recursive: true });
    const text = path === "record.json" ? JSON.stringify(record).replaceAll(capture, id) : path;
    writeFileSync(join(content, path), text);
    return { path, ...digestFile(join(content, path)) };
  });
  const body = { capture: id, method: "ytdlp", status: "captured", url: "https://video.example/1", record_sha256: files[0].sha256,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })) };
  const note = { created: new Date().toISOString(), message: "m", user: "u" };
  const onStep = (at) => { if (at === step) process.kill(process.pid, "SIGKILL"); };
  if (kind === "capture") {
    const annex = join(staging, "annex");
    const facts = { capture: id, salt: "00".repeat(16), collector: null, hostname: null, os: "Linux", time_zone: "UTC", received_from: null,
      proxy: null, cookies_sha256: null, places: {}, connections: [], rawFiles: [] };
    const annex_sha256 = writeAnnex(annex, facts);
    commitFirstVersion(vault, { capture: id, content, annex, files, note, event: "capture", body: { ...body, annex_sha256 } }, onStep);
  } else {
    const { method, status, url, ...derived } = body;
    commitNextVersion(vault, inventory, { capture: id, content, files, replaced: "derived/", note, event: "derive", body: { ...derived, completeness: "whole" } }, onStep);
  }
`;

function commitUntil(kind: "capture" | "derive", step: CommitStep): string {
  copies += 1;
  const root = copyVault(prepared, join(folder.path, `copy-${copies}`));
  const child = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", script, root, kind, step, captureId],
    { encoding: "utf8" },
  );
  expect(child.signal, child.stderr).toBe("SIGKILL");
  return root;
}

async function recover(root: string): Promise<readonly string[]> {
  const vault = await openTestVault(root);
  try {
    return finishInterrupted(vault).map((entry) => String(entry.body.what));
  } finally {
    closeVault(vault);
  }
}

/** Codes of findings, without those that only say that the made-up record is not a full one. */
async function problems(root: string): Promise<readonly string[]> {
  const report = await audit(root);
  return report.findings
    .filter(({ severity, code }) => severity === "error" && !/-(schema|canonical)$/.test(code))
    .map(({ code }) => code);
}

/** What the checkpoint of the next writer comes to: null where everything is this machine's own. */
async function signedBy(root: string): Promise<string | null> {
  const world = testWorld();
  const vault = await openTestVault(root, world);
  const head = await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
  return head.problem;
}

async function events(root: string): Promise<readonly string[]> {
  const vault = await openTestVault(root);
  try {
    return [...linesFrom(vault.database, 1)].map((line) => String(JSON.parse(line).event));
  } finally {
    closeVault(vault);
  }
}

describe("a process killed in the middle of a commit", () => {
  const captureSteps: readonly [CommitStep, string, boolean][] = [
    ["staged", "staging-removed", false],
    ["journalled", "commit-finished", true],
    ["annex-moved", "commit-finished", true],
    ["version-moved", "commit-finished", true],
  ];
  it.each(captureSteps)(
    "killed after %s of a capture: the vault has no error before or after the next writer",
    async (step, what, kept) => {
      const root = commitUntil("capture", step);
      expect(await problems(root)).toEqual([]);
      expect(await recover(root)).toEqual([what]);
      expect(await problems(root)).toEqual([]);
      expect(readdirSync(join(root, "staging")).filter((name) => name !== "writer.lock")).toEqual([]);
      const log = await events(root);
      expect(log.filter((event) => event === "capture")).toHaveLength(kept ? 2 : 1);
      expect(log.at(-1)).toBe("recovery");
      expect(await signedBy(root)).toBeNull();
      expect(await recover(root)).toEqual([]);
    },
  );

  const derivationSteps: readonly [CommitStep, string, boolean][] = [
    ["staged", "staging-removed", false],
    ["journalled", "commit-finished", true],
    ["version-moved", "commit-finished", true],
    ["inventory-replaced", "commit-finished", true],
  ];
  it.each(derivationSteps)(
    "killed after %s of a derivation: the vault has no error before or after the next writer",
    async (step, what, kept) => {
      const root = commitUntil("derive", step);
      expect(await problems(root)).toEqual([]);
      expect(await recover(root)).toEqual([what]);
      expect(await problems(root)).toEqual([]);
      expect((await events(root)).filter((event) => event === "derive")).toHaveLength(kept ? 1 : 0);
      expect(await signedBy(root)).toBeNull();
    },
  );

  it("what the journal explains is a note, not an error", async () => {
    const root = commitUntil("derive", "version-moved");
    const report = await audit(root);
    expect(report.findings.filter(({ severity }) => severity === "note").map(({ code }) => code)).toEqual(
      expect.arrayContaining(["inventory-behind", "commit-interrupted"]),
    );
    expect([report.ok, report.hashes]).toEqual([false, "unchecked"]);
    expect(report.limits.join(" ")).toContain("Not everything could be checked");
  });

  it("a commit that a writer finishes before the second look is checked, and passes", async () => {
    const root = commitUntil("capture", "version-moved");
    const { findings } = await auditVault(root, {
      quick: false,
      parts: null,
      held: [],
      trust: noTrust,
      index: indexCheck,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      beforeSecondLook: async () => expect(await recover(root)).toEqual(["commit-finished"]),
    });
    expect(decidedBy(findings, "hashes")).toBeNull();
    expect(findings.map(({ code }) => code)).not.toContain("commit-interrupted");
  });

  it("a capture that is not asked for leaves nothing open that is", async () => {
    const root = commitUntil("capture", "version-moved");
    const [done = ""] = listCaptures(root, everything).map(({ id }) => id);
    const report = await verifyVault(
      { vault: root, ids: [done], quick: false, index: indexCheck },
      testWorld(),
    );
    expect([report.ok, report.hashes]).toEqual([true, "pass"]);
  });

  it("a staged version whose bytes were damaged meanwhile is abandoned, and that is logged", async () => {
    const root = commitUntil("capture", "journalled");
    const { chmodSync, writeFileSync } = await import("node:fs");
    const file = join(root, "staging/20261123-00000001/commit/object/v1/content/original/track-1.mp4");
    expect(existsSync(file)).toBe(true);
    chmodSync(file, 0o644);
    writeFileSync(file, "damaged");
    expect(await recover(root)).toEqual(["commit-abandoned", "staging-removed"]);
    expect(await problems(root)).toEqual([]);
  });
});

describe("a writer that dies", () => {
  it("gives the lock back, so that the next command goes on", async () => {
    const root = commitUntil("capture", "staged");
    const vault = await openTestVault(root);
    expect(lastRow(vault.database)?.seq).toBeGreaterThan(1);
    deriveText(vault, captureText(vault, "after").record, "after");
    closeVault(vault);
  });
});
