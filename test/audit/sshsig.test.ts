import { execFileSync } from "node:child_process";
import { createHash, createPrivateKey, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { encodePrivateKey, secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import {
  armored,
  armorOf,
  keygen,
  opensshAccepts,
  type Parts,
  softwareDevice,
  string,
} from "../support/ssh.js";
import { readVectors } from "../support/vectors.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const namespace = "holdfast-checkpoint@v1";
const seed = Buffer.alloc(32, 7);
const secret = secretOfSeed(seed);
const line = secret.publicKey.line;
const message = Buffer.from("holdfast/0f6c3d3b5a1e4c9d8b7a69584736251f\n42\nroot\n");
const ours = signMessage(message, namespace, secret);

function outcome(armor: string, of: Uint8Array = message, purpose = namespace): string {
  const check = checkSignature(of, armor, purpose);
  return "key" in check ? check.key.line : check.code;
}

/** Everything right, for a test to put one part wrong; signed as PROTOCOL.sshsig says. */
function parts(hash: "sha256" | "sha512" = "sha512"): Parts {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = createPrivateKey({ key: Buffer.concat([prefix, seed]), format: "der", type: "pkcs8" });
  const digest = createHash(hash).update(message).digest();
  const fields = [string(namespace), string(""), string(hash), string(digest)];
  const raw = sign(null, Buffer.concat([Buffer.from("SSHSIG"), ...fields]), key);
  return {
    magic: "SSHSIG",
    version: 1,
    publicKey: Buffer.from(secret.publicKey.blob),
    namespace,
    reserved: "",
    hash,
    signature: Buffer.concat([string("ssh-ed25519"), string(raw)]),
    trailing: Buffer.alloc(0),
  };
}

describe("OpenSSH and we agree", () => {
  it("ssh-keygen accepts a signature made here", () => {
    const check = { signers: `me ${line}\n`, principal: "me", namespace, signature: ours, message };
    expect(opensshAccepts(folder, check)).toBe(true);
    expect(opensshAccepts(folder, { ...check, message: "other" })).toBe(false);
    expect(opensshAccepts(folder, { ...check, namespace: "other" })).toBe(false);
  });

  it.each(["sha512", "sha256"])(
    "a signature made by ssh-keygen with %s is accepted, and names its key",
    (hash) => {
      const path = join(folder, `theirs-${hash}`);
      keygen("-q", "-t", "ed25519", "-N", "", "-f", path);
      const argv = ["-Y", "sign", "-O", `hashalg=${hash}`, "-n", namespace, "-f", path];
      const armor = execFileSync("ssh-keygen", argv, {
        input: message,
        encoding: "utf8",
        stdio: ["pipe", "pipe", "ignore"],
      });
      expect(outcome(armor)).toBe(parsePublicKey(readFileSync(`${path}.pub`, "utf8")).line);
      expect(outcome(armor, Buffer.from("other"))).toBe("signature-wrong");
    },
  );

  it("Ed25519 has one signature for a message: ssh-keygen with our key writes the same bytes", () => {
    const path = join(folder, "same");
    writeFileSync(path, encodePrivateKey(secret, "c", 1), { mode: 0o600 });
    const theirs = execFileSync("ssh-keygen", ["-Y", "sign", "-n", namespace, "-f", path], {
      input: message,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    expect(theirs).toBe(ours);
  });

  it("a signature by a FIDO device is accepted by ssh-keygen and here, touched or not, and it is said which", () => {
    const device = softwareDevice();
    for (const [flags, hash, userPresent] of [
      [1, "sha512", true],
      [5, "sha256", true],
      [0, "sha512", false],
    ] as const) {
      const signature = armored(device.parts(message, namespace, flags, 0xfffffffe, hash));
      expect(checkSignature(message, signature, namespace)).toMatchObject({
        key: { line: device.line },
        userPresent,
      });
      const check = { signers: `me ${device.line}\n`, principal: "me", namespace, signature, message };
      expect(opensshAccepts(folder, check)).toBe(true);
    }
  });

  it("a key in a file says nothing of a touch", () => {
    expect(checkSignature(message, ours, namespace)).toMatchObject({ userPresent: null });
  });
});

describe("a signature by a FIDO device is bound to everything the device signed", () => {
  const device = softwareDevice();
  const good = device.parts(message, namespace);
  const changedAt = (fromEnd: number) => {
    const signature = Buffer.from(good.signature);
    const at = signature.length - fromEnd;
    signature[at] = (signature[at] ?? 0) ^ 1;
    return armored({ ...good, signature });
  };
  it.each([
    ["the flags", changedAt(5)],
    ["the counter", changedAt(1)],
    ["the signature", changedAt(20)],
    ["the application", armored({ ...good, publicKey: withApplication("ssh:other") })],
  ])("another value for %s is found", (_what, signature) => {
    expect(outcome(signature)).toBe("signature-wrong");
  });

  function withApplication(application: string): Buffer {
    return Buffer.concat([good.publicKey.subarray(0, -string("ssh:").length), string(application)]);
  }

  it.each([
    ["no flags and counter", good.signature.subarray(0, -5)],
    ["a byte more", Buffer.concat([good.signature, Buffer.from([0])])],
  ])("%s is malformed", (_what, signature) => {
    expect(outcome(armored({ ...good, signature }))).toBe("signature-malformed");
  });
});

describe("what does not fit is refused", () => {
  const raw = signature().subarray(-64);

  function signature(): Buffer {
    return parts().signature;
  }

  it("the test's own signatures are good, with both hashes", () => {
    expect(armored(parts())).toBe(ours);
    expect(outcome(armored(parts("sha256")))).toBe(line);
  });

  it.each<[string, Partial<Parts>]>([
    ["other first bytes", { magic: "SSHSIH" }],
    ["version 0", { version: 0 }],
    ["version 2", { version: 2 }],
    ["another namespace", { namespace: "file" }],
    ["no namespace", { namespace: "" }],
    ["a namespace that goes on", { namespace: `${namespace}\0` }],
    ["something in the reserved field", { reserved: "x" }],
    ["hash sha1", { hash: "sha1" }],
    ["hash in capitals", { hash: "SHA512" }],
    ["no public key", { publicKey: Buffer.alloc(0) }],
    ["an ECDSA key", { publicKey: Buffer.concat([string("ecdsa-sha2-nistp256"), string(Buffer.alloc(65))]) }],
    ["a key with a byte more", { publicKey: Buffer.concat([secret.publicKey.blob, Buffer.from([0])]) }],
    ["a signature of another type", { signature: Buffer.concat([string("ssh-rsa"), string(raw)]) }],
    [
      "a signature of 63 bytes",
      { signature: Buffer.concat([string("ssh-ed25519"), string(raw.subarray(1))]) },
    ],
    ["a signature with a byte behind", { signature: Buffer.concat([signature(), Buffer.from([0])]) }],
    ["an empty signature", { signature: Buffer.alloc(0) }],
    ["a byte behind the end", { trailing: Buffer.from([0]) }],
    ["a second signature behind", { trailing: Buffer.from("SSHSIG") }],
  ])("%s is malformed", (_what, wrong) => {
    expect(outcome(armored({ ...parts(), ...wrong }))).toBe("signature-malformed");
  });

  const body = ours.split("\n").slice(1, -2).join("\n");
  it.each([
    ["nothing", ""],
    ["no armour", body],
    ["no last line", ours.replace(/-----END.*/, "")],
    ["lines of a PGP signature", ours.replaceAll("SSH SIGNATURE", "PGP SIGNATURE")],
    ["text before", `hello\n${ours}`],
    ["a blank line before", `\n${ours}`],
    ["text behind", `${ours}hello\n`],
    ["two in one file", `${ours}${ours}`],
    ["a character that is not base64", ours.replace(body, `${body.slice(0, 30)}*${body.slice(31)}`)],
    ["lines ending with CR LF", ours.replaceAll("\n", "\r\n")],
    ["base64 without its padding", armorOf(Buffer.alloc(100)).replace("==", "")],
    ["an empty body", "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n"],
    ["a body of zeros", armorOf(Buffer.alloc(200))],
    ["one line that is both", "-----BEGIN SSH SIGNATURE-----"],
  ])("%s is malformed", (_what, text) => {
    expect(outcome(text)).toBe("signature-malformed");
  });

  it("a length of four gigabytes is malformed, in every field that has one", () => {
    const bytes = Buffer.from(body, "base64");
    const places = [10, 14, 29, 65, 91, 95, 105, 109, 124];
    expect(places.map((at) => bytes.readUInt32BE(at))).toEqual([51, 11, 32, 22, 0, 6, 83, 11, 64]);
    for (const at of places) {
      const changed = Buffer.from(bytes);
      changed.writeUInt32BE(0xffffffff, at);
      expect(outcome(armorOf(changed)), `at ${at}`).toBe("signature-malformed");
    }
  });

  it("more than 64 KiB is refused before it is read", () => {
    const huge = armorOf(Buffer.concat([Buffer.from(body, "base64"), Buffer.alloc(64 * 1024)]));
    expect(checkSignature(message, huge, namespace)).toMatchObject({
      code: "signature-malformed",
      message: expect.stringContaining("too large"),
    });
  });

  it("a good signature over other bytes or by another key's hand is wrong, not malformed", () => {
    expect(outcome(ours, Buffer.concat([message, Buffer.from("\n")]))).toBe("signature-wrong");
    const other = secretOfSeed(Buffer.alloc(32, 8));
    expect(outcome(armored({ ...parts(), publicKey: Buffer.from(other.publicKey.blob) }))).toBe(
      "signature-wrong",
    );
  });

  it("the second form of the same signature, with S plus the order of the curve, is wrong", () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString("hex")}`) + order;
    const bytes = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
    const second = Buffer.concat([
      string("ssh-ed25519"),
      string(Buffer.concat([raw.subarray(0, 32), bytes])),
    ]);
    expect(outcome(armored({ ...parts(), signature: second }))).toBe("signature-wrong");
  });
});

describe("properties", () => {
  it("no single flipped bit of a signature's text is accepted", () => {
    const text = Buffer.from(ours, "latin1");
    for (let bit = 0; bit < text.length * 8; bit += 1) {
      const changed = Buffer.from(text);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(outcome(changed.toString("latin1")), `bit ${bit}`).toMatch(/^signature-/);
    }
  });

  it("no flipped bit of message, signature or namespace is accepted, whoever signs what", () => {
    const flip = (bytes: Uint8Array, bit: number) => {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bit / 8) % Math.max(1, changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8));
      return changed;
    };
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(100_000),
        (anySeed, anyMessage, bit) => {
          const signer = secretOfSeed(anySeed);
          const armor = signMessage(anyMessage, namespace, signer);
          expect(outcome(armor, anyMessage)).toBe(signer.publicKey.line);
          expect(outcome(armor, flip(anyMessage, bit))).toBe("signature-wrong");
          const bytes = Buffer.from(armor.replace(/-----.*?-----|\n/g, ""), "base64");
          expect(outcome(armorOf(flip(bytes, bit)), anyMessage)).toMatch(/^signature-/);
          const other = flip(Buffer.from(namespace), bit).toString("latin1");
          expect(outcome(armor, anyMessage, other)).toBe("signature-malformed");
        },
      ),
      { numRuns: 200 },
    );
  });

  it("whatever bytes stand between the lines, the answer is a code and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(180), (bytes, keep) => {
        const begun = Buffer.from(ours.replace(/-----.*?-----|\n/g, ""), "base64").subarray(0, keep);
        expect(outcome(armorOf(Buffer.concat([begun, bytes])))).toMatch(/^signature-/);
      }),
    );
  });
});

interface Vector {
  readonly comment: string;
  readonly message: string;
  readonly namespace: string;
  readonly signature: string;
  readonly expect: { readonly key: string } | { readonly code: string };
}

describe("vectors", () => {
  it.each(readVectors<Vector>("signatures").map((vector) => [vector.name, vector] as const))(
    "%s",
    (_name, vector) => {
      const check = checkSignature(Buffer.from(vector.message), vector.signature, vector.namespace);
      const came = "key" in check ? { key: check.key.line } : { code: check.code };
      expect(came, vector.comment).toEqual(vector.expect);
    },
  );

  it.each(
    readVectors<Vector>("signatures")
      .filter((vector) => "key" in vector.expect)
      .map((vector) => [vector.name, vector] as const),
  )("ssh-keygen accepts %s too", (_name, { message, namespace, signature, expect: expected }) => {
    const signers = `me ${"key" in expected ? expected.key : ""}\n`;
    expect(opensshAccepts(folder, { signers, principal: "me", namespace, signature, message })).toBe(true);
  });
});
