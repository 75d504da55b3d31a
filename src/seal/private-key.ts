import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { latin1, sameBytes } from "../audit/bytes.js";
import { FormatError } from "../audit/finding.js";
import {
  decodeArmor,
  keyParts,
  publicKeyOfBlob,
  type SshPublicKey,
  sameKey,
  sshKeyTypes,
  WireReader,
  wireString,
  wireUint32,
} from "../audit/ssh-key.js";
import { signatureLabel, toBeSigned } from "../audit/sshsig.js";

/** A private Ed25519 key: the 32 bytes of RFC 8032, which determine the public key. */
export interface Ed25519Secret {
  readonly seed: Buffer;
  readonly publicKey: SshPublicKey;
}

const badSecret = "bad-private-key";

/** The largest private key file to read, in characters: longer than any of these types. */
const longestFile = 16_384;

/** The DER of RFC 8410 that precedes a seed of 32 bytes. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key for `crypto.sign`. */
function signingKey(secret: Ed25519Secret): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, secret.seed]),
    format: "der",
    type: "pkcs8",
  });
}

/** The key pair that 32 random bytes determine. */
export function secretOfSeed(seed: Uint8Array): Ed25519Secret {
  if (seed.length !== 32) throw new Error("an Ed25519 seed has 32 bytes");
  const copy = Buffer.from(seed);
  const pkcs8 = Buffer.concat([pkcs8Prefix, copy]);
  const spki = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })).export({
    format: "der",
    type: "spki",
  });
  const blob = Buffer.concat([wireString("ssh-ed25519"), wireString(spki.subarray(-32))]);
  return { seed: copy, publicKey: publicKeyOfBlob(blob) };
}

const privateLabel = "OPENSSH PRIVATE KEY";
const magic = "openssh-key-v1\0";

/** A private key file as `ssh-keygen` writes it without a passphrase (PROTOCOL.key). `check` is any random number. */
export function encodePrivateKey(secret: Ed25519Secret, comment: string, check: number): string {
  const { seed, publicKey } = secret;
  const point = keyParts(publicKey.blob).point;
  const section = Buffer.concat([
    wireUint32(check),
    wireUint32(check),
    wireString(publicKey.type),
    wireString(point),
    wireString(Buffer.concat([seed, point])),
    wireString(comment),
  ]);
  const padding = Buffer.from(paddingBytes.slice(0, (8 - (section.length % 8)) % 8));
  const head = [Buffer.from(magic), wireString("none"), wireString("none"), wireString(""), wireUint32(1)];
  const body = [wireString(publicKey.blob), wireString(Buffer.concat([section, padding]))];
  return encodeArmor(privateLabel, Buffer.concat([...head, ...body]));
}

const paddingBytes = [1, 2, 3, 4, 5, 6, 7];

/**
 * Reads the public key from a private key file, where it is in the clear even if the rest has a passphrase or belongs to a
 * FIDO key. Throws FormatError `bad-private-key`, or `other-key-type`.
 */
export function publicKeyOfPrivate(text: string): SshPublicKey {
  return readEnvelope(text).publicKey;
}

/**
 * Reads a private key file. Throws FormatError: `key-has-passphrase`, `other-key-type` (also for a FIDO key, whose secret
 * is not in the file) or `bad-private-key`. No message quotes the file.
 */
export function parsePrivateKey(text: string): Ed25519Secret {
  const { publicKey, cipher, section } = readEnvelope(text);
  if (cipher !== "none") throw new FormatError("key-has-passphrase", "the key has a passphrase");
  if (publicKey.type !== "ssh-ed25519") throw new FormatError(otherType, "the key is in a FIDO device");
  const reader = new WireReader(section, badSecret);
  const check = reader.uint32();
  const same = reader.uint32() === check && reader.name() === publicKey.type;
  const point = reader.string();
  const pair = reader.string();
  reader.string();
  const padding = reader.rest();
  const padded = padding.length < 8 && padding.every((byte, at) => byte === paddingBytes[at]);
  if (!same || !padded || pair.length !== 64 || section.length % 8 !== 0) {
    throw new FormatError(badSecret, "it is not a private key as OpenSSH writes it");
  }
  const secret = secretOfSeed(pair.subarray(0, 32));
  const fits = sameKey(secret.publicKey, publicKey) && sameBytes(pair.subarray(32), point);
  if (!fits || !sameBytes(keyParts(publicKey.blob).point, point)) {
    throw new FormatError(badSecret, "its public and private parts do not belong together");
  }
  return secret;
}

const otherType = "other-key-type";

function readEnvelope(text: string): {
  readonly publicKey: SshPublicKey;
  readonly cipher: string;
  readonly section: Uint8Array;
} {
  if (text.length > longestFile) throw new FormatError(badSecret, "it is too large for a private key");
  if (/^-----BEGIN (RSA|DSA|EC|ENCRYPTED)? ?PRIVATE KEY-----/.test(text)) {
    throw new FormatError(otherType, "it is not in OpenSSH's own format");
  }
  const reader = new WireReader(decodeArmor(privateLabel, text, badSecret), badSecret);
  if (latin1(reader.take(magic.length)) !== magic) {
    throw new FormatError(badSecret, "it does not begin as OpenSSH's private keys do");
  }
  const cipher = reader.name();
  const kdf = reader.name();
  const options = reader.string();
  if ((cipher === "none") !== (kdf === "none" && options.length === 0) || reader.uint32() !== 1) {
    throw new FormatError(badSecret, "it is not one key");
  }
  const blob = reader.string();
  const section = reader.string();
  // An authenticated cipher appends its tag; without a cipher, nothing may follow.
  if (cipher === "none") reader.end();
  return { publicKey: supported(blob), cipher, section };
}

function supported(blob: Uint8Array): SshPublicKey {
  const name = new WireReader(blob, badSecret).name();
  if (sshKeyTypes.every((known) => known !== name)) {
    throw new FormatError(otherType, "it is not an Ed25519 key");
  }
  return publicKeyOfBlob(blob, badSecret);
}

/** The 64 bytes of RFC 8032 over exactly these bytes. */
export function signBytes(message: Uint8Array, secret: Ed25519Secret): Uint8Array {
  return sign(null, message, signingKey(secret));
}

/** Signs as `ssh-keygen -Y sign` does (PROTOCOL.sshsig, hash sha512). Returns the armoured signature, with its LF. */
export function signMessage(message: Uint8Array, namespace: string, secret: Ed25519Secret): string {
  const hashName = "sha512";
  const raw = signBytes(toBeSigned(message, namespace, hashName), secret);
  const signature = Buffer.concat([wireString(secret.publicKey.type), wireString(raw)]);
  return encodeArmor(
    signatureLabel,
    Buffer.concat([
      Buffer.from("SSHSIG"),
      wireUint32(1),
      wireString(secret.publicKey.blob),
      wireString(namespace),
      wireString(""),
      wireString(hashName),
      wireString(signature),
    ]),
  );
}

/** Puts bytes between a BEGIN and an END line, in OpenSSH's base64 lines of 70 characters, each with its LF. */
function encodeArmor(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
