import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from "@noble/curves/misc.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { ripemd160, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import * as asn1 from "asn1js";
import { concat, hex, sameBytes, utf8 } from "../../src/audit/bytes.js";
import type { Crypto, DigestName, SignatureScheme } from "../../src/audit/crypto.js";

const digests = { ripemd160, sha1, sha256, sha384, sha512 } as const;

/** The kernel's cryptography in plain JavaScript, for a machine that is not Node: no WebCrypto, and nothing to wait for. */
export const crypto: Crypto = {
  digest: (name, bytes) => digests[name](bytes),
  hexDigest: (name, bytes) => hex(digests[name](typeof bytes === "string" ? utf8(bytes) : bytes)),
  verify: (scheme, key, signed, signature) => {
    try {
      return isSignature(scheme, readKey(key), signed, signature);
    } catch {
      return false;
    }
  },
};

const curves = new Map([
  ["1.2.840.10045.3.1.7", p256],
  ["1.3.132.0.34", p384],
  ["1.3.132.0.35", p521],
  ["1.3.36.3.3.2.8.1.1.7", brainpoolP256r1],
  ["1.3.36.3.3.2.8.1.1.11", brainpoolP384r1],
  ["1.3.36.3.3.2.8.1.1.13", brainpoolP512r1],
]);

interface PublicKey {
  /** Of the algorithm, and of its first parameter where that is an identifier too. */
  readonly algorithm: string;
  readonly curve: string | null;
  readonly bits: Uint8Array;
}

function readKey(spki: Uint8Array): PublicKey {
  const [algorithm, key] = childrenOf(asn1.fromBER(spki).result);
  const [name, parameter] = childrenOf(algorithm);
  if (!(name instanceof asn1.ObjectIdentifier) || !(key instanceof asn1.BitString)) {
    throw new Error("no SubjectPublicKeyInfo");
  }
  const curve = parameter instanceof asn1.ObjectIdentifier ? parameter.getValue() : null;
  return { algorithm: name.getValue(), curve, bits: key.valueBlock.valueHexView };
}

function childrenOf(block: unknown): readonly unknown[] {
  return block instanceof asn1.Constructed ? block.valueBlock.value : [];
}

function isSignature(
  scheme: SignatureScheme,
  { algorithm, curve, bits }: PublicKey,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (scheme.kind) {
    case "ed25519":
      return algorithm === "1.3.101.112" && ed25519.verify(signature, signed, bits, { zip215: false });
    case "ed448":
      return algorithm === "1.3.101.113" && ed448.verify(signature, signed, bits);
    case "ecdsa": {
      const on = algorithm === "1.2.840.10045.2.1" ? curves.get(curve ?? "") : undefined;
      const digest = digests[scheme.digest](signed);
      return on?.verify(signature, digest, bits, { prehash: false, lowS: false, format: "der" }) ?? false;
    }
    case "rsa":
      return algorithm === "1.2.840.113549.1.1.1" && isPkcs1(scheme.digest, bits, signed, signature);
    case "rsa-pss":
      return /^1\.2\.840\.113549\.1\.1\.(1|10)$/.test(algorithm) && isPss(scheme, bits, signed, signature);
  }
}

/** DER before a digest (RFC 8017 §9.2, note 1). */
const digestInfos: Readonly<Partial<Record<DigestName, string>>> = {
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2). */
function isPkcs1(name: DigestName, key: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  const { message, length } = opened(key, signature);
  const end = `00${digestInfos[name]}${hex(digests[name](signed))}`;
  const padding = "ff".repeat(length - 2 - end.length / 2);
  return hex(message) === `0001${padding}${end}`;
}

/** RSASSA-PSS with MGF1 over the same digest (RFC 8017 §8.1.2, §9.1.2). */
function isPss(
  { digest: name, saltLength }: Extract<SignatureScheme, { kind: "rsa-pss" }>,
  key: Uint8Array,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { message, bits } = opened(key, signature);
  const emBits = bits - 1;
  const encoded = message.subarray(message.length - Math.ceil(emBits / 8));
  const hash = digests[name];
  const hashLength = hash.outputLen;
  const masked = encoded.subarray(0, -hashLength - 1);
  const stated = encoded.subarray(-hashLength - 1, -1);
  if (encoded.at(-1) !== 0xbc || masked.length < saltLength + 1) return false;
  const mask = mgf1(hash, stated, masked.length);
  const block = masked.map((byte, at) => byte ^ (mask[at] ?? 0));
  const spare = 8 * encoded.length - emBits;
  if ((masked[0] ?? 0) >> (8 - spare) !== 0) return false;
  block[0] = (block[0] ?? 0) & (0xff >> spare);
  const start = block.length - saltLength - 1;
  if (block[start] !== 1 || block.subarray(0, start).some((byte) => byte !== 0)) return false;
  const salt = block.subarray(start + 1);
  return sameBytes(stated, hash(concat(new Uint8Array(8), hash(signed), salt)));
}

function mgf1(hash: (bytes: Uint8Array) => Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  let made = new Uint8Array();
  for (let counter = 0; made.length < length; counter += 1) {
    made = Uint8Array.from(concat(made, hash(concat(seed, Uint8Array.of(0, 0, 0, counter)))));
  }
  return made.subarray(0, length);
}

/** What a signature says under an RSAPublicKey (RFC 8017 §5.2.2), as long as the modulus. */
function opened(key: Uint8Array, signature: Uint8Array) {
  const [first, second] = childrenOf(asn1.fromBER(key).result);
  const [modulus, exponent] = [numberOf(first), numberOf(second)];
  const bits = modulus.toString(2).length;
  const length = Math.ceil(bits / 8);
  const value = BigInt(`0x${hex(signature)}`);
  if (signature.length !== length || value >= modulus) throw new Error("no signature of this key");
  const text = power(value, exponent, modulus)
    .toString(16)
    .padStart(2 * length, "0");
  return {
    message: Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
    bits,
    length,
  };
}

function numberOf(block: unknown): bigint {
  if (!(block instanceof asn1.Integer)) throw new Error("no number");
  return BigInt(`0x${hex(block.valueBlock.valueHexView)}`);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
