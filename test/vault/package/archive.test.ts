import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  Decrypter,
  generateHybridIdentity,
  generateX25519Identity,
  type Identity,
  identityToRecipient,
} from "age-encryption";
import { afterAll, describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/core/words/error.js";
import { encodePrivateKey } from "../../../src/seal/private-key.js";
import { parseRecipient, writePackageTar } from "../../../src/vault/package/archive.js";
import { verifyPackage } from "../../../src/verify/package.js";
import { sshIdentity } from "../../support/age-ssh-identity.js";
import {
  makeAuthority,
  makePackage,
  type PackageFiles,
  secretOf,
  writeFolder,
} from "../../support/packages.js";
import { program } from "../../support/programs-on-path.js";
import { keygen, softwareDevice } from "../../support/ssh.js";
import { temporaryFolder, testWorld } from "../../support/vaults.js";

const scratch = temporaryFolder();
const authority = makeAuthority("First");
afterAll(() => {
  scratch.remove();
  authority.remove();
});

const made = makePackage({ listed: true, stamp: authority.stamp, video: Buffer.alloc(700_001, "a video ") });
const never = new AbortController().signal;

let places = 0;

function freshPlace(): string {
  places += 1;
  const place = join(scratch.path, `place-${places}`);
  mkdirSync(place);
  return place;
}

interface Packing {
  readonly files?: PackageFiles;
  readonly folder?: string;
  readonly name?: string;
  readonly recipients?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Packs into a file of its own and says where that is. */
async function pack({ files = made.files, recipients = [], ...packing }: Packing = {}) {
  const place = freshPlace();
  const folder = packing.folder ?? writeFolder(files, join(place, "in"));
  const to = join(place, "out.tar");
  const { bytes } = await writePackageTar({
    folder,
    name: packing.name ?? "a-package",
    to,
    madeAt: "2026-11-23T18:22:05.789Z",
    recipients: recipients.map(parseRecipient),
    signal: packing.signal ?? never,
  });
  expect(statSync(to).size).toBe(bytes);
  expect(statSync(to).mode & 0o777).toBe(0o600);
  return { place, folder, to };
}

function tar(...argv: readonly string[]): string {
  return execFileSync("tar", argv, {
    encoding: "utf8",
    env: { PATH: process.env.PATH, TZ: "UTC", LC_ALL: "C" },
  });
}

/** Every file of a folder by its path. */
function filesIn(folder: string): ReadonlyMap<string, string> {
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
  return new Map(found.map((path) => [path, readFileSync(join(folder, path), "base64")]));
}

async function opened(file: string, identity: string | Identity): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(new Uint8Array(readFileSync(file))));
}

async function ageKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** A key as the real ssh-keygen makes it. */
function sshKey(): { readonly path: string; readonly identity: Identity; readonly recipient: string } {
  const path = join(freshPlace(), "id_ed25519");
  keygen("-q", "-t", "ed25519", "-N", "", "-C", "somebody@example", "-f", path);
  const identity = sshIdentity(readFileSync(path, "utf8"));
  return { path, identity, recipient: readFileSync(`${path}.pub`, "utf8") };
}

function isOnPath(name: string): boolean {
  try {
    return program(name) !== "";
  } catch {
    return false;
  }
}

