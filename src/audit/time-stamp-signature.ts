import { createHash, hash } from "node:crypto";
import * as asn1 from "asn1js";
import { getCrypto, IssuerAndSerialNumber, type SignerInfo } from "pkijs";
import { FormatError } from "./finding.js";
import type { StampCertificate } from "./time-stamp-certificate.js";
import { childrenOf, malformed, type ReadToken } from "./time-stamp-reader.js";

const oid = {
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  subjectKeyIdentifier: "2.5.29.14",
} as const;

const digests: ReadonlyMap<string, { readonly node: string; readonly web: string }> = new Map([
  ["2.16.840.1.101.3.4.2.1", { node: "sha256", web: "SHA-256" }],
  ["2.16.840.1.101.3.4.2.2", { node: "sha384", web: "SHA-384" }],
  ["2.16.840.1.101.3.4.2.3", { node: "sha512", web: "SHA-512" }],
]);

/**
 * What a signature over signed attributes may be, and the digest it says itself; null where the SignerInfo says it.
 * RSA-PSS is not among them: `openssl ts -verify` does not take it, and a token is for people without this program.
 */
const signatures: ReadonlyMap<string, string | null> = new Map([
  ["1.2.840.113549.1.1.1", null],
  ["1.2.840.113549.1.1.11", "SHA-256"],
  ["1.2.840.113549.1.1.12", "SHA-384"],
  ["1.2.840.113549.1.1.13", "SHA-512"],
  ["1.2.840.10045.4.3.2", "SHA-256"],
  ["1.2.840.10045.4.3.3", "SHA-384"],
  ["1.2.840.10045.4.3.4", "SHA-512"],
]);

/**
 * Finds the certificate that signed and checks the signature: signed attributes content-type and message-digest
 * (RFC 5652 §11), the certificate's own hash among them (RFC 3161 §2.4.1, RFC 5816), and the signature over them.
 * Throws FormatError `token-signature` or `token-malformed`.
 */
export async function checkTokenSignature(
  token: ReadToken,
  certificates: readonly StampCertificate[],
): Promise<StampCertificate> {
  const { signer, content } = token;
  const digest = digests.get(signer.digestAlgorithm.algorithmId);
  if (digest === undefined) throw wrong("it is signed over a digest that is not taken");
  const contentType = attributeOf(signer, oid.contentType);
  if (!(contentType instanceof asn1.ObjectIdentifier) || contentType.getValue() !== oid.tstInfo) {
    throw wrong("the signature is not over a TSTInfo");
  }
  const stated = attributeOf(signer, oid.messageDigest);
  if (!bytesOf(stated)?.equals(createHash(digest.node).update(content).digest())) {
    throw wrong("what was signed is another time-stamp");
  }
  const certificate = findSigner(signer, certificates);
  await verify(signer, digest.web, certificate);
  return certificate;
}

function findSigner(signer: SignerInfo, certificates: readonly StampCertificate[]): StampCertificate {
  const named = certificates.filter((certificate) => isNamed(signer, certificate));
  if (named.length === 0) throw wrong("the certificate that signed it is not in the response");
  const found = named.find((certificate) => isStated(signer, certificate));
  if (found === undefined) throw wrong("it does not state that certificate as the one that signed it");
  return found;
}

function isNamed({ sid }: SignerInfo, { parts }: StampCertificate): boolean {
  if (sid instanceof IssuerAndSerialNumber) {
    return sid.issuer.isEqual(parts.issuer) && sid.serialNumber.isEqual(parts.serialNumber);
  }
  const identifier = parts.extensions?.find(({ extnID }) => extnID === oid.subjectKeyIdentifier)?.parsedValue;
  const own = bytesOf(identifier);
  // [0] is implicit in CMS; the library's schema, and so some writers, have it explicit.
  const stated =
    sid instanceof asn1.Primitive ? Buffer.from(sid.valueBlock.valueHexView) : bytesOf(childrenOf(sid)[0]);
  return own !== null && stated?.equals(own) === true;
}

/** Every statement of a signing certificate that is there names this one first; one of them must be there. */
function isStated(signer: SignerInfo, { der }: StampCertificate): boolean {
  const first = findAttribute(signer, oid.signingCertificate);
  const second = findAttribute(signer, oid.signingCertificateV2);
  if (first === null && second === null) return false;
  return (first === null || statesVersion1(first, der)) && (second === null || statesVersion2(second, der));
}

/** SigningCertificate: the SHA-1 of the certificate is the first field of the first ESSCertID (RFC 2634 §5.4). */
function statesVersion1(attribute: asn1.BaseBlock, der: Buffer): boolean {
  const [stated] = childrenOf(childrenOf(childrenOf(attribute)[0])[0]);
  return bytesOf(stated)?.equals(createHash("sha1").update(der).digest()) === true;
}

/** SigningCertificateV2: the same with a digest algorithm before it, SHA-256 where there is none (RFC 5035 §3). */
function statesVersion2(attribute: asn1.BaseBlock, der: Buffer): boolean {
  const [first, second] = childrenOf(childrenOf(childrenOf(attribute)[0])[0]);
  const given = first instanceof asn1.Sequence;
  const name = given ? childrenOf(first)[0] : null;
  const algorithm = name instanceof asn1.ObjectIdentifier ? digests.get(name.getValue())?.node : undefined;
  if (given && algorithm === undefined) return false;
  const stated = bytesOf(given ? second : first);
  return stated?.toString("hex") === hash(algorithm ?? "sha256", der, "hex");
}

async function verify(signer: SignerInfo, digest: string, { parts }: StampCertificate): Promise<void> {
  const { signedAttrs, signature, signatureAlgorithm } = signer;
  const stated = signatures.get(signatureAlgorithm.algorithmId);
  if (stated === undefined || signedAttrs === undefined)
    throw wrong("it is signed in a way that is not taken");
  const good = await getCrypto(true)
    .verifyWithPublicKey(
      signedAttrs.encodedValue,
      signature,
      parts.subjectPublicKeyInfo,
      signatureAlgorithm,
      stated ?? digest,
    )
    .catch(() => false);
  if (!good) throw wrong("the signature is not that of its certificate over this time-stamp");
}

/** The only value of an attribute that must be there once. Throws FormatError `token-malformed`. */
function attributeOf(signer: SignerInfo, type: string): asn1.BaseBlock {
  const found = findAttribute(signer, type);
  if (found === null) throw malformed("the signature lacks an attribute that it must have");
  return found;
}

function findAttribute({ signedAttrs }: SignerInfo, type: string): asn1.BaseBlock | null {
  const values = (signedAttrs?.attributes ?? []).filter((one) => one.type === type).map((one) => one.values);
  if (values.length === 0) return null;
  const [value, ...others] = values.flat();
  if (!(value instanceof asn1.BaseBlock) || others.length > 0) {
    throw malformed("the signature has an attribute twice, or without a value");
  }
  return value;
}

function bytesOf(block: unknown): Buffer | null {
  return block instanceof asn1.OctetString ? Buffer.from(block.getValue()) : null;
}

function wrong(words: string): FormatError {
  return new FormatError("token-signature", words);
}
