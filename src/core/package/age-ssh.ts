import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync,
} from "node:crypto";
import { FormatError } from "../../audit/finding.js";
import { keyParts, type SshPublicKey } from "../../audit/ssh-key.js";

/** An `ssh-ed25519` key that age files can be encrypted to. */
export interface AgeSshKey {
  /** The key in OpenSSH's binary form. */
  readonly blob: Uint8Array;
  /** The same point as a key for X25519: 32 bytes, little-endian. */
  readonly montgomery: Buffer;
}

/** One recipient's part of the header of an age file: arguments without spaces, and a body. */
export interface AgeStanza {
  readonly args: readonly string[];
  readonly body: Buffer;
}

const badRecipient = "bad-recipient";

const label = "age-encryption.org/v1/ssh-ed25519";

/** The field of Curve25519 and the coefficient of its equation, v² = u³ + Au² + u (RFC 7748 §4.1). */
const prime = 2n ** 255n - 19n;
const coefficient = 486_662n;

/**
 * Turns an SSH key into one that can be encrypted to. Throws FormatError `bad-recipient` for a FIDO key, whose device
 * cannot decrypt, and for points for which nobody can have, or everybody has, the private key.
 */
export function ageSshKey(key: SshPublicKey): AgeSshKey {
  if (key.type !== "ssh-ed25519") throw new FormatError(badRecipient, "a FIDO key can sign but not decrypt");
  const u = montgomeryOf(keyParts(key.blob).point);
  const square = u * (u * u + coefficient * u + 1n);
  // Euler's criterion: only squares, and 0, are the v² of a point.
  if (power(square, (prime - 1n) / 2n) > 1n) throw new FormatError(badRecipient, notOnCurve);
  if (isLowOrder(u)) throw new FormatError(badRecipient, "with it anybody could decrypt");
  return { blob: key.blob, montgomery: littleEndian(u) };
}

const notOnCurve = "it is not a point of the curve";

/**
 * Wraps the key of an age file for an SSH key, as age's own recipients of type `ssh-ed25519` do. `ephemeral` is 32
 * random bytes that must be used once only.
 */
export function wrapForSshKey(fileKey: Uint8Array, to: AgeSshKey, ephemeral: Uint8Array): AgeStanza {
  const share = x25519(ephemeral, littleEndian(9n));
  const tweak = derive(Buffer.alloc(0), to.blob);
  const secret = x25519(tweak, x25519(ephemeral, to.montgomery));
  const wrappingKey = derive(secret, Buffer.concat([share, to.montgomery]));
  // The wrapping key encrypts nothing else, so the nonce may be zero.
  const cipher = createCipheriv("chacha20-poly1305", wrappingKey, Buffer.alloc(12), { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  const tag = hash("sha256", to.blob, "buffer").subarray(0, 4);
  return { args: ["ssh-ed25519", unpadded(tag), unpadded(share)], body };
}

/** u = (1 + y) / (1 - y) (RFC 7748 §4.1). The sign of x, in the highest bit, does not matter for it. */
function montgomeryOf(point: Uint8Array): bigint {
  const y = BigInt(`0x${Buffer.from(point).reverse().toString("hex")}`) % 2n ** 255n;
  if (y >= prime) throw new FormatError(badRecipient, notOnCurve);
  return modulo((1n + y) * inverse(1n - y));
}

/**
 * Doubling a point of order 1, 2, 4 or 8 three times leads to infinity, where the divisor is 0. The point at infinity
 * itself comes as u = 0, because `inverse(0)` is 0, and that has order 2.
 */
function isLowOrder(start: bigint): boolean {
  let u = start;
  for (let doubled = 0; doubled < 3; doubled += 1) {
    const divisor = modulo(4n * u * (u * u + coefficient * u + 1n));
    if (divisor === 0n) return true;
    u = modulo((u * u - 1n) ** 2n * inverse(divisor));
  }
  return false;
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  return power(value, prime - 2n);
}

/** Takes a time that depends on the numbers, which are public keys only. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = modulo(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

function modulo(value: bigint): bigint {
  return ((value % prime) + prime) % prime;
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

/** DER of RFC 8410 around a private and a public key of X25519. */
const pkcs8Prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b656e032100", "hex");

/** RFC 7748 §5. Throws if the result would be zero, which `ageSshKey` has ruled out. */
function x25519(scalar: Uint8Array, u: Uint8Array): Buffer {
  const pkcs8 = Buffer.concat([pkcs8Prefix, scalar]);
  const spki = Buffer.concat([spkiPrefix, u]);
  return diffieHellman({
    privateKey: createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }),
  });
}

function derive(secret: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, label, 32));
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
