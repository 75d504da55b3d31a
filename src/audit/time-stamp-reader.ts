import * as asn1 from "asn1js";
import {
  type ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  type SignerInfo,
  TimeStampResp,
  TSTInfo,
} from "pkijs";
import { hex, latin1 } from "./bytes.js";
import { isUtcMillis } from "./entry.js";
import { FormatError } from "./finding.js";

/** A TimeStampResp taken apart. Nothing in it is checked yet except that it has the form of RFC 3161. */
export interface ReadToken {
  /** The TSTInfo in DER, as it was signed. */
  readonly content: Uint8Array;
  readonly info: TSTInfo;
  /** UTC, milliseconds; finer digits are cut. */
  readonly genTime: string;
  /** Null if it states none. Rounded up. */
  readonly accuracyMs: number | null;
  /** The authority that it names, a GeneralName; null if it names none. */
  readonly authority: asn1.BaseBlock | null;
  readonly signer: SignerInfo;
  /** Certificates that came along, DER, at most 32. */
  readonly certificates: readonly Uint8Array[];
  /** Whether it has only what PKCS #7 has. `openssl ts` can read no other, `openssl cms` can (FORMAT.md §15). */
  readonly isPkcs7: boolean;
}

/** The largest response that is read. Real ones have 2 to 8 KiB. */
const maxResponseBytes = 1024 * 1024;

/** A real response has about 700 nodes and 20 levels. */
const bounds = { maxDepth: 60, maxNodes: 6000, maxContentLength: maxResponseBytes, parseEmbedded: false };
const maxCertificates = 32;

const signedDataOid = "1.2.840.113549.1.7.2";
const tstInfoOid = "1.2.840.113549.1.9.16.1.4";

/**
 * Reads a granted response (RFC 3161 §2.4.2). Throws FormatError `token-malformed` for all other bytes; they may come
 * from anybody.
 */
export function readTimeStampResponse(response: Uint8Array): ReadToken {
  const { status, token } = readResponse(response);
  if (!isGranted(status)) throw malformed("the authority did not grant it");
  if (token === null) throw malformed("there is no time-stamp in the response");
  return orMalformed("it is not signed as RFC 3161 says", () => readToken(token));
}

interface Response {
  readonly status: number;
  readonly words: string;
  readonly token: ContentInfo | null;
}

/** PKIStatus `granted` and `grantedWithMods` (RFC 3161 §2.4.2). */
export function isGranted(status: number): boolean {
  return status === 0 || status === 1;
}

/** Status, words and token of a response, granted or not. Throws FormatError `token-malformed`. */
export function readResponse(response: Uint8Array): Response {
  const block = parse(response);
  if (isBareToken(block)) throw malformed("it is a bare token, without the response around it");
  return orMalformed("it is not the response of a time-stamping authority", () => {
    // The library reads a number of more than four bytes as 0, which would be `granted`.
    const number = Number(integerOf(childrenOf(childrenOf(block)[0])[0]));
    const { status, timeStampToken } = new TimeStampResp({ schema: block });
    const words = (status.statusStrings ?? []).map((text) => text.getValue()).join("; ");
    return { status: number, words, token: timeStampToken ?? null };
  });
}

/** A response begins with the sequence of a status, a token on its own with an object identifier. */
function isBareToken(block: asn1.BaseBlock): boolean {
  return childrenOf(block)[0] instanceof asn1.ObjectIdentifier;
}

