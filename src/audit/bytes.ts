/**
 * Bytes as text and back, with nothing but the language and `TextEncoder`. Where Node's `Buffer` is lenient, this is
 * strict: a text that is not in its one spelling is null.
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text of these bytes; null if they are not UTF-8. Other decoders put U+FFFD in place of a wrong byte, so that
 * changed bytes read like the ones that were hashed, and drop a byte order mark.
 */
export function exactText(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** A function takes only so many arguments. */
const charactersAtOnce = 8192;

/** A byte is one character: what is not ASCII stays different from everything that is. */
export function latin1(bytes: Uint8Array): string {
  if (bytes.length <= charactersAtOnce) return String.fromCharCode(...bytes);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += charactersAtOnce) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + charactersAtOnce)));
  }
  return parts.join("");
}

/** The bytes of a text whose characters are bytes. */
export function bytesOfLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** All parts, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both are the same bytes. Nothing here is secret: the time it takes may tell where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexPairs[byte] ?? "";
  return text;
}

/** Null for what is not pairs of lower-case hex digits. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Character code → value; 64 where it is no digit. */
const base64Values = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = base64Digits.indexOf(String.fromCharCode(code));
  return value === -1 ? 64 : value;
});

/** Base64 with its padding (RFC 4648 §4). */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) text += base64Digits.charAt((bits >> shift) & 63);
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return padding === 0 ? text : text.slice(0, -padding) + "=".repeat(padding);
}

/** Null for what is not base64 in its one spelling: padded, no other characters, no stray bits (RFC 4648 §3.5). */
export function bytesOfBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let [bits, held, to] = [0, 0, 0];
  for (let at = 0; at < digits; at += 1) {
    const value = base64Values[text.charCodeAt(at)] ?? 64;
    if (value === 64) return null;
    bits = ((bits & 0xff) << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[to] = bits >> held;
    to += 1;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}
