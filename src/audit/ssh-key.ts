import { createPrivateKey, createPublicKey, hash, type KeyObject } from "node:crypto";
import { FormatError } from "./finding.js";

/** The key types a vault may be signed with (FORMAT.md §13): a key in a file or agent, and one in a FIDO device. */
export const sshKeyTypes = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"] as const;

export type SshKeyType = (typeof sshKeyTypes)[number];

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** The key in OpenSSH's binary form, as the base64 of `line` has it. */
  readonly blob: Buffer;
  /** Type and base64 with one space, without a comment. */
  readonly line: string;
  /** `SHA256:` and base64 without padding, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
}

/** A private Ed25519 key: 32 bytes of RFC 8032, from which the public key follows. */
export interface Ed25519Secret {
  readonly seed: Buffer;
  readonly publicKey: SshPublicKey;
}

const badKey = "bad-public-key";
const badSecret = "bad-private-key";

/** Longer than any public key line of these types, its comment included. */
const longestLine = 16_384;

/**
 * Reads one line of a `.pub` file or of an entry: type, base64, and maybe a comment, which is dropped. Anybody may have
 * written it. Throws FormatError `bad-public-key`.
 */
export function parsePublicKey(line: string): SshPublicKey {
  const [type, base64 = ""] = line
    .slice(0, longestLine)
    .trim()
    .split(/[ \t]+/);
  if (line.length > longestLine || /[\r\n]/.test(line.trimEnd())) {
    throw new FormatError(badKey, "it is not one line");
  }
  const key = publicKeyOfBlob(decodeBase64(base64, badKey));
  if (key.type !== type) throw new FormatError(badKey, "it names another type than it has");
  return key;
}

/** Reads a key in OpenSSH's binary form (RFC 8709 §4, PROTOCOL.u2f). Throws FormatError `bad-public-key`, or `code`. */
export function publicKeyOfBlob(blob: Buffer, code = badKey): SshPublicKey {
  const { type } = readBlob(blob, code);
  return {
    type,
    blob,
    line: `${type} ${blob.toString("base64")}`,
    fingerprint: `SHA256:${hash("sha256", blob, "base64").replace(/=+$/, "")}`,
  };
}

/** The curve point of a key, for `crypto.verify`, and for a FIDO key the application it is bound to. */
export function verifyingKey(key: SshPublicKey): {
  readonly ed25519: KeyObject;
  readonly application: Buffer | null;
} {
  const { point, application } = readBlob(key.blob);
  const spki = Buffer.concat([spkiPrefix, point]);
  return { ed25519: createPublicKey({ key: spki, format: "der", type: "spki" }), application };
}

function readBlob(
  blob: Buffer,
  code = badKey,
): {
  readonly type: SshKeyType;
  readonly point: Buffer;
  readonly application: Buffer | null;
} {
  const reader = new WireReader(blob, code);
  const name = reader.name();
  const type = sshKeyTypes.find((known) => known === name);
  if (type === undefined) throw new FormatError(code, "it is not an Ed25519 key");
  const point = reader.string();
  if (point.length !== 32) throw new FormatError(code, "an Ed25519 key has 32 bytes");
  const application = type === "ssh-ed25519" ? null : reader.string();
  reader.end();
  return { type, point, application };
}

/** DER of RFC 8410 around a public key of 32 bytes, and around a seed of 32 bytes. */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key for `crypto.sign`. */
export function signingKey(secret: Ed25519Secret): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, secret.seed]),
    format: "der",
    type: "pkcs8",
  });
}

/** The key pair of 32 random bytes. */
export function secretOfSeed(seed: Uint8Array): Ed25519Secret {
  if (seed.length !== 32) throw new Error("an Ed25519 seed has 32 bytes");
  const copy = Buffer.from(seed);
  const pkcs8 = Buffer.concat([pkcs8Prefix, copy]);
  const spki = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })).export({
    format: "der",
    type: "spki",
  });
  const blob = Buffer.concat([wireString("ssh-ed25519"), wireString(spki.subarray(spkiPrefix.length))]);
  return { seed: copy, publicKey: publicKeyOfBlob(blob) };
}

const privateLabel = "OPENSSH PRIVATE KEY";
const magic = "openssh-key-v1\0";

