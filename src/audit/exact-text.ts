const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of these bytes; null where they are not UTF-8. Other decoders put U+FFFD in place of a wrong byte, so that
 * changed bytes read like the ones that were hashed, and leave out a byte order mark.
 */
export function exactText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
