import { constants, createPublicKey, hash, type KeyObject, verify } from "node:crypto";

export type DigestName = "ripemd160" | "sha1" | "sha256" | "sha384" | "sha512";

/** How a signature was made. ECDSA signatures are in DER (RFC 3279 §2.2.3), EdDSA signatures raw (RFC 8032). */
export type SignatureScheme =
  | { readonly kind: "rsa" | "ecdsa"; readonly digest: DigestName }
  | { readonly kind: "rsa-pss"; readonly digest: DigestName; readonly saltLength: number }
  | { readonly kind: "ed25519" | "ed448" };

/**
 * All cryptography that a verdict rests on, and all that the kernel takes from the machine. It answers synchronously: a
 * log has hundreds of thousands of lines, and awaiting each would cost more than hashing it.
 */
export interface Crypto {
  /** Throws if this machine has no such digest: some builds of OpenSSL come without RIPEMD-160. */
  readonly digest: (name: DigestName, bytes: Uint8Array) => Uint8Array;
  /** The same as lower-case hex, as entries and manifests state it. A string is hashed as its UTF-8. */
  readonly hexDigest: (name: DigestName, bytes: Uint8Array | string) => string;
  /**
   * Whether this is a signature over exactly `signed` by the key, a SubjectPublicKeyInfo in DER (RFC 5280 §4.1). Both may
   * come from anybody: false for whatever is not in its form, and for a key of another kind or curve than the scheme's.
   */
  readonly verify: (
    scheme: SignatureScheme,
    key: Uint8Array,
    signed: Uint8Array,
    signature: Uint8Array,
  ) => boolean;
}

/**
 * Node's cryptography. This file is the only seam: a browser's bundle puts another in its place, so that no function
 * signature carries a provider along and no two parts of one check can use different ones.
 */
export const crypto: Crypto = {
  digest: (name, bytes) => hash(name, bytes, "buffer"),
  hexDigest: (name, bytes) => hash(name, bytes, "hex"),
  verify: (scheme, key, signed, signature) => {
    try {
      // Node takes a key in DER as a Buffer only.
      const publicKey = createPublicKey({ key: Buffer.from(key), format: "der", type: "spki" });
      return isOfKind(publicKey, scheme) && isSignature(scheme, publicKey, signed, signature);
    } catch {
      return false;
    }
  },
};

const curves = [
  ...["prime256v1", "secp384r1", "secp521r1"],
  ...["brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
];

function isOfKind(
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
  { kind }: SignatureScheme,
): boolean {
  if (kind === "ecdsa") {
    return asymmetricKeyType === "ec" && curves.includes(asymmetricKeyDetails?.namedCurve ?? "");
  }
  return asymmetricKeyType === kind || (kind === "rsa-pss" && asymmetricKeyType === "rsa");
}

function isSignature(
  scheme: SignatureScheme,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (scheme.kind) {
    case "rsa":
      return verify(scheme.digest, signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case "rsa-pss": {
      const { digest, saltLength } = scheme;
      return verify(digest, signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    }
    case "ecdsa":
      return verify(scheme.digest, signed, { key, dsaEncoding: "der" }, signature);
    default:
      return verify(null, signed, key, signature);
  }
}