describe("a package in a tar file", () => {
  it("unpacked by GNU tar it is the folder again", async () => {
    const { place, folder, to } = await pack();
    mkdirSync(join(place, "unpacked"));
    tar("-xf", to, "-C", join(place, "unpacked"));
    expect(readdirSync(join(place, "unpacked"))).toEqual(["a-package"]);
    expect(filesIn(join(place, "unpacked", "a-package"))).toEqual(filesIn(folder));
  });

  it("says nothing of the machine or account, and only verify.sh may be run", async () => {
    const { folder, to } = await pack();
    const lines = tar("--numeric-owner", "--full-time", "-tvf", to).trimEnd().split("\n");
    const names = [...filesIn(folder).keys()].sort();
    expect(lines.map((line) => line.split(" ").at(-1))).toEqual(names.map((name) => `a-package/${name}`));
    const kinds = new Set(lines.map((line) => line.replace(/^(\S+ \S+) +\d+ (.*) \S+$/, "$1 $2")));
    const rest = "0/0 2026-11-23 18:22:05";
    expect([...kinds].sort()).toEqual([`-rw-r--r-- ${rest}`, `-rwxr-xr-x ${rest}`]);
    expect(lines.filter((line) => line.startsWith("-rwx")).map((line) => line.split(" ").at(-1))).toEqual([
      "a-package/verify.sh",
    ]);
    const header = readFileSync(to).subarray(0, 512).toString("latin1");
    expect(header.slice(257, 345)).toBe(`ustar\u000000${"\u0000".repeat(64)}000000 \u0000000000 \u0000`);
  });

  it("is the same bytes whoever packs the same files, whenever and however they lie on the disk", async () => {
    const one = await pack();
    const place = freshPlace();
    const folder = writeFolder(new Map([...made.files].reverse()), join(place, "elsewhere"));
    for (const path of made.files.keys()) chmodSync(join(folder, path), 0o400);
    const two = await pack({ folder });
    expect(readFileSync(two.to).equals(readFileSync(one.to))).toBe(true);
  });

  it("passes the check of packages as the folder does", async () => {
    const { folder, to } = await pack();
    const request = { against: null, signers: null, tsaCa: authority.root, quick: false };
    const reports = await Promise.all(
      [folder, to].map((path) => verifyPackage({ ...request, path }, testWorld())),
    );
    for (const { hashes, chain, signature, tokens, findings } of reports) {
      expect({ hashes, chain, signature, tokens, findings }).toEqual({
        hashes: "pass",
        chain: "pass",
        signature: "unchecked",
        tokens: "pass",
        findings: [],
      });
    }
  });

  it("holds names as long as a package may have, empty files and files of exactly one block", async () => {
    const long = (length: number) => {
      const name = "x".repeat(Math.min(length - 5, 99));
      return `data/${name.length === length - 5 ? "" : `${"y".repeat(length - 6 - name.length)}/`}${name}`;
    };
    const deep = Array.from({ length: 20 }, () => "nine-char").join("/");
    const files = new Map([
      ["empty", Buffer.alloc(0)],
      ["one-block", Buffer.alloc(512, "b")],
      ["one-more", Buffer.alloc(513, "c")],
      [long(200), Buffer.from("two hundred")],
      [long(101), Buffer.from("one too long for a plain header")],
      [deep, Buffer.from("deep")],
    ]);
    const { place, folder, to } = await pack({ files, name: "n".repeat(255) });
    mkdirSync(join(place, "unpacked"));
    tar("-xf", to, "-C", join(place, "unpacked"));
    const [top = ""] = readdirSync(join(place, "unpacked"));
    expect(top).toBe("n".repeat(50));
    expect(filesIn(join(place, "unpacked", top))).toEqual(filesIn(folder));
    expect(filesIn(folder).size).toBe(6);
    const report = await verifyPackage(
      { path: to, against: null, signers: null, tsaCa: null, quick: false },
      testWorld(),
    );
    expect(report.findings.map(({ message }) => message).join()).toContain("bagit.txt");
  });

  it.each([
    ["case 12 (Müller)", "case12Mller"],
    ["дело", "package"],
    ["..", "package"],
    [".hidden", "hidden"],
    ["-C", "C"],
    ["", "package"],
    ["../../etc/passwd", "etcpasswd"],
  ])("a file named %j unpacks into a folder named %s", async (name, top) => {
    const { to } = await pack({ files: new Map([["bagit.txt", Buffer.from("x")]]), name });
    expect(tar("-tf", to)).toBe(`${top}/bagit.txt\n`);
  });
});

