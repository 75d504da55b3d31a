import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { base64 } from "../../src/audit/bytes.js";
import { parseCheckpoint } from "../../src/audit/checkpoint.js";
import { broughtCertificates } from "../../src/cli/brought-text.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { secretOfSeed } from "../../src/seal/private-key.js";
import { auditLinesApart } from "../../src/vault/check/lines.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { isPackage } from "../../src/vault/package/kind.js";
import { closeVault } from "../../src/vault/vault.js";
import { certificatesIn } from "../../src/verify/trust.js";
import { holdfast } from "../support/cli.js";
import { makePackage, tarMembers, tarOf } from "../support/packages.js";
import { bodyOf, seal } from "../support/sealed.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const at = (name: string) => join(folder.path, name);
let size = 0;

/** One command that captures and seals, as every command that writes does. */
async function captureAndSeal(root: string, text: string, world = testWorld()): Promise<number> {
  const opened = await openTestVault(root, world);
  captureText(opened, text);
  return (await closeAfterWriting(opened, world, seal)).size ?? 0;
}

beforeAll(async () => {
  const world = testWorld();
  size = await captureAndSeal(vault, "first", world);
  writeFileSync(at("held.txt"), `As agreed:\n\n${bodyOf(vault, size).toString()}`);
  await captureAndSeal(vault, "second, longer", world);
});
afterAll(() => folder.remove());

const verify = (...argv: readonly string[]) => holdfast(["verify", "--vault", vault, ...argv]);

describe("verify against a checkpoint that somebody kept", () => {
  it("says in words that it is the beginning of today's log", async () => {
    const { status, stdout } = await verify("--against", at("held.txt"), "--explain");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /against +pass +what the checkpoint that you hold covers was not written anew since/,
    );
    expect(stdout.replace(/\s+/g, " ")).toContain("is the beginning of today's log");
  });

  it("says in words that history was rewritten, and ends with status 1", async () => {
    const { origin, root } = parseCheckpoint(bodyOf(vault, size).toString());
    const other = Buffer.from(root.map((byte) => byte ^ 1)).toString("base64");
    writeFileSync(at("other.txt"), `${origin}\n${size}\n${other}\n`);
    const { status, stdout } = await verify("--against", at("other.txt"));
    expect(status).toBe(1);
    expect(stdout).toContain("history was rewritten");
    expect(stdout).toMatch(/signature +fail/);
    expect(stdout).toMatch(/against +fail/);
  });

  it("says that history was cut where the log has fewer entries", async () => {
    const { origin, root } = parseCheckpoint(bodyOf(vault, size).toString());
    writeFileSync(at("longer.txt"), `${origin}\n999\n${base64(root)}\n`);
    const { status, lines } = await verify("--json", "--against", at("longer.txt"));
    expect(status).toBe(1);
    expect(lines[0]).toMatchObject({ ok: false, signature: "fail" });
    expect(JSON.stringify(lines[0]?.findings)).toContain("history-truncated");
  });

  it("an earlier copy of the vault that went another way is caught", async () => {
    const fork = copyVault(vault, at("fork"));
    await captureAndSeal(fork, "what was never there", {
      ...testWorld(),
      random: (n) => Buffer.alloc(n, 0x5a),
    });
    const newest = await captureAndSeal(vault, "the third", {
      ...testWorld(),
      random: (n) => Buffer.alloc(n, 0x33),
    });
    writeFileSync(at("newest.txt"), bodyOf(vault, newest));
    expect((await holdfast(["verify", "--vault", fork])).status).toBe(0);
    const { status, stdout } = await holdfast(["verify", "--vault", fork, "--against", at("newest.txt")]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/history was (rewritten|cut)/);
  });
});

