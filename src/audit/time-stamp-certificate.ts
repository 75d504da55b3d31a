import * as asn1 from "asn1js";
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  RelativeDistinguishedNames,
} from "pkijs";
import { bytesOfBase64, hex, sameBytes } from "./bytes.js";
import { crypto } from "./crypto.js";
import { childrenOf, parse } from "./time-stamp-reader.js";
import { schemeOf } from "./time-stamp-scheme.js";

/** An X.509 certificate made by anybody. */
export interface StampCertificate {
  readonly der: Uint8Array;
  readonly parts: Certificate;
  /** The names of the certificate and of its issuer, for comparison: as texts, whatever string type each part has. */
  readonly subject: string;
  readonly issuer: string;
}

const oid = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  otherNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  anyUsage: "2.5.29.37.0",
} as const;

/** Extensions whose meaning is checked here, or that restrict nothing: policies, names, identifiers of keys. */
const understood = new Set<string>([
  oid.keyUsage,
  oid.basicConstraints,
  oid.extendedKeyUsage,
  oid.subjectKeyIdentifier,
  oid.authorityKeyIdentifier,
  oid.otherNames,
  "2.5.29.18",
  "2.5.29.32",
]);

const digitalSignature = 0x80;
const nonRepudiation = 0x40;
const certificateSigning = 0x04;

/** Null for bytes that are not a certificate. */
export function readCertificate(der: Uint8Array): StampCertificate | null {
  try {
    const parts = new Certificate({ schema: parse(der) });
    return { der, parts, subject: comparable(parts.subject), issuer: comparable(parts.issuer) };
  } catch {
    return null;
  }
}

/** Every certificate in some PEM texts, in order; anything else is skipped. */
export function readPemCertificates(texts: readonly string[]): readonly StampCertificate[] {
  const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;
  return texts
    .flatMap((text) => [...text.matchAll(block)])
    .map(([, base64 = ""]) => bytesOfBase64(base64.replace(/\s/g, "")))
    .map((der) => der && readCertificate(der))
    .filter((certificate) => certificate !== null);
}

/** Why this certificate may not sign time-stamps (RFC 3161 §2.3); null when it may. */
export function findSignerFault({ parts }: StampCertificate): string | null {
  const usage = extensionOf(parts, oid.extendedKeyUsage);
  const purposes = purposesOf(parts);
  if (usage === undefined || purposes?.length !== 1 || purposes[0] !== oid.timeStamping) {
    return "the certificate is not for time-stamps alone";
  }
  if (!usage.critical) return "the certificate does not say critically that it is for time-stamps";
  const bits = keyUsageOf(parts);
  const signing = digitalSignature | nonRepudiation;
  if (bits !== null && ((bits & signing) === 0 || (bits & ~signing) !== 0)) {
    return "the certificate's key is for something other than signatures";
  }
  return hasUnknownCritical(parts) ? "the certificate has a condition that is not known here" : null;
}

/** Whether `issuer`'s certificate lets it issue one with `below` authorities under itself (RFC 5280 §4.2.1). */
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

/** Whether `issuer` signed `certificate`, by name, identifiers and signature, with a digest that is still secure. */
function hasSigned(issuer: StampCertificate, { parts, issuer: name }: StampCertificate): boolean {
  if (name !== issuer.subject || !isIdentified(issuer.parts, parts)) return false;
  const scheme = schemeOf(parts.signatureAlgorithm);
  if (scheme === null) return false;
  return crypto.verify(
    scheme,
    publicKeyOf(issuer),
    parts.tbsView,
    parts.signatureValue.valueBlock.valueHexView,
  );
}

/** The SubjectPublicKeyInfo in DER. */
export function publicKeyOf({ parts }: StampCertificate): Uint8Array {
  return new Uint8Array(parts.subjectPublicKeyInfo.toSchema().toBER());
}

/** The subject key identifier, an octet string if it follows RFC 5280 §4.2.1.2. */
export function subjectKeyIdentifierOf(parts: Certificate): unknown {
  return extensionOf(parts, oid.subjectKeyIdentifier)?.parsedValue;
}

/** Whether a certificate's authority key identifier, if it has one, is that of `issuer` (RFC 5280 §4.2.1.1). */
function isIdentified(issuer: Certificate, certificate: Certificate): boolean {
  const stated = extensionOf(certificate, oid.authorityKeyIdentifier);
  if (stated === undefined) return true;
  const { parsedValue } = stated;
  if (!(parsedValue instanceof AuthorityKeyIdentifier)) return false;
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber: serial } = parsedValue;
  const own = subjectKeyIdentifierOf(issuer);
  const isKey =
    keyIdentifier === undefined ||
    !(own instanceof asn1.OctetString) ||
    sameBytes(keyIdentifier.valueBlock.valueHexView, own.valueBlock.valueHexView);
  const names = (authorityCertIssuer ?? []).filter(({ type }) => type === directoryName);
  const isName =
    names.length === 0 || names.some(({ value }) => comparable(value) === comparable(issuer.issuer));
  return isKey && isName && (serial === undefined || serial.isEqual(issuer.serialNumber));
}

/**
 * Whether a GeneralName is the certificate's subject or one of its other names (RFC 3161 §2.4.2), as `openssl ts -verify`
 * compares them.
 */
