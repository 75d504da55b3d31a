import { FormatError } from "../audit/finding.js";
import { isGranted, readResponse } from "../audit/time-stamp-reader.js";

const sha256Oid = "2.16.840.1.101.3.4.2.1";

/**
 * A TimeStampReq of version 1 (RFC 3161 §2.4.1) in DER, for the SHA-256 `digest` (32 bytes), with `certReq` TRUE.
 * `nonce` is read as an unsigned number; `policy` is a dotted OID, or null to leave the choice to the authority. Throws
 * FormatError `bad-policy` for an invalid OID.
 */
export function encodeTimeStampRequest(digest: Uint8Array, nonce: Uint8Array, policy: string | null): Buffer {
  const algorithm = tagged(0x30, [encodeOid(sha256Oid), tagged(0x05, [])]);
  return tagged(0x30, [
    tagged(0x02, [Buffer.of(1)]),
    tagged(0x30, [algorithm, tagged(0x04, [digest])]),
    ...(policy === null ? [] : [encodeOid(policy)]),
    tagged(0x02, [unsigned(nonce)]),
    tagged(0x01, [Buffer.of(0xff)]),
  ]);
}

/** A request's nonce as decimal text, the form in which `TimeStamp.nonce` states the answer's. */
export function nonceText(nonce: Uint8Array): string {
  return BigInt(`0x0${Buffer.from(nonce).toString("hex")}`).toString();
}

/**
 * What an authority says that did not grant a time-stamp: its words, cut to 200 characters and not made printable.
 * Null when it did grant one. Throws FormatError `token-malformed`.
 */
export function readRefusal(response: Uint8Array): string | null {
  const { status, words } = readResponse(response);
  return isGranted(status) ? null : words.slice(0, 200) || `status ${status}`;
}

/** Tag, length and content (X.690 §8.1), with the length in DER's shortest form (§10.1). */
function tagged(tag: number, parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes = Buffer.from(evenHex(length.toString(16)), "hex");
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

/** The shortest two's complement form of a non-negative number (X.690 §8.3). */
function unsigned(bytes: Uint8Array): Buffer {
  const digits = BigInt(`0x0${Buffer.from(bytes).toString("hex")}`).toString(16);
  const shortest = Buffer.from(evenHex(digits), "hex");
  return (shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), shortest]) : shortest;
}

function encodeOid(text: string): Buffer {
  const [first = 9n, second = 0n, ...rest] = text.split(".").map(BigInt);
  if (first > 2n || (first < 2n && second > 39n)) {
    throw new FormatError("bad-policy", "the policy is not an object identifier");
  }
  return tagged(0x06, [first * 40n + second, ...rest].map(base128));
}

/** One arc: seven bits per byte, the high bit set on all but the last (X.690 §8.19.2). */
function base128(arc: bigint): Buffer {
  const septets = [Number(arc & 0x7fn)];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) septets.unshift(Number(left & 0x7fn) | 0x80);
  return Buffer.from(septets);
}

function evenHex(digits: string): string {
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
