/**
 * The name of a file as text. Systems keep names as bytes, and a name from another code page is no UTF-8: then each byte
 * that is not ASCII is written as `\xNN`, because some of them can look like a character by chance.
 */
export function nameOfBytes(bytes: Uint8Array): string {
  return decoded(bytes) ?? [...bytes].map(characterOf).join("");
}

function characterOf(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** Whether these bytes are the ones that their text gives back. */
export function isUtf8(bytes: Uint8Array): boolean {
  return decoded(bytes) !== null;
}
