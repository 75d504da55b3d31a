import { crypto } from "./crypto.js";

/** SHA-256 as 64 lower-case hex digits. A string is hashed as its UTF-8 bytes. */
export function sha256(bytes: Uint8Array | string): string {
  return crypto.hexDigest("sha256", bytes);
}

/** SHA-512 as 128 lower-case hex digits. A string is hashed as its UTF-8 bytes. */
export function sha512(bytes: Uint8Array | string): string {
  return crypto.hexDigest("sha512", bytes);
}

/** Whether `text` is a SHA-256 as this program writes it: exactly 64 lower-case hex digits. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** `<yyyymmdd>-<8 Crockford base32 characters>`, FORMAT.md §2. */
export type CaptureId = string;

const pattern = /^[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}$/;

export function isCaptureId(text: string): text is CaptureId {
  return pattern.test(text);
}
