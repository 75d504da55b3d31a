import { X509Certificate } from "node:crypto";
import * as asn1 from "asn1js";
import { BasicConstraints, Certificate, ExtKeyUsage } from "pkijs";

/** A certificate as both readers have it: one for its parts, one for keys and signatures. */
export interface StampCertificate {
  readonly der: Buffer;
  readonly parts: Certificate;
  readonly x509: X509Certificate;
}

const oid = {
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  anyUsage: "2.5.29.37.0",
} as const;

/** Extensions whose meaning is looked at here, or that take nothing away: policies, names, identifiers of keys. */
const understood = new Set<string>([
  oid.keyUsage,
  oid.basicConstraints,
  oid.extendedKeyUsage,
  "2.5.29.14",
  "2.5.29.17",
  "2.5.29.18",
  "2.5.29.32",
  "2.5.29.35",
]);

/** Signatures over certificates that still hold: RSA, RSA-PSS and ECDSA over SHA-2, EdDSA. */
const soundSignature =
  /^(1\.2\.840\.113549\.1\.1\.(10|11|12|13)|1\.2\.840\.10045\.4\.3\.[234]|1\.3\.101\.11[23])$/;

const digitalSignature = 0x80;
const nonRepudiation = 0x40;
const certificateSigning = 0x04;

/** Null for bytes that are no certificate. */
export function readCertificate(der: Buffer): StampCertificate | null {
  try {
    return { der, parts: Certificate.fromBER(der), x509: new X509Certificate(der) };
  } catch {
    return null;
  }
}

/** Every certificate in some PEM texts, in order; what is none is passed over. */
export function readPemCertificates(texts: readonly string[]): readonly StampCertificate[] {
  const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;
  return texts
    .flatMap((text) => [...text.matchAll(block)])
    .map(([, base64 = ""]) => readCertificate(Buffer.from(base64, "base64")))
    .filter((certificate) => certificate !== null);
}

/** Why this certificate may not sign time-stamps (RFC 3161 §2.3); null when it may. */
export function findSignerFault({ parts }: StampCertificate): string | null {
  const usage = extensionOf(parts, oid.extendedKeyUsage);
  const purposes = purposesOf(parts);
  if (usage === undefined || purposes?.length !== 1 || purposes[0] !== oid.timeStamping) {
    return "the certificate is not one for time-stamps and nothing else";
  }
  if (!usage.critical) return "the certificate does not say critically that it is for time-stamps";
  const bits = keyUsageOf(parts);
  const signing = digitalSignature | nonRepudiation;
  if (bits !== null && ((bits & signing) === 0 || (bits & ~signing) !== 0)) {
    return "the certificate's key is for something else than signatures";
  }
  return hasUnknownCritical(parts) ? "the certificate has a condition that is not known here" : null;
}

/** Whether the words of `issuer`'s certificate let it issue one with `below` authorities under itself (RFC 5280 §4.2.1). */
function mayIssue({ parts }: StampCertificate, below: number): boolean {
  const constraints = extensionOf(parts, oid.basicConstraints)?.parsedValue;
  if (!(constraints instanceof BasicConstraints) || !constraints.cA) return false;
  const limit = constraints.pathLenConstraint;
  if (limit !== undefined && (typeof limit !== "number" || below > limit)) return false;
  const bits = keyUsageOf(parts);
  if (bits !== null && (bits & certificateSigning) === 0) return false;
  const purposes = purposesOf(parts);
  const fits = purposes === null || purposes.some((one) => one === oid.timeStamping || one === oid.anyUsage);
  return fits && !hasUnknownCritical(parts);
}

