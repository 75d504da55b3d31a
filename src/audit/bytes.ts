/**
 * Bytes as text and back, for a place that has nothing but the language and `TextEncoder`. What Node's `Buffer` does
 * leniently is strict here: a text that is not in its one spelling is null.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of these bytes; null where they are not UTF-8. Other decoders put U+FFFD in place of a wrong byte, so that
 * changed bytes read like the ones that were hashed, and leave out a byte order mark.
 */
export function exactText(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
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
