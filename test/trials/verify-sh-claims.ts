import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { checkpointNamespace } from "../../src/audit/checkpoint.js";
import { sha256 } from "../../src/audit/digest.js";
import { signMessage } from "../../src/seal/private-key.js";
import { longAgo, makeCertificates } from "../support/authority-certificates.js";
import { bareToken, der, handMade } from "../support/authority-stamps.js";
import {
  allowedSignersOf,
  captureA,
  edit,
  makePackage,
  type PackageFiles,
  putEntries,
  rebag,
  secretOf,
} from "../support/packages.js";
import {
  authority,
  clean,
  failed,
  guide,
  keep,
  log,
  programPath,
  roots,
  runAfter,
  scratch,
  signers,
  trust,
  verify,
  video,
  withTexts,
  write,
} from "../support/verify-sh.js";
import {
  bothKeys,
  later,
  longer,
  next,
  otsOver,
  rotation,
  withAnnex,
  witnessPath,
} from "./package-changes.js";
import type { Extent } from "./verify-sh-shells.js";

/** What the script makes of a package, whichever shell it is that runs it. */
export function packageClaims(shell: string, extent: Extent): void {
  it("without key and roots the signature and the tokens are unchecked and the status is 3", () => {
    const outcome = verify(shell, write(clean.files), []);
    expect(failed(outcome)).toEqual([]);
    expect([outcome.steps.get("signature"), outcome.steps.get("tokens"), outcome.status]).toEqual([
      "UNCHECKED",
      "UNCHECKED",
      3,
    ]);
  });

  it("a package without a token, from the first days of a month, has none: ABSENT, and the status is 3", () => {
    const outcome = verify(shell, write(withTexts(makePackage({ day: "2026-12-01" })).files));
    expect([outcome.steps.get("tokens"), outcome.steps.get("signature"), outcome.status]).toEqual([
      "ABSENT",
      "PASS",
      3,
    ]);
  });

  it("all made anew with another key fails at the signature, but only with the key from elsewhere", () => {
    const folder = write(withTexts(makePackage({ secret: secretOf(9), stamp: authority.stamp })).files);
    expect(failed(verify(shell, folder))).toEqual(["signature"]);
    if (extent === "each alone") expect(verify(shell, folder, ["--tsa-ca", roots]).status).toBe(3);
  });

  it("all made anew by the operator passes alone and fails against an older checkpoint", () => {
    const made = makePackage({ video: Buffer.from("another video"), stamp: authority.stamp });
    const folder = write(withTexts(made).files);
    if (extent === "each alone") expect(verify(shell, folder).status).toBe(0);
    const held = keep("held", clean.files.get("proof/000007/checkpoint") ?? "");
    const outcome = verify(shell, folder, [...trust, "--against", held]);
    expect([failed(outcome), outcome.status]).toEqual([["against"], 1]);
    expect(verify(shell, write(clean.files), [...trust, "--against", held]).steps.get("against")).toBe(
      "PASS",
    );
  });

  // Of these, both a checkpoint that is unchecked and one that fails are among the scenarios of damage.
  if (extent === "each alone")
    it("an older checkpoint of a size that the package lacks is unchecked; one of another log, or none at all, fails", () => {
      const folder = write(clean.files);
      const of = (text: string) =>
        verify(shell, folder, [...trust, "--against", keep("held", text)]).steps.get("against");
      const root = Buffer.alloc(32, 1).toString("base64");
      expect(of(`holdfast/${log.vaultId}\n5\n${root}\n`)).toBe("UNCHECKED");
      expect(of(`holdfast/${"f".repeat(32)}\n7\n${root}\n`)).toBe("FAIL");
      expect(of("no checkpoint\n")).toBe("FAIL");
    });

  it("a key that the packaged allowed_signers does not name fails at the signature", () => {
    const files = new Map(clean.files);
    files.set("proof/allowed_signers", Buffer.from(allowedSignersOf({ vaultId: log.vaultId, secret: next })));
    rebag(files);
    expect(failed(verify(shell, write(files), []))).toEqual(["signature"]);
  });

  it("a change of key passes where the old key signed it, and a lost key's only where the checker names the new one", () => {
    const signed = write(longer([{ ...rotation("routine"), signedBy: log.secret }, later]));
    const given = ["--signers", bothKeys, "--tsa-ca", roots];
    expect(verify(shell, signed, given).status).toBe(0);
    if (extent === "each alone") expect(failed(verify(shell, signed, trust))).toEqual(["signature"]);
    const usurped = write(longer([{ ...rotation("routine"), signedBy: next }, later]));
    expect(failed(verify(shell, usurped, given))).toEqual(["signature"]);
    const files = longer([{ ...rotation("lost"), signedBy: next }, later]);
    files.set("proof/allowed_signers", readFileSync(bothKeys));
    rebag(files);
    const lost = write(files);
    if (extent === "each alone") expect(verify(shell, lost, given).status).toBe(0);
    expect(failed(verify(shell, lost, []))).toEqual(["signature"]);
  });

  if (extent === "each alone")
    it("a key that was not in force at the time of the token is not passed", () => {
      const limited = allowedSignersOf(log).replace(" ssh-", ',valid-before="20200101000000Z" ssh-');
      const outcome = verify(shell, write(clean.files), [
        "--signers",
        keep("limited", limited),
        "--tsa-ca",
        roots,
      ]);
      expect(failed(outcome)).toEqual(["signature"]);
    });

  it("a token whose certificate has run out since passes at its time, and one made after that fails", async () => {
    const folder = join(scratch.path, `old-${shell}`);
    mkdirSync(folder);
    const old = makeCertificates(folder, "Old", longAgo);
    const base = makePackage({ stamp: authority.stamp, day: "2018-05-30" }).files;
    const files = withTexts({ ...clean, files: base }).files;
    const stampAt = async (genTime: string) => {
      const digest = Buffer.from(sha256(files.get("proof/000007/signed") ?? ""), "hex");
      const token = await handMade(
        folder,
        { digest, nonce: Buffer.alloc(8, 0xff), genTime },
        old.signer("p256"),
      );
      files.set("proof/000007/old.tsr", token);
      rebag(files);
      return verify(shell, write(files), [
        "--signers",
        signers,
        "--tsa-ca",
        keep("two.pem", authority.root + old.rootPem),
      ]);
    };
    const before = await stampAt("20180601000000Z");
    expect([failed(before), before.status]).toEqual([[], 0]);
    expect(before.text).toContain("2018-06-01T00:00:00Z");
    expect(failed(await stampAt("20240601000000Z"))).toEqual(["tokens"]);
  });

  it("a token over a digest that is not SHA-256 fails, however well it is signed", async () => {
    const files = new Map(clean.files);
    const made = mkdtempSync(join(scratch.path, "imprint-"));
    const own = makeCertificates(made, "Own");
    // The certificate is made first: it is not valid before its own second.
    const signer = own.signer("p256");
    const now = new Date().toISOString().replace(/[-:T]|\.\d+/g, "");
    const given = ["--signers", signers, "--tsa-ca", keep("own.pem", authority.root + own.rootPem)];
    const stampWith = async (name: string, identifier: string) => {
      const digest = createHash(name)
        .update(files.get("proof/000007/signed") ?? "")
        .digest();
      const imprintAlgorithm = Buffer.from(identifier, "hex");
      const asked = { digest, imprintAlgorithm, nonce: Buffer.alloc(8, 0xff), genTime: now };
      files.set("proof/000007/own.tsr", await handMade(made, asked, signer));
      rebag(files);
      return failed(verify(shell, write(files), given));
    };
    if (extent === "each alone") expect(await stampWith("sha256", "0609608648016503040201")).toEqual([]);
    expect(await stampWith("sha1", "06052b0e03021a")).toEqual(["tokens"]);
    if (extent === "each alone")
      expect(await stampWith("sha512", "0609608648016503040203")).toEqual(["tokens"]);
  });

  it("a time in the unsigned words around a token is not taken for its time", async () => {
    const files = new Map(clean.files);
    const path = "proof/000007/first.tsr";
    const token = await bareToken(scratch.path, files.get(path) ?? Buffer.alloc(0));
    const words = der(0x30, der(0x0c, Buffer.from("x\nTime stamp: Jan  1 00:00:00 2001 GMT\n")));
    files.set(path, der(0x30, der(0x30, der(0x02, Buffer.of(0)), words), token));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([failed(outcome), outcome.text.includes("2001")]).toEqual([[], false]);
  });

  it("an OpenTimestamps proof alone leaves the tokens unchecked", () => {
    const files = longer([{ ...rotation("routine"), signedBy: log.secret }]);
    for (const size of ["000004", "000007"]) files.delete(`proof/${size}/first.tsr`);
    putEntries(files, log, [1, 2, 4, 6, 7]);
    for (const size of ["000004", "000007"]) files.delete(`proof/${size}/5.proof`);
    for (const path of [...files.keys()]) if (path.startsWith("proof/000008/")) files.delete(path);
    files.set("proof/000007/calendar.ots", otsOver(files.get("proof/000007/signed") ?? Buffer.alloc(0)));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([failed(outcome), outcome.steps.get("tokens"), outcome.status]).toEqual([[], "UNCHECKED", 3]);
  });

  it("a witness's good signature passes, and so does a disclosed annex", () => {
    const files = new Map(withAnnex.files);
    const body = files.get("proof/000007/checkpoint") ?? Buffer.alloc(0);
    files.set(witnessPath(), Buffer.from(signMessage(body, checkpointNamespace, next)));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([outcome.steps.get("witnesses"), outcome.steps.get("annex"), failed(outcome)]).toEqual([
      "PASS",
      "PASS",
      [],
    ]);
    expect(outcome.text).toContain(next.publicKey.fingerprint);
  });

  it("an annex that is changed, short of a file or taken out fails at the annex", () => {
    const annex = `data/${captureA}/annex`;
    const changes: ((files: PackageFiles) => unknown)[] = [
      (files) => edit(files, `${annex}/annex.json`, '"salt":"0', '"salt":"1'),
      (files) => files.delete(`${annex}/info.json`),
      (files) => files.delete(`${annex}/annex.json`),
      (files) => files.set(`${annex}/more.json`, Buffer.from("{}")),
    ];
    for (const change of extent === "together" ? changes.slice(1, 2) : changes) {
      const files = new Map(withAnnex.files);
      change(files);
      rebag(files);
      expect(failed(verify(shell, write(files)))).toEqual(["annex"]);
    }
  });

  it("a package of another version is not read", () => {
    for (const line of ["Holdfast-Package: 2", "Holdfast-Package: 1\nholdfast-package : 2", "Other: 1"]) {
      const files = new Map(clean.files);
      edit(files, "bag-info.txt", "Holdfast-Package: 1", line);
      rebag(files);
      const outcome = verify(shell, write(files));
      expect([[...outcome.steps], outcome.status]).toEqual([
        [
          ["names", "PASS"],
          ["version", "FAIL"],
        ],
        1,
      ]);
    }
  });

  it("a manifest that names a file outside is refused before anything compares with it", () => {
    // Without a log, which is of no account here and takes the script longest.
    const rest = new Map([...clean.files].filter(([path]) => !path.startsWith("proof/")));
    rebag(rest);
    const before = ["entries", "inclusion", "checkpoints", "list", "files"];
    if (extent === "each alone") expect(failed(verify(shell, write(rest)))).toEqual(before);
    const outside = ["/etc/passwd", "data/../../outside", "../outside", "-", "data//x", "data/a b"];
    for (const path of extent === "together" ? outside.slice(1, 2) : outside) {
      const files = new Map(rest);
      for (const name of ["manifest-sha256.txt", "tagmanifest-sha256.txt"]) {
        edit(files, name, /$/, `${"0".repeat(64)}  ${path}\n`);
      }
      const outcome = verify(shell, write(files));
      expect(failed(outcome)).toEqual(expect.arrayContaining(["tagmanifests", "manifests", "complete"]));
      expect(outcome.text).toContain("nothing was compared with it");
    }
  });

  it("links, devices and names that differ by capital letters alone are refused at the names", () => {
    const changes: ((folder: string) => unknown)[] = [
      (folder) => symlinkSync("/etc/passwd", join(folder, "data", "link")),
      (folder) => symlinkSync("nowhere", join(folder, "a-link")),
      (folder) => symlinkSync("/etc", join(folder, "proof", "000009")),
      (folder) =>
        renameSync(join(folder, "proof"), join(dirname(folder), "proof")) === undefined &&
        symlinkSync("../proof", join(folder, "proof")),
      (folder) => execFileSync("mkfifo", [join(folder, "data", "pipe")]),
      (folder) => writeFileSync(join(folder, "Verify.md"), "x"),
      (folder) => mkdirSync(join(folder, "DATA")),
    ];
    for (const change of changes) {
      const folder = write(clean.files);
      change(folder);
      expect([...verify(shell, folder).steps]).toEqual([["names", "FAIL"]]);
    }
  });

  it("a package that cannot be written is checked, in a temporary folder with a relative name, and nothing in it changes", () => {
    const folder = write(clean.files);
    execFileSync("chmod", ["-R", "a-w", folder]);
    mkdirSync(join(scratch.path, "relative"), { recursive: true });
    expect(runAfter(shell, "TMPDIR=relative; export TMPDIR", folder)).toEqual({
      status: 3,
      said: true,
      stderr: "",
    });
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => clean.files.has(name)).length).toBe(clean.files.size);
    execFileSync("chmod", ["-R", "u+w", folder]);
  });

  it("a file that may not be read ends with status 2, and the package is not accused", () => {
    const folder = write(clean.files);
    chmodSync(scratch.path, 0o755);
    // Whoever may read everything is refused nothing.
    if (process.getuid?.() === 0) execFileSync("chown", ["-R", "65534", folder]);
    chmodSync(join(folder, video), 0o000);
    const run = runAfter(shell, ":", folder, process.getuid?.() === 0 ? { uid: 65534 } : {});
    expect([run.status, run.said, run.stderr.includes(`may not read ${video}`)]).toEqual([2, false, true]);
    chmodSync(join(folder, video), 0o600);
  });

  it("wrong use and a missing program end with status 2 and say why", () => {
    const folder = write(clean.files);
    const run = (path: string, ...args: string[]) =>
      spawnSync(
        "env",
        ["-i", `PATH=${path}`, `/usr/bin/env`, programPath(shell), join(folder, "verify.sh"), ...args],
        { encoding: "utf8" },
      );
    const usual = process.env.PATH ?? "";
    for (const args of [
      ["--what"],
      ["--signers"],
      ["--signers", "/nowhere"],
      ["/nowhere"],
      [folder, folder],
    ]) {
      const { status, stdout, stderr } = run(usual, ...args);
      expect([status, stdout, stderr === ""]).toEqual([2, "", false]);
    }
    const { status, stderr } = run("/nowhere");
    expect([status, /the program \w+ is not there/.test(stderr)]).toEqual([2, true]);
  });

  it("every block of commands in VERIFY.md does what it says on a clean package", () => {
    const blocks = [...guide.toString().matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
    expect(blocks.length).toBe(17);
    const listed = withTexts(makePackage({ stamp: authority.stamp, listed: true }));
    const folder = write(listed.files);
    writeFileSync(join(folder, "..", "signers"), readFileSync(signers));
    writeFileSync(join(folder, "..", "roots.pem"), authority.root);
    const whole = `set -eu\n${blocks.map((block, at) => `echo '=== ${at}'\n${block}`).join("")}`;
    const run = spawnSync(shell, ["-c", whole], { cwd: folder, encoding: "utf8", input: "" });
    expect(run.status).toBe(0);
    const [, ...outputs] = run.stdout.split(/^=== \d+\n/m);
    const lines = outputs.map((output) => output.split("\n").slice(0, -1));
    expect(lines[0]?.filter((line) => line.startsWith("PASS"))).toHaveLength(12);
    expect(lines[2]).toEqual([]);
    expect(lines[3]?.length).toBeGreaterThan(listed.files.size);
    expect(lines[3]?.every((line) => line.endsWith(": OK"))).toBe(true);
    expect(lines[4]).toEqual([]);
    expect(lines[5]).toHaveLength(7);
    expect(lines[6]).toEqual([]);
    expect(lines[7]?.filter((line) => line.endsWith("leads to the root"))).toHaveLength(10);
    expect(outputs[7]).not.toContain("FAILS");
    expect(lines[8]).toHaveLength(6);
    // Here openssl ts can read each token.
    expect(lines[10]).toEqual([]);
    expect(lines[12]).toEqual([]);
    expect(
      run.stderr.match(/Verification: OK/g)?.length ?? outputs[9]?.match(/Verification: OK/g)?.length,
    ).toBe(2);
    expect(
      lines[11]?.filter((line) => line.startsWith('Good "holdfast-checkpoint@v1" signature')),
    ).toHaveLength(2);
    expect(lines[13]?.filter((line) => line.endsWith(" is stated"))).toHaveLength(8);
    expect(outputs[13]).not.toContain("NOT STATED");
    expect(outputs.slice(14, 15)).toEqual(["no annex was disclosed\n"]);
    expect(outputs[16]).toBe("nobody else signed\n");
  });
}
