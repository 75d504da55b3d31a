import type { CaptureId } from "../../audit/digest.js";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Builds an id from the UTC day of `at` and 5 random bytes (40 bits). */
export function buildCaptureId(at: Date, random: Uint8Array): CaptureId {
  if (random.length !== 5) throw new RangeError("a capture id takes exactly 5 random bytes");
  let bits = 0n;
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  let tail = "";
  for (let shift = 35n; shift >= 0n; shift -= 5n) tail += alphabet[Number((bits >> shift) & 31n)];
  return `${at.toISOString().slice(0, 10).replaceAll("-", "")}-${tail}`;
}
