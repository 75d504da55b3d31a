import { redactText } from "../capture/redact.js";

/** A longer text is not searched for what must be cut; it is left out of the copy. */
const longestText = 16 * 1024 * 1024;

/** Bytes without what must be cut, and the places of what was cut as `line:column`. */
export interface CutBytes {
  readonly bytes: Uint8Array;
  readonly cut: readonly string[];
}

/**
 * A body without what `redactText` cuts. Bytes that are no text stay as they are; a text that cannot be searched (longer
 * than `longestText`, or of two bytes a character) is left out wholly. Bytes become characters one by one, so that a text
 * in any encoding that has ASCII in it is the same again where nothing was cut.
 */
export function cutBody(body: Uint8Array, mediaType: string | null, secrets: readonly string[]): CutBytes {
  if (body.length === 0 || !isText(body, mediaType)) return { bytes: body, cut: [] };
  if (body.length > longestText) return leftOut("a text too long to search");
  if (hasWideCharacters(body)) return leftOut("a text in an encoding that is not searched");
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const found = redactText(text, asBytes(secrets));
  return found.cut.length === 0
    ? { bytes: body, cut: [] }
    : { bytes: Buffer.from(found.text, "latin1"), cut: found.cut };
}

/** Secrets as they stand in a text that is read byte by byte. */
export function asBytes(secrets: readonly string[]): readonly string[] {
  return secrets.map((secret) => Buffer.from(secret, "utf8").toString("latin1"));
}

function leftOut(why: string): CutBytes {
  return { bytes: new Uint8Array(), cut: [`all of it: ${why}`] };
}

const textTypes =
  /^(?:text\/|message\/|application\/(?:[\w.-]+\+)?(?:json|javascript|x-javascript|ecmascript|xml|xhtml\+xml|x-www-form-urlencoded|x-mpegurl|vnd\.apple\.mpegurl|dash\+xml|x-ndjson|ld\+json|manifest\+json)|multipart\/form-data|image\/svg\+xml)/i;
const otherTypes = /^(?:image|audio|video|font)\/|^application\/(?:octet-stream|wasm|zip|gzip|pdf|font)/i;

/** By its media type; where that says neither, by its first bytes. */
function isText(body: Uint8Array, mediaType: string | null): boolean {
  if (mediaType !== null && textTypes.test(mediaType)) return true;
  if (mediaType !== null && otherTypes.test(mediaType) && body.subarray(0, 1024).includes(0)) return false;
  return hasWideCharacters(body) || !body.subarray(0, 4096).includes(0);
}

/** UTF-16 or UTF-32, by its mark or by the zeros of its first characters. */
function hasWideCharacters(body: Uint8Array): boolean {
  const [first, second, third, fourth] = body;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const isMarkup = first === 0x3c || first === 0x7b || second === 0x3c || second === 0x7b;
  return isMarkup && [first, second, third, fourth].includes(0);
}
