import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePackage, type PackageFiles, rebag, type Stamp } from "../support/packages.js";
import { program } from "../support/programs-on-path.js";
import { withAttributeCertificate, withOcspAnswer, withWrongSignature } from "../support/unusual-stamps.js";
import { readVectors } from "../support/vectors.js";
import {
  authority,
  clean,
  failed,
  keep,
  needed,
  type Outcome,
  roots,
  scratch,
  signers,
  stranger,
  trust,
  verify,
  withTexts,
  write,
} from "../support/verify-sh.js";
import { examinedByScript } from "../support/verify-sh-tokens.js";

/*
 * A stranger's computer has other versions of the programs than ours. What they cannot do is never put to the package. Programs that
 * are not to be had here are stood in for by the real one behind a script that refuses what the older one refused.
 */

let count = 0;

/** A PATH on which some programs are these scripts; `$real` is the true one. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  count += 1;
  const folder = join(scratch.path, `tools-${count}`);
  mkdirSync(folder);
  for (const [name, script] of Object.entries(programs)) {
    const path = join(folder, name);
    const real = name === "ssh" ? "" : `real=${program(name)}\n`;
    writeFileSync(path, `#!/bin/sh\n${real}${script}\n`);
    chmodSync(path, 0o755);
  }
  return `${folder}:${process.env.PATH}`;
}

const says = (version: string) => `echo '${version}' >&2`;
/** What a version said of a list of signers that it did not understand, and how it ended. */
const refuses = (pattern: string) => `
list=
for word; do [ "$last" = -f ] && list=$word; last=$word; done
if [ -n "$list" ] && grep -q '${pattern}' "$list" 2> /dev/null; then echo "$list:1: bad options" >&2; exit 255; fi
exec "$real" "$@"`;
/** OpenSSH 8.2 to 8.4: options of a verification were read and forgotten. */
const knowsNoTimes = `
list= rest=
for word; do [ "$last" = -f ] && list=$word; last=$word; done
if [ -n "$list" ] && grep -q 'valid-' "$list" 2> /dev/null; then echo "$list:1: bad options: unknown key option" >&2; exit 255; fi
exec "$real" "$@"`;
const knowsNoSignatures = `
case $1 in -Y) echo 'unknown option -- Y' >&2; exit 1 ;; esac
exec "$real" "$@"`;

/** The signers with limits of time in the older form, which ends in a Z. */
const [list = ""] = [spawnSync("cat", [signers], { encoding: "utf8" }).stdout];
const limited = (end: string) =>
  keep(
    `limited${end}`,
    list.replace(
      " ssh-ed25519",
      `,valid-after="20250101000000${end}",valid-before="20300101000000${end}" ssh-ed25519`,
    ),
  );

function withLimits(end: string): readonly string[] {
  return ["--signers", limited(end), "--tsa-ca", roots];
}

function step({ steps }: Outcome, name: string): string | undefined {
  return steps.get(name);
}

