import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../../src/audit/finding.js";
import { parsePublicKey, publicKeyOfBlob } from "../../../src/audit/ssh-key.js";
import { ageSshKey, wrapForSshKey } from "../../../src/core/package/age-ssh.js";
import { encodePrivateKey, secretOfSeed } from "../../../src/seal/private-key.js";
import { sshIdentity } from "../../support/age-ssh-identity.js";
import { softwareDevice, string } from "../../support/ssh.js";

function keyAt(point: Buffer) {
  return publicKeyOfBlob(Buffer.concat([string("ssh-ed25519"), string(point)]));
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

const seeds = Array.from({ length: 40 }, (_, at) => createHash("sha256").update(`seed ${at}`).digest());
const ephemeral = createHash("sha256").update("ephemeral").digest();
const fileKey = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

/** The y of each of the eight points whose order divides 8, with both signs of x (RFC 7748 §6.1, RFC 8032 §5.1). */
const lowOrder = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

describe("an ssh-ed25519 key as a recipient of age files", () => {
  it("a file key wrapped for forty keys is unwrapped by each private key and by no other", () => {
    const identities = seeds.map((seed) => sshIdentity(encodePrivateKey(secretOfSeed(seed), "", 1)));
    for (const [at, seed] of seeds.entries()) {
      const { args, body } = wrapForSshKey(fileKey, ageSshKey(secretOfSeed(seed).publicKey), ephemeral);
      const stanza = { args: [...args], body };
      const found = identities.map((identity) => identity.unwrapFileKey([stanza]));
      expect(found.map((key) => key !== null)).toEqual(seeds.map((_, other) => other === at));
      expect(found[at]).toEqual(new Uint8Array(fileKey));
    }
  });

  it("another ephemeral key gives another stanza, the same one gives the same", () => {
    const key = ageSshKey(secretOfSeed(ephemeral).publicKey);
    const other = createHash("sha256").update("other").digest();
    expect(wrapForSshKey(fileKey, key, ephemeral)).toEqual(wrapForSshKey(fileKey, key, ephemeral));
    expect(wrapForSshKey(fileKey, key, other).body).not.toEqual(wrapForSshKey(fileKey, key, ephemeral).body);
  });

  it("a key with which anybody could decrypt is refused", () => {
    for (const point of lowOrder) {
      expect(refusal(() => ageSshKey(keyAt(Buffer.from(point, "hex"))))).toBe(
        "bad-recipient: with it anybody could decrypt",
      );
    }
  });

  it("a key that is no point of the curve is refused, because nobody could decrypt", () => {
    const answers = Array.from({ length: 64 }, (_, at) => {
      const point = createHash("sha256").update(`point ${at}`).digest();
      return refusal(() => ageSshKey(keyAt(point)));
    });
    const refused = answers.filter((answer) => answer === "bad-recipient: it is not a point of the curve");
    expect(refused.length).toBeGreaterThan(10);
    expect(answers.filter((answer) => answer === "accepted")).toHaveLength(64 - refused.length);
    expect(refusal(() => ageSshKey(keyAt(Buffer.alloc(32, 0xff))))).toContain("not a point");
  });

  it("a FIDO key is refused", () => {
    expect(refusal(() => ageSshKey(parsePublicKey(softwareDevice().line)))).toContain("FIDO");
  });
});
