import { redactText } from "../core/capture/redact.js";
import type { Span } from "../core/capture/secret-spans.js";
import { isUtf8 } from "../core/words/path-bytes.js";

/** What may leave the annex of a file that lies beside an imported one (FORMAT.md §5.6). */
export type WithoutNames =
  | { readonly leaves: "as-it-is" }
  | { readonly leaves: "cut"; readonly bytes: Uint8Array; readonly cut: readonly string[] }
  | { readonly leaves: "nothing" };

/** A shorter name identifies nobody, and would hit ordinary words. */
const shortestName = 4;

/**
 * Cuts `names` from a file, whatever their case and however XML, JSON or a URL spells them. Where they still stand in it
 * afterwards, in a picture or in an encoding that is not known, nothing of it may leave the annex.
 */
export function withoutNames(bytes: Buffer, names: readonly string[], isPicture: boolean): WithoutNames {
  const hidden = names.filter((name) => name.length >= shortestName);
  const least = withoutLonger(hidden).map(anySpelling);
  const holdsOne = (some: Buffer) => readings(some).some((text) => least.some((name) => holds(text, name)));
  if (!holdsOne(bytes)) return { leaves: "as-it-is" };
  const text = isPicture && !isUtf8(bytes) ? null : readable(bytes);
  if (text === null) return { leaves: "nothing" };
  const patterns = hidden.map(anySpelling);
  const spans = text.readings.flatMap((reading) => patterns.flatMap((name) => spansOf(reading, name)));
  const redacted = redactText(text.text, [], spans);
  const left = text.encode(redacted.text);
  return holdsOne(left) ? { leaves: "nothing" } : { leaves: "cut", bytes: left, cut: redacted.cut };
}

/** A text that says a path says the name in it. */
function withoutLonger(names: readonly string[]): readonly string[] {
  return names.filter((name) => !names.some((part) => part !== name && name.includes(part)));
}

function holds(text: string, name: RegExp): boolean {
  return text.search(name) !== -1;
}

function spansOf(text: string, name: RegExp): readonly Span[] {
  return [...text.matchAll(name)].map(({ 0: said, index }) => ({
    start: index,
    end: index + said.length,
    what: "secret",
  }));
}

function anySpelling(name: string): RegExp {
  return new RegExp([...name].map(spelledAnyhow).join(""), "giu");
}

const entities: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
};

/** One character as itself, in a URL, in JSON, and in XML or HTML. The pattern ignores case; codes of a letter do not. */
function spelledAnyhow(character: string): string {
  const spelled = [...new Set([character, character.toLowerCase(), character.toUpperCase()])].flatMap(
    (one) => {
      const bytes = [...Buffer.from(one)].map((byte) => `%${hex(byte, 2)}`);
      const units = Array.from({ length: one.length }, (_, at) => `\\\\u${hex(one.charCodeAt(at), 4)}`);
      const codes = [...one].map((point) => point.codePointAt(0) ?? 0);
      const references = codes.map((code) => `&#(?:0*${code}|x0*${hex(code, 1)});`);
      return [bytes, units, references].map((parts) => parts.join(""));
    },
  );
  const entity = entities[character];
  if (entity !== undefined) spelled.push(`&${entity};`);
  if (character === " ") spelled.push("\\+");
  if (/["/\\]/.test(character)) spelled.push(`\\\\${literal(character)}`);
  return `(?:${[literal(character), ...spelled].join("|")})`;
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

interface Readable {
  readonly text: string;
  /** The text as it reads in each encoding that it may be in; a character in all of them is at the same place. */
  readonly readings: readonly string[];
  readonly encode: (text: string) => Buffer;
}

/** The bytes as text that can be cut and written back, or null. Of UTF-16, only with its mark. */
function readable(bytes: Buffer): Readable | null {
  const mark = bytes.subarray(0, 2).toString("latin1");
  if (mark === "\xff\xfe") return readAs(bytes.toString("utf16le"), (text) => Buffer.from(text, "utf16le"));
  if (mark === "\xfe\xff")
    return readAs(swapped(bytes).toString("utf16le"), (text) => swapped(Buffer.from(text, "utf16le")));
  if (isUtf8(bytes)) return readAs(bytes.toString("utf8"), (text) => Buffer.from(text));
  if (bytes.includes(0)) return null;
  return {
    text: bytes.toString("latin1"),
    readings: oneByteReadings(bytes),
    encode: (text) => Buffer.from(text, "latin1"),
  };
}

function readAs(text: string, encode: Readable["encode"]): Readable {
  return { text, readings: [text], encode };
}

/** Encodings of one byte a character, each byte of which stands for one UTF-16 unit. */
const oneByte = ["windows-1252", "windows-1251"].map((encoding) => new TextDecoder(encoding));

function oneByteReadings(bytes: Buffer): readonly string[] {
  return [bytes.toString("latin1"), ...oneByte.map((decoder) => decoder.decode(bytes))];
}

/** In what else a name may stand; only searched. */
const others = [
  "koi8-r",
  "ibm866",
  "windows-1250",
  "windows-1254",
  "windows-1256",
  "gb18030",
  "shift_jis",
].map((encoding) => new TextDecoder(encoding));

function readings(bytes: Buffer): readonly string[] {
  const utf8 = bytes.toString("utf8");
  // A name may begin at any byte of a binary file; without a zero there is no UTF-16 with a space or line feed in it.
  const isWide = bytes.includes(0) || /^(?:\xff\xfe|\xfe\xff)/.test(bytes.toString("latin1", 0, 2));
  const wide = isWide
    ? [bytes, bytes.subarray(1)]
        .flatMap((some) => [some, swapped(some)])
        .map((some) => some.toString("utf16le"))
    : [];
  if (isUtf8(bytes)) return [utf8, ...wide];
  const narrow = isWide ? [] : others.map((decoder) => decoder.decode(bytes));
  return [utf8, ...oneByteReadings(bytes), ...narrow, ...wide];
}

/** UTF-16 in the other order of bytes; an odd last byte is left out. */
function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2))).swap16();
}