describe("verify.sh with an older ssh-keygen", () => {
  const folder = write(clean.files);

  it.each(["", "Z"])(
    "one that does not read the Z of a time takes the signature of a line that ends its times with %j",
    (end) => {
      const path = pathWith({
        "ssh-keygen": refuses('="[0-9]*Z"'),
        ssh: says("OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2"),
      });
      const outcome = verify("dash", folder, [...withLimits(end)], path);
      expect([failed(outcome), outcome.status, step(outcome, "signature")]).toEqual([[], 0, "PASS"]);
    },
  );

  it.each(["", "Z"])("an expired line stays expired with it, with %j behind its times", (end) => {
    const expired = keep(
      `expired${end}`,
      list.replace(" ssh-ed25519", `,valid-before="20200101000000${end}" ssh-ed25519`),
    );
    const path = pathWith({ "ssh-keygen": refuses('="[0-9]*Z"') });
    const outcome = verify("dash", folder, ["--signers", expired, "--tsa-ca", roots], path);
    expect([failed(outcome), outcome.status]).toEqual([["signature"], 1]);
  });

  it.each([
    ["does not know the times of a key", knowsNoTimes],
    ["answers bad options to every list of signers", refuses(".")],
    ["knows no signatures of files", knowsNoSignatures],
  ])("one that %s is called too old, with its version, and the signature UNCHECKED", (_, script) => {
    const path = pathWith({
      "ssh-keygen": script,
      ssh: says("OpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w"),
    });
    for (const args of [trust, withLimits("Z"), withLimits(""), ["--tsa-ca", roots]]) {
      const outcome = verify("dash", folder, [...args], path);
      expect([failed(outcome), outcome.status, step(outcome, "signature")]).toEqual([[], 3, "UNCHECKED"]);
      expect(outcome.text).toMatch(
        /^UNCHECKED +signature +.*too old \(OpenSSH_8\.4p1 Debian-5\+deb11u3\).*8\.7/m,
      );
    }
  });

  it("where no ssh tells the version, it says so", () => {
    const alone = join(scratch.path, "no-ssh");
    mkdirSync(alone);
    for (const name of [...needed, "dash", "grep"]) {
      if (name !== "ssh-keygen") spawnSync("ln", ["-s", program(name), join(alone, name)]);
    }
    writeFileSync(join(alone, "ssh-keygen"), `#!${program("dash")}\nexit 1\n`, { mode: 0o755 });
    const outcome = verify("dash", folder, trust, alone);
    expect([failed(outcome), outcome.status]).toEqual([[], 3]);
    expect(outcome.text).toContain("too old (a version it does not tell)");
  });

  it("one that knows no times still finds a signature that is none", () => {
    const files: PackageFiles = new Map(clean.files);
    const at = "proof/000004/checkpoint.sig";
    files.set(at, files.get("proof/000007/checkpoint.sig") ?? Buffer.alloc(0));
    files.set("proof/000004/signed", Buffer.concat([files.get("proof/000004/checkpoint")!, files.get(at)!]));
    rebag(files);
    const outcome = verify("dash", write(files), trust, pathWith({ "ssh-keygen": knowsNoTimes }));
    expect(failed(outcome)).toContain("signature");
  });

  it("a witness whose signature it cannot look at is UNCHECKED, and no FAIL", () => {
    const files: PackageFiles = new Map(clean.files);
    files.set("proof/000007/witness-0123456789abcdef.sig", files.get("proof/000007/checkpoint.sig")!);
    rebag(files);
    const outcome = verify("dash", write(files), trust, pathWith({ "ssh-keygen": knowsNoSignatures }));
    expect([failed(outcome), step(outcome, "witnesses")]).toEqual([[], "UNCHECKED"]);
  });
});

/** A package whose time-stamps are made other by `change`. */
function stampedBy(change: (response: Buffer) => Buffer): ReturnType<typeof makePackage> {
  const stamp: Stamp = (name, signed) => change(authority.stamp(name, signed));
  return withTexts(makePackage({ stamp }));
}

describe("verify.sh with a time-stamp that openssl ts cannot read", () => {
  const unusual = [
    ["an attribute certificate of version 1", (response: Buffer) => withAttributeCertificate(response, 1)],
    ["an attribute certificate of version 2", (response: Buffer) => withAttributeCertificate(response, 2)],
    ["an answer of OCSP", withOcspAnswer],
  ] as const;

  it.each(unusual)("takes it by openssl cms where %s lies in it", (_, change) => {
    const outcome = verify("dash", write(stampedBy(change).files));
    expect([failed(outcome), outcome.status, step(outcome, "tokens")]).toEqual([[], 0, "PASS"]);
    expect(outcome.text).toContain("openssl ts cannot read it, and openssl cms can");
  });

  it.each([
    ["signed by others", (response: Buffer) => withWrongSignature(withOcspAnswer(response))],
    ["of other bytes", () => withOcspAnswer(authority.stamp("first", Buffer.from("other bytes")))],
  ])("finds one that is %s", (_, change) => {
    const outcome = verify("bash", write(stampedBy(change).files));
    expect([failed(outcome), outcome.status]).toEqual([["tokens"], 1]);
  });

  it("finds one that leads to none of the roots", () => {
    const other = keep("stranger.pem", stranger.root);
    const outcome = verify("dash", write(stampedBy(withOcspAnswer).files), [
      "--signers",
      signers,
      "--tsa-ca",
      other,
    ]);
    expect([failed(outcome), outcome.status]).toEqual([["tokens"], 1]);
  });

  it("one that openssl cms cannot read either is UNCHECKED", () => {
    const noCms = `case $1 in cms) exit 2 ;; esac\nexec "$real" "$@"`;
    const outcome = verify(
      "dash",
      write(stampedBy(withOcspAnswer).files),
      trust,
      pathWith({ openssl: noCms }),
    );
    expect([failed(outcome), outcome.status, step(outcome, "tokens")]).toEqual([[], 3, "UNCHECKED"]);
  });

  it.each(["LibreSSL 3.3.6", "OpenSSL 1.0.2k-fips  26 Jan 2017"])(
    "under %s the time-stamps are UNCHECKED, with its version",
    (version) => {
      const other = `case $1 in version) echo '${version}'; exit ;; ts | cms) exit 1 ;; esac\nexec "$real" "$@"`;
      const outcome = verify("dash", write(clean.files), trust, pathWith({ openssl: other }));
      expect([failed(outcome), outcome.status, step(outcome, "tokens")]).toEqual([[], 3, "UNCHECKED"]);
      expect(step(outcome, "signature")).toBe("PASS");
      expect(outcome.text).toMatch(new RegExp(`^UNCHECKED +tokens +.*${version.split(" ")[1]}`, "m"));
    },
  );
});

