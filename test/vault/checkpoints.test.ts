import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkpointNamespace, originOf } from "../../src/audit/checkpoint.js";
import { encodeAllowedSigners } from "../../src/core/package/key-lines.js";
import { type HeadReport, sealHead } from "../../src/seal/checkpoint.js";
import { newKey, nextKey } from "../../src/seal/make-key.js";
import { listCaptures } from "../../src/search/show.js";
import type { CheckpointStep } from "../../src/vault/checkpoints.js";
import { keyHistoryOf, logTimesOf } from "../../src/vault/log.js";
import { readLogFolder } from "../../src/vault/log-folder.js";
import { closeVault, logEntry, type Vault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { opensshAccepts } from "../support/ssh.js";
import {
  audit,
  captureText,
  copyVault,
  everything,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const quiet = { proxy: null, allowPrivate: false, force: false };

let folder: ReturnType<typeof temporaryFolder>;
let world: World;
let vault: Vault;
const root = () => join(folder.path, "vault");
const log = () => vault.layout.log;
const seal = (onStep: (step: CheckpointStep) => void = () => undefined): Promise<HeadReport> =>
  sealHead(vault, world, quiet, onStep);
const inLog = () => readdirSync(log()).sort();

beforeEach(async () => {
  folder = temporaryFolder();
  world = testWorld();
  vault = await openTestVault(root(), world);
});
afterEach(() => {
  if (vault.database.open) closeVault(vault);
  folder.remove();
});

/** The root as RFC 6962 §2.1 defines it, by recursion over all lines; nothing of ours but the lines is used. */
function rootByDefinition(lines: readonly string[]): Buffer {
  const sha = (...parts: readonly (Buffer | string)[]) => {
    const digest = createHash("sha256");
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  if (lines.length === 0) return sha("");
  if (lines.length === 1) return sha(Buffer.of(0), `${lines[0]}\n`);
  let split = 1;
  while (split * 2 < lines.length) split *= 2;
  return sha(Buffer.of(1), rootByDefinition(lines.slice(0, split)), rootByDefinition(lines.slice(split)));
}

function linesOf(of: Vault): readonly string[] {
  return of.database.prepare<[], string>("SELECT line FROM entry ORDER BY seq").pluck().all();
}

function read(name: string): string {
  return readFileSync(join(log(), name), "utf8");
}

describe("a checkpoint", () => {
  it("states the origin, the number of entries and the RFC 6962 root over them, and nothing else", async () => {
    captureText(vault, "first");
    captureText(vault, "second");
    const head = await seal();
    const expected = rootByDefinition(linesOf(vault));
    expect(read("000003.checkpoint")).toBe(
      `holdfast/${vault.settings.vault_id}\n3\n${expected.toString("base64")}\n`,
    );
    expect(head).toMatchObject({ size: 3, created: true, root: expected.toString("hex"), problem: null });
  });

  it("has a signature that ssh-keygen -Y verify accepts, for these bytes and no others", async () => {
    captureText(vault, "first");
    await seal();
    const message = read("000002.checkpoint");
    const principal = originOf(vault.settings.vault_id);
    const given = {
      signers: encodeAllowedSigners(principal, keyHistoryOf(vault.database), logTimesOf(vault.database)),
      principal,
      namespace: checkpointNamespace,
      signature: read("000002.checkpoint.sig"),
      at: "20261124000000Z",
    };
    expect(opensshAccepts(folder.path, { ...given, message })).toBe(true);
    expect(opensshAccepts(folder.path, { ...given, message: message.replace("\n2\n", "\n3\n") })).toBe(false);
  });

  it("lies beside the lines it covers, and all segments together are the log", async () => {
    captureText(vault, "first");
    await seal();
    captureText(vault, "second");
    captureText(vault, "third");
    await seal();
    expect(inLog()).toEqual([
      "000001-000002.jsonl",
      "000002.checkpoint",
      "000002.checkpoint.sig",
      "000003-000004.jsonl",
      "000004.checkpoint",
      "000004.checkpoint.sig",
    ]);
    const segments = `${read("000001-000002.jsonl")}${read("000003-000004.jsonl")}`;
    expect(segments).toBe(
      linesOf(vault)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect((await audit(root())).signature).toBe("pass");
  });

  it("is written once, read-only, and never again", async () => {
    captureText(vault, "first");
    await seal();
    const before = inLog().map((name) => statSync(join(log(), name)));
    for (const { mode } of before) expect(mode & 0o777).toBe(0o444);
    expect(await seal()).toMatchObject({ size: 2, created: false, problem: null });
    expect(inLog().map((name) => statSync(join(log(), name)).mtimeMs)).toEqual(
      before.map(({ mtimeMs }) => mtimeMs),
    );
    expect(readdirSync(vault.layout.staging).filter((name) => name.startsWith("log."))).toEqual([]);
  });

  it("is not due for entries that are only tokens of the one before it", async () => {
    captureText(vault, "first");
    await seal();
    logEntry(vault, "token", {
      checkpoint: 2,
      kind: "rfc3161",
      authority: "first",
      url: "https://tsa.example/",
      path: "log/000002.first.tsr",
      bytes: 1,
      sha256: "0".repeat(64),
      status: "granted",
      gen_time: "2026-11-23T18:22:05.120Z",
      accuracy_ms: null,
      policy: null,
      serial: null,
      signer_sha256: null,
      clock_difference_ms: null,
      height: null,
    });
    expect(await seal()).toMatchObject({
      size: 2,
      created: false,
      tokens: [{ authority: "first", gen_time: "2026-11-23T18:22:05.120Z" }],
    });
    captureText(vault, "second");
    expect(await seal()).toMatchObject({ size: 4, created: true });
    closeVault(vault);
    expect(listCaptures(root(), everything).map(({ anchor, stamped_at }) => [anchor, stamped_at])).toEqual([
      ["stamped", "2026-11-23T18:22:05.120Z"],
      ["pending", null],
    ]);
  });
});

describe("who signs", () => {
  it("after a rotation, the checkpoint that ends with it is the old key's last and the next is the new key's", async () => {
    const [first] = keyHistoryOf(vault.database);
    const used = first ? [first.key] : [];
    const next = await nextKey(root(), vault.settings.vault_id, newKey, used, world);
    logEntry(vault, "key-rotated", {
      public_key: next.publicKey.line,
      previous: first?.key.line ?? null,
      reason: "routine",
    });
    // Killed here: nothing was signed since.
    captureText(vault, "first");
    const head = await seal();
    expect(head).toMatchObject({ size: 3, key: next.publicKey.fingerprint, problem: null });
    expect(inLog().filter((name) => name.endsWith(".checkpoint"))).toEqual([
      "000002.checkpoint",
      "000003.checkpoint",
    ]);
    const report = await audit(root());
    expect(report.signature).toBe("pass");
    expect(report.rests_on.keys.map(({ fingerprint }) => fingerprint)).toEqual([
      first?.key.fingerprint,
      next.publicKey.fingerprint,
    ]);
  });

  it("nobody where the key is not at hand: nothing is written, and the reason and what to do are said", async () => {
    captureText(vault, "first");
    const env = { ...process.env, XDG_CONFIG_HOME: mkdtempSync(join(folder.path, "config-")) };
    const head = await sealHead(vault, { ...world, env }, quiet);
    expect(head).toMatchObject({ size: null, created: false, failure: { code: "key-missing" } });
    expect(head.failure?.hint).toContain("holdfast key rotate");
    expect(inLog()).toEqual([]);
    expect(await seal()).toMatchObject({ size: 2, created: true });
  });

  it("the key all the same after Ctrl-C, and nobody is asked for the time", async () => {
    captureText(vault, "first");
    const stopped = new AbortController();
    stopped.abort();
    expect(await sealHead(vault, { ...world, signal: stopped.signal }, quiet)).toMatchObject({
      size: 2,
      created: true,
      tokens: [],
    });
  });
});

describe("a log that does not go on from its checkpoints is not signed", () => {
  const refused = async (what: RegExp) => {
    const before = inLog();
    const head = await seal();
    expect(head.failure).toMatchObject({ code: "not-as-recorded", message: expect.stringMatching(what) });
    expect(head.failure?.hint).not.toBe("");
    expect(inLog()).toEqual(before);
  };

  it("an older copy of the database was put back", async () => {
    captureText(vault, "first");
    closeVault(vault);
    copyVault(root(), join(folder.path, "copy"));
    vault = await openTestVault(root(), world);
    captureText(vault, "second");
    captureText(vault, "third");
    await seal();
    closeVault(vault);
    const copy = join(folder.path, "copy");
    const putBack = () => writeFileSync(join(root(), "vault.db"), readFileSync(join(copy, "vault.db")));
    putBack();
    await expect(openTestVault(root(), world)).rejects.toThrow(
      /vault\.db has 2 entries, but log\/ already holds 4/,
    );
    const other = await openTestVault(copy, world);
    for (const text of ["another third", "another fourth", "another fifth"]) captureText(other, text);
    closeVault(other);
    putBack();
    await expect(openTestVault(root(), world)).rejects.toThrow(/entry 4 is not the one this machine signed/);
  });

  it("a segment that no checkpoint covers holds other lines", async () => {
    captureText(vault, "first");
    writeFileSync(join(log(), "000001-000002.jsonl"), "another\nlog\n", { mode: 0o444 });
    await refused(/000001-000002\.jsonl does not hold entries 1 to 2/);
  });

  it("the tree in the database is not that of its lines", async () => {
    captureText(vault, "first");
    vault.database.prepare("UPDATE merkle_node SET hash = zeroblob(32) WHERE level = 1").run();
    await refused(/tree stored in vault\.db/);
  });

  it("the newest checkpoint is another vault's", async () => {
    captureText(vault, "first");
    await seal();
    const path = join(log(), "000002.checkpoint");
    const text = readFileSync(path, "utf8");
    chmodSync(path, 0o644);
    writeFileSync(
      path,
      text.replace(/^holdfast\/./, (start) => `holdfast/${start.endsWith("0") ? "1" : "0"}`),
    );
    captureText(vault, "second");
    await refused(/000002\.checkpoint is not this vault.s checkpoint/);
  });
});

const compiled = new URL("../../dist/", import.meta.url).href;

/** Seals a vault with the compiled program and kills its own process, as `kill -9` would, after one step. */
const sealAndDie = `
  const { openOrMake } = await import("${compiled}seal/open-vault.js");
  const { sealHead } = await import("${compiled}seal/checkpoint.js");
  const [, root, step] = process.argv;
  const world = { now: () => new Date(), monotonic: () => 0, random: (n) => new Uint8Array(n).fill(7),
    signal: new AbortController().signal, env: process.env, tool: "holdfast/test", progress() {}, tell() {} };
  const vault = await openOrMake(root, world);
  await sealHead(vault, world, { proxy: null, allowPrivate: false, force: false }, (at) => {
    if (at === step) process.kill(process.pid, "SIGKILL");
  });
`;

describe("a kill while a checkpoint is written", () => {
  const steps: readonly CheckpointStep[] = ["signed", "segment", "checkpoint", "signature"];

  it.each(steps)("after step %s leaves what the next writer goes on from", async (step) => {
    captureText(vault, "first");
    const killed = seal((at) => {
      if (at === step) throw new Error("killed");
    });
    await expect(killed).rejects.toThrow("killed");
    const left = await audit(root());
    expect(left.findings.filter(({ severity }) => severity === "error")).toEqual([]);

    captureText(vault, "second");
    expect(await seal()).toMatchObject({ size: 3, problem: null });
    const report = await audit(root());
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report.signature).toBe("pass");
    const { segments, checkpoints } = readLogFolder(vault.layout);
    expect(checkpoints.every(({ signature }) => signature !== null)).toBe(true);
    const ends = segments.map(({ last }) => last);
    expect(checkpoints.map(({ size }) => size).every((size) => ends.includes(size))).toBe(true);
  });

  it.each(steps)(
    "kill -9 of the real process after step %s leaves a vault without an error",
    async (step) => {
      captureText(vault, "first");
      closeVault(vault);
      const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", sealAndDie, root(), step]);
      expect(signal).toBe("SIGKILL");
      const errors = async () =>
        (await audit(root())).findings.filter(({ severity }) => severity === "error");
      expect(await errors()).toEqual([]);
      vault = await openTestVault(root(), world);
      expect(await seal()).toMatchObject({ size: 2, problem: null });
      expect(await errors()).toEqual([]);
      expect(inLog()).toEqual(["000001-000002.jsonl", "000002.checkpoint", "000002.checkpoint.sig"]);
    },
  );

  it("leaves no half of a file: what was on its way is removed by the next writer", async () => {
    captureText(vault, "first");
    writeFileSync(join(vault.layout.staging, "log.000002.checkpoint"), "half a check");
    writeFileSync(join(log(), "000002.first.tsr.new"), "half a token");
    await seal();
    expect(readdirSync(vault.layout.staging).filter((name) => name.startsWith("log."))).toEqual([]);
    expect(inLog()).toEqual(["000001-000002.jsonl", "000002.checkpoint", "000002.checkpoint.sig"]);
  });
});

describe("a disk that does not take it", () => {
  it("leaves the capture logged, and the report says what to do", async () => {
    captureText(vault, "first");
    // A folder where the file on its way belongs cannot be written to as a file by anybody, root included.
    mkdirSync(join(vault.layout.staging, "log.000001-000002.jsonl"));
    writeFileSync(join(vault.layout.staging, "log.000001-000002.jsonl", "full"), "");
    const head = await seal();
    expect(head).toMatchObject({ created: false, failure: { code: "io" } });
    expect(linesOf(vault)).toHaveLength(2);
    rmSync(join(vault.layout.staging, "log.000001-000002.jsonl"), { recursive: true });
    expect(await seal()).toMatchObject({ size: 2, created: true, problem: null });
  });
});
