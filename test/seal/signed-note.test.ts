import { createPublicKey, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointName } from "../../src/audit/checkpoint.js";
import { secretOfSeed, signBytes } from "../../src/seal/private-key.js";
import { signedNote } from "../../src/seal/signed-note.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

/** The example of the reference implementation, golang.org/x/mod/sumdb/note (BSD-3-Clause). */
const example = {
  signerKey: "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
  verifierKey: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
};

/** Reads a note as C2SP signed-note says, by nothing of holdfast: its text, where the key has signed it. */
function openNote(note: string, verifierKey: string): string | null {
  const [name = "", id = "", ...rest] = verifierKey.split("+");
  const key = Buffer.from(rest.join("+"), "base64");
  const end = note.lastIndexOf("\n\n") + 1;
  const text = note.slice(0, end);
  const line = /^— (\S+) (\S+)\n$/.exec(note.slice(end + 1));
  const signed = Buffer.from(line?.[2] ?? "", "base64");
  if (line?.[1] !== name || signed.subarray(0, 4).toString("hex") !== id || key[0] !== 1) return null;
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(text), publicKey, signed.subarray(4)) ? text : null;
}

describe("a signed note", () => {
  it("is byte for byte that of the reference implementation", () => {
    const secret = secretOfSeed(Buffer.from(example.signerKey, "base64").subarray(1));
    const signature = signBytes(Buffer.from(example.text), secret);
    const { note, verifierKey } = signedNote(example.text, "PeterNeumann", secret.publicKey, signature);
    expect(note).toBe(`${example.text}\n${example.line}`);
    expect(verifierKey).toBe(example.verifierKey);
  });

  it("is refused by such a reader where a letter of it was changed", () => {
    const note = `${example.text}\n${example.line}`;
    expect(openNote(note, example.verifierKey)).toBe(example.text);
    expect(openNote(note.replace("answer", "Answer"), example.verifierKey)).toBeNull();
  });
});

describe("holdfast checkpoint --note", () => {
  const folder = temporaryFolder();
  const root = join(folder.path, "vault");
  const online = { HOLDFAST_OFFLINE: "1" };
  const run = (...argv: readonly string[]) => holdfast(["checkpoint", "--vault", root, ...argv], online);

  beforeAll(async () => {
    const vault = await openTestVault(root, { ...testWorld(), now: () => new Date() });
    captureText(vault, "first");
    closeVault(vault);
  });
  afterAll(() => folder.remove());

  it("prints nothing where nothing is signed yet", async () => {
    expect(await run("--note")).toMatchObject({ status: 2, stdout: "" });
  });

  it("prints the newest checkpoint as a note that a reader of such notes opens, and writes nothing", async () => {
    await run();
    const log = readFileSync(join(root, "log", `${checkpointName(2)}.checkpoint`), "utf8");
    const { status, stdout, stderr } = await run("--note");
    expect(status).toBe(0);
    const verifierKey = /verifier key: (\S+)\n$/.exec(stderr)?.[1] ?? "";
    expect(openNote(stdout, verifierKey)).toBe(log);
    expect(verifierKey.split("+")[0]).toBe(log.split("\n")[0]);
    expect((await run("--note", "--json")).lines).toMatchObject([
      { note: stdout, verifier_key: verifierKey },
    ]);
    expect((await run("--note")).stdout).toBe(stdout);
  });

  it("is not asked for together with what signs or shows otherwise", async () => {
    for (const other of ["--show", "--accept-tail"])
      expect(await run("--note", other)).toMatchObject({ status: 2, stdout: "" });
  });

  it("serves verify --against as the three lines do", async () => {
    const { stdout } = await run("--note");
    const held = join(folder.path, "held.note");
    writeFileSync(held, stdout);
    const checked = await holdfast(["verify", "--vault", root, "--against", held, "--json"], online);
    expect(checked.lines).toMatchObject([{ against: "pass" }]);
  });

  it("signs nothing with a key that is not on this machine", async () => {
    const elsewhere = { XDG_CONFIG_HOME: join(folder.path, "no-keys") };
    const { status, stdout, stderr } = await holdfast(["checkpoint", "--vault", root, "--note"], elsewhere);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("does not have this key");
  });
});