describe("a package encrypted for somebody", () => {
  it("opens with each of its keys, old, post-quantum and SSH, as the same tar file", async () => {
    const plain = readFileSync((await pack()).to);
    const age = await ageKey();
    const hybrid = await generateHybridIdentity();
    const ssh = sshKey();
    const recipients = [age.recipient, await identityToRecipient(hybrid), ssh.recipient];
    const { to } = await pack({ recipients });
    expect(readFileSync(to).includes("BagIt-Version")).toBe(false);
    for (const identity of [age.identity, hybrid, ssh.identity]) {
      expect((await opened(to, identity)).equals(plain)).toBe(true);
    }
    for (const recipient of recipients) {
      const alone = await pack({ recipients: [recipient] });
      const fits = recipients.indexOf(recipient);
      const identity = [age.identity, hybrid, ssh.identity][fits] ?? "";
      expect((await opened(alone.to, identity)).equals(plain)).toBe(true);
    }
  });

  it("does not open with another key", async () => {
    const { to } = await pack({ recipients: [(await ageKey()).recipient, sshKey().recipient] });
    await expect(opened(to, (await ageKey()).identity)).rejects.toThrow("no identity matched");
    await expect(opened(to, sshKey().identity)).rejects.toThrow("no identity matched");
  });

  it("does not open after one byte of it was changed", async () => {
    const age = await ageKey();
    const { to } = await pack({ recipients: [age.recipient] });
    const bytes = readFileSync(to);
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
    writeFileSync(to, bytes);
    await expect(opened(to, age.identity)).rejects.toThrow();
  });

  it("is made for tag keys of hardware devices too", async () => {
    const { to } = await pack({ recipients: [tagKey] });
    expect(readFileSync(to, "latin1")).toMatch(/^age-encryption\.org\/v1\n-> p256tag \S{6} \S+\n/);
  });

  it("the key that the tests open SSH files with also opens what age itself wrote", async () => {
    const place = freshPlace();
    writeFileSync(join(place, "by-age"), Buffer.from(writtenByAge, "base64"));
    const identity = sshIdentity(encodePrivateKey(secretOf(7), "", 1));
    expect((await opened(join(place, "by-age"), identity)).toString()).toBe("what age wrote\n");
  });

  it.skipIf(!isOnPath("age"))("opens with age itself by an SSH key of ssh-keygen", async () => {
    const [ssh, second] = [sshKey(), sshKey()];
    const plain = readFileSync((await pack()).to);
    const { to } = await pack({ recipients: [second.recipient, ssh.recipient] });
    for (const { path } of [ssh, second]) {
      const opened = execFileSync("age", ["-d", "-i", path, to], { maxBuffer: 2 ** 30 });
      expect(opened.equals(plain)).toBe(true);
    }
    expect(() => execFileSync("age", ["-d", "-i", sshKey().path, to], { stdio: "pipe" })).toThrow(
      "no identity matched",
    );
  });
});

const tagKey = "age1tag1qtveezqe2vxqjvrjkzex83tmda64z097w5r4znftm4szmmcdcuyqxveax36";

/** By `age -R` of age 1.1.1 with the public key of `secretOf(7)`. */
const writtenByAge =
  "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNzaC1lZDI1NTE5IHovZlN2dyAwWlpYRHllTkR5d2VGKzl5QkR3MUgwZkpsTmhKOVFPNlJCTUxZZUF4cURr" +
  "CjA3TXNnbFBxNm5nalc3eDJwd3A0b1hOOHBjVms3YlZUdlBuUmxIRFRJU2cKLS0tIHBlOXcrdER2SG5kMzhveGI2UThmbkV5N20zL0lBSElpYk8wd0Q5" +
  "cXNqeWsKa+HqM8HiOAyLMLrza27O0CwPU7cOpH4cWDaGkdk1CWKcimUiEqCP4yacqYf8ZA4=";

