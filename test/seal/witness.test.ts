import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointNamespace } from "../../src/audit/checkpoint.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { findKey } from "../../src/seal/key-store.js";
import { addWitness, findArmored } from "../../src/seal/witness.js";
import { keyHistoryOf } from "../../src/vault/log.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { keygen } from "../support/ssh.js";
import {
  audit,
  captureText,
  copyVault,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const made = at("made");
const world = testWorld();
const quiet = { proxy: null, allowPrivate: false, force: false };
let copies = 0;

function copy(): string {
  copies += 1;
  return copyVault(made, at(`copy-${copies}`));
}

/** What a witness sends: a signature over these bytes by a key of their own, made by ssh-keygen. */
function signedBy(key: string, message: string | Buffer, namespace = checkpointNamespace): string {
  const file = at(`message-${copies}-${key}`);
  writeFileSync(file, message);
  rmSync(`${file}.sig`, { force: true });
  keygen("-Y", "sign", "-q", "-n", namespace, "-f", at(key), file);
  return readFileSync(`${file}.sig`, "utf8");
}

function checkpointOf(root: string, size: number): Buffer {
  return readFileSync(join(root, "log", `${String(size).padStart(6, "0")}.checkpoint`));
}

function witnesses(root: string): readonly string[] {
  return readdirSync(join(root, "log")).filter((name) => name.includes("witness"));
}

beforeAll(async () => {
  const vault = await openTestVault(made, world);
  captureText(vault, "first");
  await sealHead(vault, world, quiet);
  captureText(vault, "second");
  await sealHead(vault, world, quiet);
  closeVault(vault);
  for (const name of ["colleague", "another"]) {
    keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", at(name));
  }
});
afterAll(() => folder.remove());

const add = (root: string, text: string) => addWitness({ vault: root, text, seal: quiet }, world);

describe("a witness's signature", () => {
  it("over the newest checkpoint is kept beside it, logged and covered by the next checkpoint", async () => {
    const root = copy();
    const armored = signedBy("colleague", checkpointOf(root, 3));
    const report = await add(root, armored);
    expect(report).toMatchObject({ checkpoint: 3, added: true, entry: 4, head: { size: 4, created: true } });
    expect(report.path).toMatch(/^log\/000003\.witness-[0-9a-f]{16}\.sig$/);
    expect(readFileSync(join(root, report.path), "utf8")).toBe(armored);
    expect(report.key).toBe(keygen("-l", "-f", at("colleague.pub")).split(" ")[1]);
    const { findings, signature, rests_on } = await audit(root);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(signature).toBe("pass");
    expect(rests_on.witnesses).toEqual([{ fingerprint: report.key, checkpoint: 3 }]);
  });

  it("is found in a quoted mail, also over an older checkpoint", async () => {
    const root = copy();
    const armored = signedBy("colleague", checkpointOf(root, 2));
    const mail = `Hello,\r\n\r\n${armored
      .trim()
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\r\n")}\r\n\r\nBest\r\n`;
    expect(await add(root, mail)).toMatchObject({ checkpoint: 2, added: true });
    expect((await audit(root)).ok).toBe(true);
  });

  it("that is there already is said and not stored twice; another witness's is one more", async () => {
    const root = copy();
    const armored = signedBy("colleague", checkpointOf(root, 3));
    const first = await add(root, armored);
    expect(await add(root, armored)).toMatchObject({ added: false, entry: first.entry, path: first.path });
    expect(witnesses(root)).toHaveLength(1);
    expect(await add(root, signedBy("another", checkpointOf(root, 3)))).toMatchObject({ added: true });
    expect(witnesses(root)).toHaveLength(2);
  });

  it("that a kill left without its entry is logged by the next writer; one over other bytes is left to the audit", async () => {
    const root = copy();
    const { path } = await add(root, signedBy("colleague", checkpointOf(root, 3)));
    const left = copy();
    writeFileSync(join(left, path), readFileSync(join(root, path)), { mode: 0o444 });
    const forged = join(left, "log", "000002.witness-0123456789abcdef.sig");
    writeFileSync(forged, readFileSync(join(root, path)), { mode: 0o444 });
    const vault = await openTestVault(left, world);
    await sealHead(vault, world, quiet);
    const logged = vault.database
      .prepare<[], string>("SELECT json_extract(line, '$.body.path') FROM entry WHERE seq > 3")
      .pluck()
      .all();
    closeVault(vault);
    expect(logged).toEqual([path]);
    const errors = (await audit(left)).findings.filter(({ severity }) => severity === "error");
    expect(errors.map(({ code }) => code)).toEqual(["witness-wrong"]);
  });
});

describe("what is no witness's signature is refused, and nothing is written", () => {
  const refused = async (text: (root: string) => string, why: RegExp) => {
    const root = copy();
    const before = readdirSync(join(root, "log"));
    await expect(add(root, text(root))).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(why),
    });
    expect(readdirSync(join(root, "log"))).toEqual(before);
  };

  it("a text without one", () => refused(() => "Hello", /the text contains no signature/));

  it("two different ones", () =>
    refused(
      (root) => signedBy("colleague", checkpointOf(root, 3)) + signedBy("another", checkpointOf(root, 3)),
      /several signatures/,
    ));

  it("one over something else", () =>
    refused(() => signedBy("colleague", "a letter"), /does not match any checkpoint/));

  it("one in another namespace", () =>
    refused((root) => signedBy("colleague", checkpointOf(root, 3), "file"), /adding a witness/));

  it("one of the vault's own key", async () => {
    const root = copy();
    const vault = await openTestVault(root, world);
    const own = keyHistoryOf(vault.database)[0]?.key;
    closeVault(vault);
    const file = own && findKey(process.env, own)?.keyFile;
    expect(file).toBeTruthy();
    const message = at("own-message");
    writeFileSync(message, checkpointOf(root, 3));
    keygen("-Y", "sign", "-q", "-n", checkpointNamespace, "-f", file ?? "", message);
    await expect(add(root, readFileSync(`${message}.sig`, "utf8"))).rejects.toMatchObject({
      message: expect.stringContaining("is one of this vault's own keys"),
    });
    expect(witnesses(root)).toEqual([]);
  });

  it("a block without its end", () => {
    expect(() => findArmored("-----BEGIN SSH SIGNATURE-----\nAAAA\n")).toThrow(/no signature/);
  });
});

describe("holdfast witness add", () => {
  it("says whose signature was kept over which checkpoint, and how the log was sealed behind it", async () => {
    const root = copy();
    const file = at("from-colleague.sig");
    writeFileSync(file, signedBy("colleague", checkpointOf(root, 3)));
    const { status, stdout, stderr } = await holdfast(["witness", "add", file, "--vault", root]);
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("checkpoint 4 signed"),
    });
    expect(stdout).toMatch(/^stored the signature of SHA256:\S+ over checkpoint 3: log\/000003\.witness-/);
  });

  it("refuses a file that is missing or far too large, before the vault is opened", async () => {
    mkdirSync(at("folder"));
    for (const name of [at("missing.sig"), at("folder")]) {
      const { status, stderr } = await holdfast(["witness", "add", name, "--vault", at("nowhere")]);
      expect(status).toBe(2);
      expect(stderr).toContain("hint: give the file that the witness sent");
    }
  });
});