function readToken({ contentType, content }: ContentInfo): ReadToken {
  if (contentType !== signedDataOid || !(content instanceof asn1.Sequence))
    throw malformed("it is not signed");
  // Before the library reads it, which changes the tree and keeps no certificate's own bytes.
  const certificates = certificatesOf(content);
  // What nobody signed, certificates and what tells of their revocation, is of many kinds, and the library does not know all.
  const isUnsigned = ({ idBlock }: asn1.BaseBlock) => idBlock.tagClass === 3;
  const unsigned = childrenOf(content).filter(isUnsigned).flatMap(childrenOf);
  const value = childrenOf(content).filter((block) => !isUnsigned(block));
  const { encapContentInfo, signerInfos } = new SignedData({ schema: new asn1.Sequence({ value }) });
  const [signer, ...others] = signerInfos;
  if (signer === undefined || others.length > 0) throw malformed("it does not have exactly one signer");
  if (encapContentInfo.eContentType !== tstInfoOid || encapContentInfo.eContent === undefined) {
    throw malformed("what is signed is not a TSTInfo");
  }
  const signed = new Uint8Array(encapContentInfo.eContent.getValue());
  const block = parse(signed);
  const genTime = genTimeOf(block);
  const optional = childrenOf(block).slice(5);
  const accuracyMs = millisecondsOf(optional.find((one) => one instanceof asn1.Sequence));
  const named = optional.find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  const [authority = null] = childrenOf(named);
  const info = new TSTInfo({ schema: block });
  if (info.version !== 1) throw malformed("its TSTInfo is not of version 1");
  const isPkcs7 =
    signer.sid instanceof IssuerAndSerialNumber && unsigned.every((one) => one instanceof asn1.Sequence);
  return { content: signed, info, genTime, accuracyMs, authority, signer, certificates, isPkcs7 };
}

/** Accuracy (RFC 3161 §2.4.2): seconds, milliseconds [0] and microseconds [1], each of which can be missing. */
function millisecondsOf(accuracy: asn1.BaseBlock | undefined): number | null {
  if (accuracy === undefined) return null;
  const [seconds = 0n, millis = 0n, micros = 0n] = [2, 0, 1].map((tag) => {
    const one = childrenOf(accuracy).find(({ idBlock }) => idBlock.tagNumber === tag);
    return one === undefined ? 0n : integerOf(one);
  });
  const milliseconds = Number(seconds * 1000n + millis + (micros + 999n) / 1000n);
  if (seconds < 0n || millis < 0n || micros < 0n) throw malformed("its accuracy cannot be read");
  // One of 285,000 years says nothing.
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}

/** The longest integer that is read, in bytes. RFC 3161 §2.4.2 asks for 20 at least, and sets no bound. */
const longestInteger = 1024;

/** An INTEGER, whatever its tag says. Throws FormatError `token-malformed`. */
export function integerOf(block: asn1.BaseBlock | undefined): bigint {
  const bytes =
    block instanceof asn1.Integer || block instanceof asn1.Primitive ? block.valueBlock.valueHexView : null;
  if (bytes === null || bytes.length === 0) throw malformed("a number in it cannot be read");
  if (bytes.length > longestInteger) throw malformed("a number in it is too long");
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex(bytes)}`));
}

function certificatesOf(signedData: asn1.Sequence): readonly Uint8Array[] {
  const set = childrenOf(signedData).find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  const found = set === undefined ? [] : childrenOf(set).filter((block) => block instanceof asn1.Sequence);
  if (found.length > maxCertificates) throw malformed("it has too many certificates");
  return found.map((block) => block.valueBeforeDecodeView);
}

/** GeneralizedTime in UTC with an optional fraction (RFC 3161 §2.4.2); the library's own reading rounds. */
function genTimeOf(tstInfo: asn1.BaseBlock): string {
  const block = childrenOf(tstInfo)[4];
  const text = block instanceof asn1.GeneralizedTime ? latin1(block.valueBeforeDecodeView.subarray(2)) : "";
  const [, year, month, day, hour, minute, second, fraction = ""] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,20}))?Z$/.exec(text) ?? [];
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`;
  if (!isUtcMillis(time)) throw malformed("its time cannot be read");
  return time;
}

/** The elements of a sequence, set or tagged block; none for anything else. */
export function childrenOf(block: unknown): readonly asn1.BaseBlock[] {
  return block instanceof asn1.Constructed ? block.valueBlock.value : [];
}

/** Reads one DER or BER value that takes up all of `bytes`. Throws FormatError `token-malformed`. */
export function parse(bytes: Uint8Array): asn1.BaseBlock {
  if (bytes.length > maxResponseBytes) throw malformed("it is larger than 1 MiB");
  const { offset, result } = orMalformed("it is not ASN.1", () => asn1.fromBER(bytes, bounds));
  if (offset !== bytes.length || result.error !== "") throw malformed("it is not ASN.1, or too deep or long");
  return result;
}

/** Runs the library on foreign bytes, for which it throws errors of every kind. */
function orMalformed<T>(words: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof FormatError ? error : malformed(words);
  }
}

export function malformed(words: string): FormatError {
  return new FormatError("token-malformed", words);
}
