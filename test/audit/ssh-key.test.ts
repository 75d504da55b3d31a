import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { hex } from "../../src/audit/bytes.js";
import { FormatError } from "../../src/audit/finding.js";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import {
  encodePrivateKey,
  parsePrivateKey,
  publicKeyOfPrivate,
  secretOfSeed,
} from "../../src/seal/private-key.js";
import { keygen } from "../support/ssh.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A key file made by ssh-keygen, and its text. */
function made(name: string, type: readonly string[], passphrase: string, ...more: readonly string[]) {
  const path = join(folder, name);
  keygen("-q", "-t", ...type, "-N", passphrase, "-C", "a comment of two", ...more, "-f", path);
  return { text: readFileSync(path, "utf8"), pub: readFileSync(`${path}.pub`, "utf8"), path };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return "none";
}

const plain = made("plain", ["ed25519"], "");
const secret = secretOfSeed(Buffer.alloc(32, 7));
const body = (text: string) => Buffer.from(text.replace(/-----.*?-----|\n/g, ""), "base64");
const armor = (bytes: Uint8Array) =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(bytes).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;

describe("public keys", () => {
  it("a line of ssh-keygen is read, with the fingerprint that ssh-keygen shows", () => {
    const key = parsePublicKey(plain.pub);
    expect(plain.pub.startsWith(`${key.line} a comment`)).toBe(true);
    expect(keygen("-l", "-f", `${plain.path}.pub`)).toContain(` ${key.fingerprint} `);
  });

  it("RFC 8032's first test key has the public key that it says", () => {
    const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
    const point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    expect(hex(secretOfSeed(seed).publicKey.blob.subarray(-32))).toBe(point);
  });

  const [type, base64 = ""] = plain.pub.split(" ");
  const blob = Buffer.from(base64, "base64");
  const line = (bytes: Uint8Array, name = type) => `${name} ${Buffer.from(bytes).toString("base64")}`;
  const named = (name: string, ...strings: readonly Uint8Array[]) =>
    Buffer.concat(
      [Buffer.from(name), ...strings].flatMap((part) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(part.length);
        return [length, Buffer.from(part)];
      }),
    );
  it.each([
    ["nothing", ""],
    ["a type alone", "ssh-ed25519"],
    ["base64 alone", base64],
    ["another type in front", line(blob, "sk-ssh-ed25519@openssh.com")],
    ["base64 without its padding", `${type} ${base64.replace(/.$/, "")}`],
    ["base64 with a character that does not belong", `${type} ${base64.slice(0, 20)}-${base64.slice(21)}`],
    ["a byte behind the key", line(Buffer.concat([blob, Buffer.from([0])]))],
    ["a byte less", line(blob.subarray(0, -1))],
    ["a key of 31 bytes", line(named("ssh-ed25519", Buffer.alloc(31)))],
    ["a length beyond the end", line(Buffer.from("ffffffff00", "hex"))],
    ["an RSA key", line(named("ssh-rsa", Buffer.from([1]), Buffer.alloc(256, 1)), "ssh-rsa")],
    [
      "a FIDO key without its application",
      line(named("sk-ssh-ed25519@openssh.com", Buffer.alloc(32)), "sk-ssh-ed25519@openssh.com"),
    ],
    ["two lines", `${plain.pub}${plain.pub}`],
    ["a line of a megabyte", `${plain.pub.trim()} ${"x".repeat(1024 * 1024)}`],
  ])("%s is refused", (_what, text) => {
    expect(codeOf(() => parsePublicKey(text))).toBe("bad-public-key");
  });

  it("any text is either read or refused, and what is read is written the same", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.uint8Array().map((bytes) => line(bytes)),
        ),
        (text) => {
          expect(["none", "bad-public-key"]).toContain(codeOf(() => parsePublicKey(text)));
        },
      ),
    );
  });
});

describe("private keys", () => {
  it("ssh-keygen reads ours and finds the same public key", () => {
    const path = join(folder, "ours");
    writeFileSync(path, encodePrivateKey(secret, "of the test", 0x01020304), { mode: 0o600 });
    expect(keygen("-y", "-f", path).trim()).toBe(`${secret.publicKey.line} of the test`);
  });

  it("ours are read by ssh-keygen and by us whatever the comment's length", () => {
    for (let length = 0; length < 9; length += 1) {
      const text = encodePrivateKey(secret, "x".repeat(length), length);
      expect(parsePrivateKey(text).seed.equals(secret.seed)).toBe(true);
      const path = join(folder, `ours-${length}`);
      writeFileSync(path, text, { mode: 0o600 });
      expect(keygen("-y", "-f", path)).toContain(secret.publicKey.line);
    }
  });

  it("we read ssh-keygen's and find the same public key", () => {
    expect(parsePrivateKey(plain.text).publicKey.line).toBe(parsePublicKey(plain.pub).line);
  });

  it("a passphrase, another type, and what is no key are told apart; the public key is found behind a passphrase", () => {
    const locked = made("locked", ["ed25519"], "a passphrase");
    expect(codeOf(() => parsePrivateKey(locked.text))).toBe("key-has-passphrase");
    expect(publicKeyOfPrivate(locked.text).line).toBe(parsePublicKey(locked.pub).line);
    const gcm = made("gcm", ["ed25519"], "a passphrase", "-Z", "aes256-gcm@openssh.com");
    expect(codeOf(() => parsePrivateKey(gcm.text))).toBe("key-has-passphrase");
    const rsa = made("rsa", ["rsa", "-b", "2048"], "");
    const ecdsa = made("ecdsa", ["ecdsa"], "");
    const pem = made("pem", ["rsa", "-b", "2048"], "", "-m", "PEM");
    for (const { text } of [rsa, ecdsa, pem]) {
      expect(codeOf(() => parsePrivateKey(text))).toBe("other-key-type");
      expect(codeOf(() => publicKeyOfPrivate(text))).toBe("other-key-type");
    }
    for (const text of ["", plain.pub, "-----BEGIN OPENSSH PRIVATE KEY-----\n", "x".repeat(1024 * 1024)]) {
      expect(codeOf(() => parsePrivateKey(text))).toBe("bad-private-key");
    }
  });

  it("a key file with any byte changed is refused or still the same key", () => {
    const bytes = body(encodePrivateKey(secret, "c", 1));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      let read: string | null = null;
      try {
        read = parsePrivateKey(armor(changed)).seed.toString("hex");
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
      expect([null, secret.seed.toString("hex")], `byte ${at}`).toContain(read);
    }
  });

  it("a key file cut short or with bytes behind it is refused at every length", () => {
    const bytes = body(encodePrivateKey(secret, "c", 1));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(() => parsePrivateKey(armor(bytes.subarray(0, length))))).toBe("bad-private-key");
    }
    expect(codeOf(() => parsePrivateKey(armor(Buffer.concat([bytes, Buffer.from([0])]))))).toBe(
      "bad-private-key",
    );
  });
});
