import { concat, latin1, sameBytes, utf8 } from "./bytes.js";
import { crypto } from "./crypto.js";
import { demand, readOr } from "./finding.js";
import {
  decodeArmor,
  isSignedBy,
  keyParts,
  publicKeyOfBlob,
  type SshPublicKey,
  WireReader,
  wireString,
} from "./ssh-key.js";

/**
 * The result of a check. A good signature names its key; whether that key may sign is for the caller to decide.
 * `userPresent` is null for a key in a file; for a FIDO key, whether the device says that somebody touched it.
 */
export type SignatureCheck =
  | { readonly key: SshPublicKey; readonly userPresent: boolean | null }
  | { readonly code: "signature-malformed" | "signature-wrong"; readonly message: string };

/** The label in the first and last line of an armoured signature. */
export const signatureLabel = "SSH SIGNATURE";
const magic = "SSHSIG";
const malformed = "signature-malformed";

/** The largest armoured signature that is read at all; a real one has about 300 bytes. */
const largestSignature = 64 * 1024;

/**
 * Checks an armoured signature over exactly these bytes in this namespace (FORMAT.md §13). Both may come from anybody;
 * nothing is thrown. Another namespace, key type, version, hash or anything in `reserved` is `signature-malformed`.
 */
export function checkSignature(message: Uint8Array, armored: string, namespace: string): SignatureCheck {
  const parts = readOr(
    () => readSignature(armored, namespace),
    ({ message: why }) => why,
  );
  if (typeof parts === "string") {
    return { code: malformed, message: `this is not a signature that counts here: ${parts}` };
  }
  const { point, application } = keyParts(parts.key.blob);
  const data = toBeSigned(message, namespace, parts.hashName);
  const signed = application === null ? data : seenByDevice(data, application, parts.device);
  if (!isSignedBy(point, signed, parts.raw)) {
    return { code: "signature-wrong", message: "the signature is not over these bytes" };
  }
  const present = parts.device.length === 0 ? null : ((parts.device[0] ?? 0) & userPresence) !== 0;
  return { key: parts.key, userPresent: present };
}

/** Bit 0 of the flags of a FIDO device (WebAuthn §6.1). */
const userPresence = 1;

interface SignatureParts {
  readonly key: SshPublicKey;
  readonly hashName: "sha256" | "sha512";
  /** 64 bytes of Ed25519. */
  readonly raw: Uint8Array;
  /** Flags and counter of a FIDO device, five bytes; empty for other keys. */
  readonly device: Uint8Array;
}

function readSignature(armored: string, namespace: string): SignatureParts {
  demand(armored.length <= largestSignature, malformed, "it is too large");
  const reader = new WireReader(decodeArmor(signatureLabel, armored, malformed), malformed);
  const begins = latin1(reader.take(magic.length)) === magic && reader.uint32() === 1;
  demand(begins, malformed, "it is not an SSHSIG of version 1");
  const key = publicKeyOfBlob(reader.string());
  const isForThis = sameBytes(reader.string(), utf8(namespace));
  demand(isForThis, malformed, "it is for another purpose (namespace)");
  demand(reader.string().length === 0, malformed, "its reserved field is not empty");
  const hashName = reader.name();
  const isKnown = hashName === "sha256" || hashName === "sha512";
  demand(isKnown, malformed, "it uses another hash than sha256 or sha512");
  const signature = new WireReader(reader.string(), malformed);
  reader.end();
  demand(signature.name() === key.type, malformed, "it is of another type than its key");
  const raw = signature.string();
  demand(raw.length === 64, malformed, "an Ed25519 signature has 64 bytes");
  const device = key.type === "ssh-ed25519" ? new Uint8Array() : signature.take(5);
  signature.end();
  return { key, hashName, raw, device };
}

/** The bytes that a key in a file signs: PROTOCOL.sshsig, section 3. */
export function toBeSigned(
  message: Uint8Array,
  namespace: string,
  hashName: "sha256" | "sha512",
): Uint8Array {
  const digest = crypto.digest(hashName, message);
  return concat(utf8(magic), wireString(namespace), wireString(""), wireString(hashName), wireString(digest));
}

/** The bytes that a FIDO device signs: PROTOCOL.u2f, "SSH U2F signatures". `device` is flags and counter. */
function seenByDevice(data: Uint8Array, application: Uint8Array, device: Uint8Array): Uint8Array {
  return concat(crypto.digest("sha256", application), device, crypto.digest("sha256", data));
}