/** A private key file as `ssh-keygen` writes it without a passphrase (PROTOCOL.key). `check` is any random number. */
export function encodePrivateKey(secret: Ed25519Secret, comment: string, check: number): string {
  const { seed, publicKey } = secret;
  const point = readBlob(publicKey.blob).point;
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
 * The public key of a private key file: it stands in the clear, also where the rest has a passphrase or belongs to a
 * FIDO key. Throws FormatError `bad-private-key`, or `other-key-type`.
 */
export function publicKeyOfPrivate(text: string): SshPublicKey {
  return readEnvelope(text).publicKey;
}

/**
 * Reads a private key file. Throws FormatError: `key-has-passphrase`, `other-key-type` (also for a FIDO key, whose
 * secret is not in the file) or `bad-private-key`. No message repeats anything of the file.
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
  const padded = padding.length < 8 && padding.equals(Buffer.from(paddingBytes.slice(0, padding.length)));
  if (!same || !padded || pair.length !== 64 || section.length % 8 !== 0) {
    throw new FormatError(badSecret, "it is not a private key as OpenSSH writes it");
  }
  const secret = secretOfSeed(pair.subarray(0, 32));
  const fits = secret.publicKey.blob.equals(publicKey.blob) && pair.subarray(32).equals(point);
  if (!fits || !readBlob(publicKey.blob).point.equals(point)) {
    throw new FormatError(badSecret, "its public and private parts do not belong together");
  }
  return secret;
}

const otherType = "other-key-type";

function readEnvelope(text: string): {
  readonly publicKey: SshPublicKey;
  readonly cipher: string;
  readonly section: Buffer;
} {
  if (text.length > longestLine) throw new FormatError(badSecret, "it is too large for a private key");
  if (/^-----BEGIN (RSA|DSA|EC|ENCRYPTED)? ?PRIVATE KEY-----/.test(text)) {
    throw new FormatError(otherType, "it is not in OpenSSH's own format");
  }
  const reader = new WireReader(decodeArmor(privateLabel, text, badSecret), badSecret);
  if (reader.take(magic.length).toString("latin1") !== magic) {
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
  // An authenticated cipher puts its tag behind; without a cipher nothing may follow.
  if (cipher === "none") reader.end();
  return { publicKey: supported(blob), cipher, section };
}

function supported(blob: Buffer): SshPublicKey {
  const name = new WireReader(blob, badSecret).name();
  if (sshKeyTypes.every((known) => known !== name)) {
    throw new FormatError(otherType, "it is not an Ed25519 key");
  }
  return publicKeyOfBlob(blob, badSecret);
}

/**
 * Reads the binary form that OpenSSH uses everywhere (RFC 4251 §5), from bytes that may come from anybody. Every
 * length is checked before anything is taken; whatever does not fit throws FormatError with the given code.
 */
export class WireReader {
  private readonly bytes: Buffer;
  private readonly code: string;
  private at = 0;

  constructor(bytes: Uint8Array, code: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.code = code;
  }

  /** Exactly `length` bytes as they are. */
  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new FormatError(this.code, "it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  /** A length of four bytes and as many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  /** The same as text, each byte one character: names in these formats are ASCII, and other bytes match no name. */
  name(): string {
    return this.string().toString("latin1");
  }

  rest(): Buffer {
    return this.take(this.bytes.length - this.at);
  }

  /** Must be called when everything was read: trailing bytes would be room for a second reading. */
  end(): void {
    if (this.at !== this.bytes.length) throw new FormatError(this.code, "there are bytes behind its end");
  }
}

/** A string of RFC 4251 §5: length and bytes; a text as its UTF-8. */
export function wireString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}

export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes between a BEGIN and an END line, in base64 lines of 70 characters as OpenSSH writes them, each with its LF. */
export function encodeArmor(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * Reads what stands between the BEGIN and END line of `label`: lines of base64 of any length, with LF, and nothing
 * before or behind but one LF. Throws FormatError with `code`.
 */
export function decodeArmor(label: string, text: string, code: string): Buffer {
  const begin = `-----BEGIN ${label}-----\n`;
  const end = `\n-----END ${label}-----`;
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (!whole.startsWith(begin) || !whole.endsWith(end) || whole.length < begin.length + end.length) {
    throw new FormatError(code, `it does not stand between the lines of an ${label}`);
  }
  return decodeBase64(whole.slice(begin.length, -end.length).replaceAll("\n", ""), code);
}

/** Reads base64 in its one spelling: padded, no other characters, no stray bits. Throws FormatError with `code`. */
function decodeBase64(text: string, code: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== text) {
    throw new FormatError(code, "it is not base64");
  }
  return bytes;
}
