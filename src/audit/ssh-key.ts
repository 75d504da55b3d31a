import { ByteReader } from "./byte-reader.js";
import { base64, bytesOfBase64, concat, latin1, utf8 } from "./bytes.js";
import { crypto } from "./crypto.js";
import { FormatError } from "./finding.js";

/** The key types a vault may be signed with (FORMAT.md §13): a key in a file or agent, and one in a FIDO device. */
export const sshKeyTypes = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"] as const;

export type SshKeyType = (typeof sshKeyTypes)[number];

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** The key in OpenSSH's binary form, as the base64 of `line` has it. */
  readonly blob: Uint8Array;
  /** Type and base64 with one space, without a comment. */
  readonly line: string;
  /** `SHA256:` and base64 without padding, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
}

const badKey = "bad-public-key";

/** Longer than any public key line of these types, its comment included. */
const longestLine = 16_384;

/**
 * Reads one line of a `.pub` file or of an entry: type, base64, and perhaps a comment, which is dropped. Anybody may
 * have written it. Throws FormatError `bad-public-key`.
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
export function publicKeyOfBlob(blob: Uint8Array, code = badKey): SshPublicKey {
  const { type } = keyParts(blob, code);
  return {
    type,
    blob,
    line: `${type} ${base64(blob)}`,
    fingerprint: `SHA256:${base64(crypto.digest("sha256", blob)).replace(/=+$/, "")}`,
  };
}

/** Whether it is the same key: a line without its comment has one spelling. */
export function sameKey(a: SshPublicKey, b: SshPublicKey): boolean {
  return a.line === b.line;
}

/** Whether this is the Ed25519 signature of `signed` by the point of a key, 32 bytes (RFC 8032). */
export function isSignedBy(point: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  return crypto.verify({ kind: "ed25519" }, concat(spkiPrefix, point), signed, signature);
}

/** DER of RFC 8410 around a public key of 32 bytes. */
const spkiPrefix = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/**
 * The parts of a key in OpenSSH's binary form; the application is what a FIDO key is bound to. Throws as
 * `publicKeyOfBlob`.
 */
export function keyParts(
  blob: Uint8Array,
  code = badKey,
): {
  readonly type: SshKeyType;
  readonly point: Uint8Array;
  readonly application: Uint8Array | null;
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

/** Reads the binary form that OpenSSH uses everywhere (RFC 4251 §5). */
export class WireReader extends ByteReader {
  uint32(): number {
    return this.take(4).reduce((value, byte) => value * 0x100 + byte, 0);
  }

  /** A length of four bytes and as many bytes. */
  string(): Uint8Array {
    return this.take(this.uint32());
  }

  /** The same as text, each byte one character: names in these formats are ASCII, and other bytes match no name. */
  name(): string {
    return latin1(this.string());
  }
}

/** A string of RFC 4251 §5: length and bytes; a text as its UTF-8. */
export function wireString(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(wireUint32(bytes.length), bytes);
}

export function wireUint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/**
 * Reads what stands between the BEGIN and END line of `label`: lines of base64 of any length, with LF, and nothing
 * before or after but one LF. Throws FormatError with `code`.
 */
export function decodeArmor(label: string, text: string, code: string): Uint8Array {
  const begin = `-----BEGIN ${label}-----\n`;
  const end = `\n-----END ${label}-----`;
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (!whole.startsWith(begin) || !whole.endsWith(end) || whole.length < begin.length + end.length) {
    throw new FormatError(code, `it does not stand between the lines of an ${label}`);
  }
  return decodeBase64(whole.slice(begin.length, -end.length).replaceAll("\n", ""), code);
}

/** Reads base64 in its one spelling: padded, no other characters, no stray bits. Throws FormatError with `code`. */
function decodeBase64(text: string, code: string): Uint8Array {
  const bytes = bytesOfBase64(text);
  if (bytes === null || bytes.length === 0) throw new FormatError(code, "it is not base64");
  return bytes;
}