function refused(text: string): HoldfastError {
  try {
    parseRecipient(text);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error(`it was accepted: ${text}`);
}

describe("a public key as somebody types it", () => {
  it("of age is read with white space around it", async () => {
    const { recipient } = await ageKey();
    expect(parseRecipient(` ${recipient}\n`)).toEqual({ kind: "age", publicKey: recipient });
  });

  it("of SSH is read with and without a comment", () => {
    const { line } = secretOf(7).publicKey;
    expect(parseRecipient(`${line} somebody@example\n`)).toEqual(parseRecipient(line));
    expect(parseRecipient(line).kind).toBe("ssh");
  });

  it("that is private is refused, and not repeated", async () => {
    const identity = await generateX25519Identity();
    const secrets = [
      identity,
      identity.toLowerCase(),
      `# created: today\n${identity}\n`,
      await generateHybridIdentity(),
      "AGE-PLUGIN-YUBIKEY-1QQQQQQ",
      encodePrivateKey(secretOf(7), "", 1),
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
    ];
    for (const secret of secrets) {
      const { code, message, hint } = refused(secret);
      expect(code).toBe("usage");
      expect(message).toContain("that is a private key");
      for (const part of secret.split("\n").filter((line) => /^[A-Za-z0-9+/=-]{12,}$/.test(line))) {
        expect(`${message} ${hint}`.toLowerCase()).not.toContain(part.slice(-12).toLowerCase());
      }
    }
  });

  const ed25519 = secretOf(7).publicKey.line;
  const zeros = Buffer.concat([
    Buffer.from("0000000b7373682d6564323535313900000020", "hex"),
    Buffer.alloc(32),
  ]);

  it.each([
    ["nothing", "", "not an age or SSH public key"],
    ["a name", "somebody@example.org", "not an age or SSH public key"],
    ["the name of a file", "~/.ssh/id_ed25519.pub", "not an age or SSH public key"],
    ["an RSA key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7", "ssh-ed25519 is the only kind"],
    [
      "a key of NIST's curve",
      "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY",
      "ssh-ed25519 is the only kind",
    ],
    ["a FIDO key", softwareDevice().line, "ssh-ed25519 is the only kind"],
    [
      "a certificate",
      "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQ",
      "ssh-ed25519 is the only kind",
    ],
    ["half an SSH key", ed25519.slice(0, -20), "cannot be used"],
    ["an SSH key that says another type", ed25519.replace("NTE5", "NTE4"), "cannot be used"],
    [
      "an SSH key with something behind it",
      `${ed25519.split(" ")[0]} ${ed25519.split(" ")[1]}AAAA`,
      "cannot be used",
    ],
    ["two SSH keys", `${ed25519}\n${ed25519}`, "cannot be used"],
    ["an SSH key of zeros", `ssh-ed25519 ${zeros.toString("base64")}`, "anybody could decrypt"],
    ["an age key with a letter changed", zeroKey.replace("5cu", "5cv"), "mistyped"],
    ["an age key cut off", zeroKey.slice(0, -6), "mistyped"],
    ["an age key in capitals", zeroKey.toUpperCase(), "mistyped"],
    ["two age keys", `${zeroKey} ${zeroKey}`, "mistyped"],
    ["a key of a plugin", pluginKey, "plugin"],
    ["the beginning of an age key", "age1", "mistyped"],
    ["a very long line", `age1${"q".repeat(1_000_000)}`, "mistyped"],
  ])("that is %s is refused with a hint", (_, text, message) => {
    const error = refused(text);
    expect(error.code).toBe("usage");
    expect(error.message).toContain(message);
    expect(error.hint.length).toBeGreaterThan(20);
    expect(`${error.message}${error.hint}`.length).toBeLessThan(300);
  });

  it.each([
    ["with which anybody could decrypt", zeroKey],
    ["that no device can have", "age1tag1qtllllllllllllllllllllllllllllllllllllllllllllllllll73uhzp3"],
  ])("of age %s is refused before anything is written", async (_, recipient) => {
    const place = freshPlace();
    const folder = writeFolder(made.files, join(place, "in"));
    const request = {
      folder,
      name: "p",
      to: join(place, "out"),
      madeAt: "2026-11-23T18:22:05Z",
      signal: never,
    };
    await expect(
      writePackageTar({ ...request, recipients: [parseRecipient(recipient)] }),
    ).rejects.toMatchObject({ code: "usage" });
    expect(readdirSync(place)).toEqual(["in"]);
  });
});

const zeroKey = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z";
const pluginKey = "age1yubikey1qtveezqe2vxqjvrjkzex83tmda64z097w5r4znftm4szmmcdcuyqxxmzkjf";

describe.each([
  ["plain", false],
  ["encrypted", true],
])("packing that does not come to its end, %s", (_, isEncrypted) => {
  /** Packs and returns what it failed with and what then lies in the place. */
  async function failing(
    prepare: (place: string) => { readonly signal?: AbortSignal; during?(to: string): unknown },
  ) {
    const place = freshPlace();
    const folder = writeFolder(made.files, join(place, "in"));
    const { signal = never, during } = prepare(place);
    const to = join(place, "out");
    const recipients = isEncrypted ? [parseRecipient((await ageKey()).recipient)] : [];
    const work = writePackageTar({
      folder,
      name: "p",
      to,
      madeAt: "2026-11-23T18:22:05Z",
      recipients,
      signal,
    }).then(
      () => null,
      (error: unknown) => error,
    );
    await during?.(to);
    return { error: await work, left: readdirSync(place).filter((name) => name !== "in") };
  }

  const bigFile = (place: string) => {
    writeFileSync(join(place, "in", "data", "big"), "");
    truncateSync(join(place, "in", "data", "big"), 4_000_000_000);
  };

  it("leaves no file after an abort in the middle", async () => {
    const controller = new AbortController();
    const { error, left } = await failing((place) => {
      bigFile(place);
      return {
        signal: controller.signal,
        async during(to) {
          while (!existsSync(to) || statSync(to).size < 1_000_000) await new Promise(setImmediate);
          controller.abort(new Error("enough"));
        },
      };
    });
    expect({ error, left }).toEqual({ error: new Error("enough"), left: [] });
  });

  it("leaves no file after an abort before it began", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await failing(() => ({ signal }))).toEqual({ error: new Error("enough"), left: [] });
  });

  it.skipIf(!isOnPath("prlimit"))("leaves no file where the disk takes no more", async () => {
    const limit = (size: string) =>
      execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${size}:`], { stdio: "pipe" });
    try {
      const { error, left } = await failing((place) => {
        bigFile(place);
        limit("3000000");
        return {};
      });
      expect({ error, left }).toMatchObject({ error: { code: "EFBIG" }, left: [] });
    } finally {
      limit("unlimited");
    }
  });

  it("leaves no file where the package has something that no package has", async () => {
    const { error, left } = await failing((place) => {
      symlinkSync("/etc/hostname", join(place, "in", "data", "link"));
      return {};
    });
    expect(String(error)).toContain("data/link");
    expect(left).toEqual([]);
  });

  it("leaves no file where a file of the package changes meanwhile", async () => {
    const { error, left } = await failing((place) => {
      bigFile(place);
      return {
        async during(to) {
          while (!existsSync(to) || statSync(to).size < 1_000_000) await new Promise(setImmediate);
          truncateSync(join(place, "in", "data", "big"), 8_000_000);
        },
      };
    });
    expect(error).toBeInstanceOf(Error);
    expect(left).toEqual([]);
  });

  it("leaves a file that was there before as it was", async () => {
    const { error, left } = await failing((place) => {
      writeFileSync(join(place, "out"), "somebody's");
      return {};
    });
    expect(error).toMatchObject({ code: "EEXIST" });
    expect(left).toEqual(["out"]);
    expect(readFileSync(join(scratch.path, `place-${places}`, "out"), "utf8")).toBe("somebody's");
  });
});
