import * as asn1 from "asn1js";
import { IssuerAndSerialNumber, type SignerInfo } from "pkijs";
import { sameBytes } from "./bytes.js";
import { crypto, type DigestName } from "./crypto.js";
import { FormatError } from "./finding.js";
import {
  comparable,
  publicKeyOf,
  type StampCertificate,
  subjectKeyIdentifierOf,
} from "./time-stamp-certificate.js";
import { childrenOf, malformed, type ReadToken } from "./time-stamp-reader.js";
import { digests, tokenSchemeOf } from "./time-stamp-scheme.js";

const oid = {
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
} as const;

/**
 * Finds the certificate that signed and checks the signature: signed attributes content-type and message-digest
 * (RFC 5652 §11), the certificate's own hash among them (RFC 3161 §2.4.1, RFC 5816), and the signature over them.
 * Throws FormatError `token-signature` or `token-malformed`.
 */
export function checkTokenSignature(
  token: ReadToken,
  certificates: readonly StampCertificate[],
): StampCertificate {
  const { signer, content } = token;
  const digest = digests.get(signer.digestAlgorithm.algorithmId);
  if (digest === undefined) throw wrong("it is signed over a digest that is not accepted");
  const contentType = attributeOf(signer, oid.contentType);
  if (!(contentType instanceof asn1.ObjectIdentifier) || contentType.getValue() !== oid.tstInfo) {
    throw wrong("the signature is not over a TSTInfo");
  }
  const stated = attributeOf(signer, oid.messageDigest);
  if (!isOctets(stated, crypto.digest(digest, content))) throw wrong("what was signed is another time-stamp");
  const certificate = findSigner(signer, certificates);
  verify(signer, digest, certificate);
  return certificate;
}

function findSigner(signer: SignerInfo, certificates: readonly StampCertificate[]): StampCertificate {
  const named = certificates.filter((certificate) => isNamed(signer, certificate));
  if (named.length === 0) throw wrong("the certificate that signed it is not in the response");
  const found = named.find((certificate) => isStated(signer, certificate));
  if (found === undefined) throw wrong("it does not state that certificate as the one that signed it");
  return found;
}

function isNamed({ sid }: SignerInfo, { parts, issuer }: StampCertificate): boolean {
  if (sid instanceof IssuerAndSerialNumber) {
    return comparable(sid.issuer) === issuer && sid.serialNumber.isEqual(parts.serialNumber);
  }
  const own = bytesOf(subjectKeyIdentifierOf(parts));
  // [0] is implicit in CMS; in the library's schema, and so from some writers, it is explicit.
  const stated = sid instanceof asn1.Primitive ? sid.valueBlock.valueHexView : bytesOf(childrenOf(sid)[0]);
  return own !== null && stated !== null && sameBytes(stated, own);
}

/** Every signing-certificate attribute that is there names this one first; at least one must be there. */
function isStated(signer: SignerInfo, { der }: StampCertificate): boolean {
  const first = findAttribute(signer, oid.signingCertificate);
  const second = findAttribute(signer, oid.signingCertificateV2);
  if (first === null && second === null) return false;
  return (first === null || statesVersion1(first, der)) && (second === null || statesVersion2(second, der));
}

/** SigningCertificate: the SHA-1 of the certificate is the first field of the first ESSCertID (RFC 2634 §5.4). */
function statesVersion1(attribute: asn1.BaseBlock, der: Uint8Array): boolean {
  const [stated] = childrenOf(childrenOf(childrenOf(attribute)[0])[0]);
  return isOctets(stated, crypto.digest("sha1", der));
}

/** SigningCertificateV2: the same with a digest algorithm before it, SHA-256 if there is none (RFC 5035 §3). */
function statesVersion2(attribute: asn1.BaseBlock, der: Uint8Array): boolean {
  const [first, second] = childrenOf(childrenOf(childrenOf(attribute)[0])[0]);
  const given = first instanceof asn1.Sequence;
  const name = given ? childrenOf(first)[0] : null;
  const algorithm = name instanceof asn1.ObjectIdentifier ? digests.get(name.getValue()) : undefined;
  if (given && algorithm === undefined) return false;
  return isOctets(given ? second : first, crypto.digest(algorithm ?? "sha256", der));
}

function verify(signer: SignerInfo, digest: DigestName, certificate: StampCertificate): void {
  const { signedAttrs, signature, signatureAlgorithm } = signer;
  const scheme = tokenSchemeOf(signatureAlgorithm.algorithmId, digest);
  if (scheme === null || signedAttrs === undefined) throw wrong("it is signed in a way that is not accepted");
  const signed = new Uint8Array(signedAttrs.encodedValue);
  if (!crypto.verify(scheme, publicKeyOf(certificate), signed, signature.valueBlock.valueHexView)) {
    throw wrong("the signature is not that of its certificate over this time-stamp");
  }
}

/** The only value of an attribute that must occur once. Throws FormatError `token-malformed`. */
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

function bytesOf(block: unknown): Uint8Array | null {
  return block instanceof asn1.OctetString ? new Uint8Array(block.getValue()) : null;
}

function isOctets(block: unknown, wanted: Uint8Array): boolean {
  const bytes = bytesOf(block);
  return bytes !== null && sameBytes(bytes, wanted);
}

function wrong(words: string): FormatError {
  return new FormatError("token-signature", words);
}