describe("files that the checker brings along", () => {
  it.each([
    ["--against", "no checkpoint"],
    ["--signers", "ssh-ed25519"],
    ["--signers", ""],
    ["--tsa-ca", "no certificate"],
    ["--tsa-ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
  ])("%s with a file that holds %j is a usage error, not a finding", async (option, text) => {
    writeFileSync(at("brought"), text);
    const { status, stderr } = await verify(option, at("brought"));
    expect(status).toBe(2);
    expect(stderr).toContain(option);
  });

  const [pem = "", other = ""] = rootCertificates;
  const der = new X509Certificate(pem).raw;
  it.each<readonly [string, string | Buffer, number]>([
    ["one certificate in DER", der, 1],
    ["PEM with lines of Windows and a byte order mark", `\ufeff${pem.replaceAll("\n", "\r\n")}`, 1],
    ["PEM under OpenSSL's older heading", pem.replaceAll(" CERT", " X509 CERT"), 1],
    ["several in PEM, with words between", `first\n${pem}\nsecond\n${other}`, 2],
  ])("roots can be %s", (_, content, count) => {
    writeFileSync(at("roots"), content);
    const roots = certificatesIn(broughtCertificates(at("roots")));
    expect(roots.map((root) => new X509Certificate(root).raw)).toEqual(
      [der, new X509Certificate(other).raw].slice(0, count),
    );
  });

  it.each<readonly [string, string | Buffer]>([
    ["words", "no certificate\n"],
    ["nothing", ""],
    ["half of one in DER", der.subarray(0, 200)],
    ["one in DER with something behind it", Buffer.concat([der, Buffer.from("more")])],
    ["a good one and one that cannot be read", `${pem}\n${pem.replace(/MII.{6}/, "MIIBAAAAA")}`],
    [
      "a good one and a private key",
      `${pem}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`,
    ],
  ])("a file of roots that holds %s stops the check, with its name", async (_, content) => {
    writeFileSync(at("my roots.pem"), content);
    const { status, stderr } = await verify("--tsa-ca", at("my roots.pem"));
    expect(status).toBe(2);
    expect(stderr).toContain("my roots.pem for --tsa-ca");
  });

  it("one that cannot be read is a usage error", async () => {
    for (const option of ["--against", "--signers", "--tsa-ca"]) {
      expect((await verify(option, at("nowhere"))).status).toBe(2);
    }
  });

  it("a list of signers without this vault's key makes the check fail, and the right one is said to be what it rests on", async () => {
    const { origin } = parseCheckpoint(bodyOf(vault, size).toString());
    const stranger = secretOfSeed(Buffer.alloc(32, 9)).publicKey.line;
    writeFileSync(at("signers"), `${origin} ${stranger}\n`);
    const wrong = await verify("--json", "--signers", at("signers"));
    expect(wrong.status).toBe(1);
    expect(JSON.stringify(wrong.lines[0]?.findings)).toContain("key-not-trusted");
    const key = JSON.parse(readFileSync(join(vault, "log/000001-000002.jsonl"), "utf8").split("\n")[0] ?? "");
    writeFileSync(at("signers"), `${origin} ${key.body.public_key}\n`);
    const right = await verify("--signers", at("signers"));
    expect(right.status).toBe(0);
    expect(right.stdout).toContain("among the signers you named");
  });

  it("options that would silently do nothing for a file are refused", async () => {
    writeFileSync(at("clip"), "x");
    for (const option of ["--quick", "--record"]) {
      const { status, stderr } = await verify(at("clip"), option);
      expect(status).toBe(2);
      expect(stderr).toContain(option);
    }
  });
});

describe("what is taken for a package", () => {
  it("a folder with a bagit.txt, and no other folder", () => {
    mkdirSync(at("bag"));
    expect(isPackage(at("bag"))).toBe(false);
    writeFileSync(at("bag/bagit.txt"), "");
    expect(isPackage(at("bag"))).toBe(true);
  });

  it("a tar with one in its folder, wherever it stands, and no other file", () => {
    const tar = (...names: readonly string[]) => tarOf(names.map((name) => ({ name })));
    writeFileSync(at("good.tar"), tar("bag/data/a", "bag/bagit.txt"));
    writeFileSync(at("other.tar"), tar("bag/data/bagit.txt", "bag/a"));
    writeFileSync(at("noise.tar"), Buffer.alloc(5000, 0xff));
    writeFileSync(at("empty.tar"), "");
    expect(["good", "other", "noise", "empty"].map((name) => isPackage(at(`${name}.tar`)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it("a tar that cannot be read so far that this is known: verify says why, and looks up no file", async () => {
    writeFileSync(at("device.tar"), tarOf([{ name: "bag/null", type: "3" }, { name: "bag/bagit.txt" }]));
    writeFileSync(at("cut.tar"), tarOf([{ name: "bag/a", content: Buffer.alloc(600) }]).subarray(0, 900));
    writeFileSync(at("two.tar"), tarOf([{ name: "._bag" }, { name: "bag/bagit.txt" }]));
    expect(["device.tar", "cut.tar", "two.tar"].map((name) => isPackage(at(name)))).toEqual([
      true,
      true,
      true,
    ]);
    const { status, stdout } = await verify(at("device.tar"));
    expect(status).toBe(1);
    expect(stdout).toContain("package-unreadable");
    expect(stdout).toContain("holds something that is not a file or folder");
  });
});

describe("a package that is packed once more, named inside a vault", () => {
  it.each([
    ["package.tar.gz", "gzip -dc package.tar.gz > package.tar"],
    ["package.tgz", "gzip -dc package.tgz > package.tar"],
    ["package.tar.age", "age -d -i KEY package.tar.age > package.tar"],
    ["package.zip", "unpack it first"],
  ])("%s is not called missing in the vault: what to type first is said", async (name, words) => {
    writeFileSync(at(name), "bytes of somebody");
    const { status, stdout, stderr } = await verify(at(name));
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).not.toContain("not in this vault");
    expect(stderr.replace(/\s+/g, " ")).toContain(words);
  });

  it("and is found like any other file where the log states it", async () => {
    const root = copyVault(vault, at("with-archive"));
    const opened = await openTestVault(root);
    const text = "an archive that was captured";
    captureText(opened, text);
    closeVault(opened);
    writeFileSync(at("captured.tar.gz"), `track-1.mp4: ${text}`);
    const { status, stdout } = await holdfast(["verify", "--vault", root, at("captured.tar.gz")]);
    expect([status, stdout.includes("these bytes are in this vault")]).toEqual([0, true]);
  });

  it("a tar that was packed with ./ is checked, not looked up", async () => {
    const files = makePackage().files;
    for (const top of ["./package", "."]) {
      writeFileSync(at("dotted.tar"), tarOf([{ name: "./", type: "5" }, ...tarMembers(files, top)]));
      const { lines } = await verify("--json", at("dotted.tar"));
      expect(lines[0]).toMatchObject({ ok: true, hashes: "pass", chain: "pass" });
    }
  });
});

describe("the index of a large vault is audited in a thread", () => {
  const ask = (root: string) =>
    auditLinesApart(
      [
        root,
        join(root, "vault.db"),
        { segments: [], rootsAt: [size], newest: 0, lightCheck: true },
        indexCheck.module.href,
      ],
      new AbortController().signal,
    );

  it("with the same roots, and nothing found where nothing is wrong", async () => {
    const { damage, indexFindings, roots } = await ask(copyVault(vault, at("apart")));
    expect([...damage, ...indexFindings]).toEqual([]);
    const { root } = parseCheckpoint(bodyOf(vault, size).toString());
    expect(Buffer.from(roots.get(size) ?? []).equals(root)).toBe(true);
  });

  it("with each difference found: a changed row, a row too few and one too many", async () => {
    const root = copyVault(vault, at("apart-damaged"));
    const database = new Database(join(root, "vault.db"));
    database.exec("UPDATE capture SET title = 'another' WHERE rowid = 1");
    database.exec("DELETE FROM file WHERE path = (SELECT min(path) FROM file)");
    database.exec("INSERT INTO capture_text (id, title) VALUES ('20261123-ZZZZZZZZ', 'x')");
    database.exec("UPDATE merkle_node SET hash = zeroblob(32) WHERE level = 1 AND number = 0");
    database.close();
    const { indexFindings } = await ask(root);
    expect(indexFindings.map(({ code, where }) => `${code} ${where}`).sort()).toEqual(
      ["capture", "capture_text", "file", "merkle_node"].map((table) => `index-differs vault.db/${table}`),
    );
  });
});