/** Whether `issuer` signed `certificate`, by name, identifiers and signature, with a digest that still holds. */
function hasSigned(issuer: StampCertificate, { parts, x509 }: StampCertificate): boolean {
  if (!soundSignature.test(parts.signatureAlgorithm.algorithmId)) return false;
  try {
    return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

/** Valid at a time, UTC; certificates count in whole seconds (RFC 5280 §4.1.2.5). */
function wasValid({ parts }: StampCertificate, at: string): boolean {
  const second = Math.floor(Date.parse(at) / 1000) * 1000;
  return parts.notBefore.value.getTime() <= second && second <= parts.notAfter.value.getTime();
}

/** The common name, else the organisation, else the whole name. Foreign text, at most 200 characters. */
export function nameOf({ x509 }: StampCertificate): string {
  const lines = x509.subject?.split("\n") ?? [];
  const part = (type: string) => lines.find((line) => line.startsWith(`${type}=`))?.slice(type.length + 1);
  return (part("CN") ?? part("O") ?? lines.join(", ")).slice(0, 200);
}

export function isSelfIssued({ x509 }: StampCertificate): boolean {
  return x509.subject === x509.issuer;
}

function extensionOf({ extensions }: Certificate, id: string) {
  return extensions?.find(({ extnID }) => extnID === id);
}

function purposesOf(parts: Certificate): readonly string[] | null {
  const extension = extensionOf(parts, oid.extendedKeyUsage);
  if (extension === undefined) return null;
  return extension.parsedValue instanceof ExtKeyUsage ? extension.parsedValue.keyPurposes : [];
}

/** The first byte of the bits, which has all that are asked for; null without the extension: no restriction. */
function keyUsageOf(parts: Certificate): number | null {
  const extension = extensionOf(parts, oid.keyUsage);
  if (extension === undefined) return null;
  const bits = extension.parsedValue;
  return bits instanceof asn1.BitString ? (bits.valueBlock.valueHexView[0] ?? 0) : 0;
}

function hasUnknownCritical({ extensions = [] }: Certificate): boolean {
  const ids = extensions.map(({ extnID }) => extnID);
  return (
    new Set(ids).size !== ids.length ||
    extensions.some(({ critical, extnID }) => critical && !understood.has(extnID))
  );
}

/** Certificates from the signer upwards. */
export interface Chain {
  readonly certificates: readonly StampCertificate[];
  /** Whether the last one is one of the roots that were given. */
  readonly trusted: boolean;
}

const maxLength = 8;
/** Whoever made the response decides how many certificates could be each other's issuers. */
const maxChecks = 400;

/**
 * The best chain from `leaf`, over certificates of the response (`pool`) and the roots: one that ends in a root with
 * every certificate valid at `at` before one that ends in a root, and that before the longest there is.
 */
export function buildChain(
  leaf: StampCertificate,
  pool: readonly StampCertificate[],
  roots: readonly string[],
  at: string,
): Chain {
  const anchors = anchorsOf(roots);
  const search: Search = { anchors, pool, checksLeft: maxChecks };
  let best: Chain = { certificates: [leaf], trusted: false };
  for (const chain of chainsFrom([leaf], search)) {
    if (rank(chain, at) > rank(best, at)) best = chain;
    if (chain.trusted && wasValidThroughout(chain, at)) break;
  }
  return best;
}

export function wasValidThroughout({ certificates }: Chain, at: string): boolean {
  return certificates.every((certificate) => wasValid(certificate, at));
}

interface Search {
  readonly anchors: readonly StampCertificate[];
  readonly pool: readonly StampCertificate[];
  checksLeft: number;
}

function rank(chain: Chain, at: string): number {
  if (!chain.trusted) return chain.certificates.length;
  return wasValidThroughout(chain, at) ? 200 : 100;
}

function* chainsFrom(path: readonly StampCertificate[], search: Search): Generator<Chain> {
  const last = path.at(-1);
  if (last === undefined) return;
  if (search.anchors.some(({ der }) => der.equals(last.der))) yield { certificates: path, trusted: true };
  for (const anchor of search.anchors) {
    if (isLink(anchor, path, search)) yield { certificates: [...path, anchor], trusted: true };
  }
  for (const issuer of path.length < maxLength ? search.pool : []) {
    const known = path.some(({ der }) => der.equals(issuer.der));
    if (!known && isLink(issuer, path, search)) yield* chainsFrom([...path, issuer], search);
  }
  yield { certificates: path, trusted: false };
}

/** Whether `issuer` issued the last of `path`; names first, because signatures cost time. */
function isLink(issuer: StampCertificate, path: readonly StampCertificate[], search: Search): boolean {
  const last = path.at(-1);
  if (last === undefined || last.x509.issuer !== issuer.x509.subject || last.der.equals(issuer.der))
    return false;
  // The length of a path is counted without the leaf and without certificates that an authority made for itself.
  const below = path.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (!mayIssue(issuer, below)) return false;
  search.checksLeft -= 1;
  return search.checksLeft >= 0 && hasSigned(issuer, last);
}

const known = new WeakMap<readonly string[], readonly StampCertificate[]>();

/** Reading some hundred roots takes longer than checking a token: a list that was read is remembered. */
function anchorsOf(roots: readonly string[]): readonly StampCertificate[] {
  const anchors = known.get(roots) ?? readPemCertificates(roots);
  known.set(roots, anchors);
  return anchors;
}
