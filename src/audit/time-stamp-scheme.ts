import * as asn1 from "asn1js";
import { type AlgorithmIdentifier, RSASSAPSSParams } from "pkijs";
import type { DigestName, SignatureScheme } from "./crypto.js";

/** Digests that are still secure, by their identifiers. */
export const digests: ReadonlyMap<string, DigestName> = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

const schemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ["1.2.840.113549.1.1.11", { kind: "rsa", digest: "sha256" }],
  ["1.2.840.113549.1.1.12", { kind: "rsa", digest: "sha384" }],
  ["1.2.840.113549.1.1.13", { kind: "rsa", digest: "sha512" }],
  ["1.2.840.10045.4.3.2", { kind: "ecdsa", digest: "sha256" }],
  ["1.2.840.10045.4.3.3", { kind: "ecdsa", digest: "sha384" }],
  ["1.2.840.10045.4.3.4", { kind: "ecdsa", digest: "sha512" }],
  ["1.3.101.112", { kind: "ed25519" }],
  ["1.3.101.113", { kind: "ed448" }],
]);

/** How a certificate was signed: RSA, RSA-PSS or ECDSA over SHA-2, or EdDSA; null for what is not secure any more. */
export function schemeOf({ algorithmId, algorithmParams }: AlgorithmIdentifier): SignatureScheme | null {
  if (algorithmId !== "1.2.840.113549.1.1.10") return schemes.get(algorithmId) ?? null;
  if (!(algorithmParams instanceof asn1.Sequence)) return null;
  const { hashAlgorithm, maskGenAlgorithm, saltLength, trailerField } = new RSASSAPSSParams({
    schema: algorithmParams,
  });
  const digest = digests.get(hashAlgorithm.algorithmId);
  const mask = maskGenAlgorithm.algorithmParams;
  const [maskDigest] = mask instanceof asn1.Sequence ? mask.valueBlock.value : [];
  const isUsual =
    maskDigest instanceof asn1.ObjectIdentifier &&
    maskDigest.getValue() === hashAlgorithm.algorithmId &&
    trailerField === 1;
  return digest === undefined || !isUsual ? null : { kind: "rsa-pss", digest, saltLength };
}

/**
 * What a signature over signed attributes may be; null for any other. RSA-PSS is not allowed: `openssl ts -verify` does
 * not accept it, and a token is for people without this program. `stated` is the digest that the SignerInfo itself
 * names.
 */
export function tokenSchemeOf(algorithmId: string, stated: DigestName): SignatureScheme | null {
  if (algorithmId === "1.2.840.113549.1.1.1") return { kind: "rsa", digest: stated };
  const scheme = schemes.get(algorithmId);
  return scheme?.kind === "rsa" || scheme?.kind === "ecdsa" ? scheme : null;
}