describe("verify.sh and the vectors of time-stamps", () => {
  interface Vector {
    readonly signed_base64: string;
    readonly response_base64: string;
    readonly roots: readonly string[];
    readonly expect: { readonly trusted?: boolean; readonly form?: "cms" };
  }
  // The script refuses bytes behind the response before it comes so far, and leaves digests to OpenSSL.
  const others = ["malformed-bytes-behind.json", "signature-sha1.json"];
  const vectors = readVectors<Vector>("tokens").filter(({ name }) => !others.includes(name));

  it.each(vectors)(
    "$name leads to a root that was named only where it counts",
    ({ expect: wanted, ...one }) => {
      const [response, signed] = [one.response_base64, one.signed_base64].map((text) =>
        Buffer.from(text, "base64"),
      );
      const { state, form } = examinedByScript(scratch.path, response!, signed!, one.roots);
      expect(state === "named").toBe(wanted.trusted === true);
      if (wanted.trusted === true) expect(form).toBe(wanted.form ?? "ts");
    },
  );
});

describe("the file of --tsa-ca", () => {
  const openssl = (...args: string[]) => spawnSync("openssl", args, { encoding: "buffer" }).stdout;
  const der = keep("root.cer", openssl("x509", "-in", roots, "-outform", "DER"));

  it.each([
    ["one certificate in DER", der],
    [
      "PEM with lines of Windows and a byte order mark",
      keep("windows.pem", `\ufeff${authority.root.replaceAll("\n", "\r\n")}`),
    ],
    [
      "PEM under the older heading, with words around it",
      keep("old.pem", `words\n${authority.root.replaceAll(" CERT", " X509 CERT")}words\n`),
    ],
    ["several in PEM", keep("several.pem", `${stranger.root}\n${authority.root}`)],
  ])("may be %s", (_, path) => {
    const outcome = verify("dash", write(clean.files), ["--signers", signers, "--tsa-ca", path]);
    expect([failed(outcome), outcome.status, step(outcome, "tokens")]).toEqual([[], 0, "PASS"]);
  });

  it.each([
    ["words", keep("words.txt", "no certificate\n")],
    ["an empty file", keep("empty.pem", "")],
    [
      "half of a certificate in DER",
      keep("half.cer", openssl("x509", "-in", roots, "-outform", "DER").subarray(0, 200)),
    ],
    [
      "a good certificate and one that cannot be read",
      keep("spoilt.pem", `${authority.root}${authority.root.replace(/MII[\s\S]{6}/, "MIIBAAAAA")}`),
    ],
    [
      "a bundle in PKCS #7",
      keep("bundle.p7b", openssl("crl2pkcs7", "-nocrl", "-certfile", roots, "-outform", "DER")),
    ],
  ])("stops with its name where it is %s", (_, path) => {
    const folder = write(clean.files);
    const run = spawnSync("dash", [join(folder, "verify.sh"), "--tsa-ca", path, folder], {
      encoding: "utf8",
    });
    expect([run.status, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(`${path} of --tsa-ca is no certificate`);
  });
});