export function isNamed({ parts, subject }: StampCertificate, name: asn1.BaseBlock): boolean {
  const stated = comparableName(name);
  if (stated === subject) return true;
  const others = extensionOf(parts, oid.otherNames)?.extnValue.getValue();
  return (
    others !== undefined &&
    childrenOf(parse(new Uint8Array(others))).some((one) => comparableName(one) === stated)
  );
}

function comparableName(name: asn1.BaseBlock): string {
  const [schema] = childrenOf(name);
  if (name.idBlock.tagNumber !== directoryName || schema === undefined)
    return hex(name.valueBeforeDecodeView);
  return comparable(new RelativeDistinguishedNames({ schema }));
}

/** Tag of a GeneralName that is a name like those of certificates (RFC 5280 §4.2.1.6). */
const directoryName = 4;

/** Upper and lower case and runs of spaces do not count in names (RFC 5280 §7.1). */
export function comparable({ typesAndValues }: RelativeDistinguishedNames): string {
  return JSON.stringify(
    typesAndValues.map(({ type, value }) => [type, textOf(value).trim().replace(/ +/g, " ").toLowerCase()]),
  );
}

/** The text of one part of a name; the hex of its bytes if it is not text. */
function textOf(value: unknown): string {
  if (value instanceof asn1.BaseStringBlock) return value.getValue();
  return value instanceof asn1.BaseBlock ? `#${hex(value.valueBeforeDecodeView)}` : "";
}

/** Valid at a time, UTC; certificates count in whole seconds (RFC 5280 §4.1.2.5). */
function wasValid({ parts }: StampCertificate, at: string): boolean {
  const second = Math.floor(Date.parse(at) / 1000) * 1000;
  return parts.notBefore.value.getTime() <= second && second <= parts.notAfter.value.getTime();
}

/** The common name, else the organisation, else the whole name. Foreign text, at most 200 characters. */
export function nameOf({ parts }: StampCertificate): string {
  const all = parts.subject.typesAndValues.map(({ type, value }) => ({ type, text: escaped(textOf(value)) }));
  const one = all.find(({ type }) => type === "2.5.4.3") ?? all.find(({ type }) => type === "2.5.4.10");
  const whole = all.map(({ type, text }) => `${shortNames.get(type) ?? type}=${text}`).join(", ");
  return (one?.text ?? whole).slice(0, 200);
}

/** What OpenSSL calls the parts of a name that certificates have. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "street"],
  ["2.5.4.11", "OU"],
  ["2.5.4.12", "title"],
  ["2.5.4.97", "organizationIdentifier"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);

/** As OpenSSL prints a part of a name: RFC 2253 §2.4, and control characters as their hex digits. */
function escaped(text: string): string {
  return text
    .replace(/[,+"\\<>;]|^[ #]| $/g, "\\$&")
    .replace(
      /[\u0000-\u001f\u007f]/g,
      (one) => `\\${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}

export function isSelfIssued({ subject, issuer }: StampCertificate): boolean {
  return subject === issuer;
}

function extensionOf({ extensions }: Certificate, id: string) {
  return extensions?.find(({ extnID }) => extnID === id);
}

function purposesOf(parts: Certificate): readonly string[] | null {
  const extension = extensionOf(parts, oid.extendedKeyUsage);
  if (extension === undefined) return null;
  return extension.parsedValue instanceof ExtKeyUsage ? extension.parsedValue.keyPurposes : [];
}

/** The first byte of the bits, which holds all those that are needed; null without the extension: no restriction. */
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
  /** Whether the last one is one of the given roots. */
  readonly trusted: boolean;
}

const maxLength = 8;
/** The maker of the response decides how many certificates could be each other's issuers. */
const maxChecks = 400;

/**
 * The best chain from `leaf`, over certificates of the response (`pool`) and the roots. A chain that ends in a root
 * with every certificate valid at `at` comes before one that merely ends in a root, and that before the longest chain
 * there is.
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
  if (search.anchors.some(({ der }) => sameBytes(der, last.der))) yield { certificates: path, trusted: true };
  for (const anchor of search.anchors) {
    if (isLink(anchor, path, search)) yield { certificates: [...path, anchor], trusted: true };
  }
  for (const issuer of path.length < maxLength ? search.pool : []) {
    const known = path.some(({ der }) => sameBytes(der, issuer.der));
    if (!known && isLink(issuer, path, search)) yield* chainsFrom([...path, issuer], search);
  }
  yield { certificates: path, trusted: false };
}

/** Whether `issuer` issued the last of `path`; names first, because signatures cost time. */
function isLink(issuer: StampCertificate, path: readonly StampCertificate[], search: Search): boolean {
  const last = path.at(-1);
  if (last === undefined || last.issuer !== issuer.subject || sameBytes(last.der, issuer.der)) return false;
  // The length of a path excludes the leaf and certificates that an authority made for itself.
  const below = path.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (!mayIssue(issuer, below)) return false;
  search.checksLeft -= 1;
  return search.checksLeft >= 0 && hasSigned(issuer, last);
}

const known = new WeakMap<readonly string[], readonly StampCertificate[]>();

/** Reading some hundred roots takes longer than checking a token, so a list that was read is remembered. */
function anchorsOf(roots: readonly string[]): readonly StampCertificate[] {
  const anchors = known.get(roots) ?? readPemCertificates(roots);
  known.set(roots, anchors);
  return anchors;
}
