import { FormatError } from "./format-error.js";

/**
 * Reads the binary form that OpenSSH uses everywhere (RFC 4251 §5), from bytes that may come from anybody. Every
 * length is checked before anything is taken; whatever does not fit throws FormatError with the given code.
 */
export class WireReader {
  private readonly bytes: Buffer;
  private readonly code: string;
  private at = 0;

  constructor(bytes: Uint8Array, code: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.code = code;
  }

  /** Exactly `length` bytes as they are. */
  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new FormatError(this.code, "it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  /** A length of four bytes and as many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  /** The same as text, each byte one character: names in these formats are ASCII, and other bytes match no name. */
  name(): string {
    return this.string().toString("latin1");
  }

  rest(): Buffer {
    return this.take(this.bytes.length - this.at);
  }

  /** Must be called when everything was read: trailing bytes would be room for a second reading. */
  end(): void {
    if (this.at !== this.bytes.length) throw new FormatError(this.code, "there are bytes behind its end");
  }
}

/** A string of RFC 4251 §5: length and bytes; a text as its UTF-8. */
export function wireString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}

export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes between a BEGIN and an END line, in base64 lines of 70 characters as OpenSSH writes them, each with its LF. */
export function encodeArmor(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * Reads what stands between the BEGIN and END line of `label`: lines of base64 of any length, with LF, and nothing
 * before or behind but one LF. Throws FormatError with `code`.
 */
export function decodeArmor(label: string, text: string, code: string): Buffer {
  const begin = `-----BEGIN ${label}-----\n`;
  const end = `\n-----END ${label}-----`;
  const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (!whole.startsWith(begin) || !whole.endsWith(end) || whole.length < begin.length + end.length) {
    throw new FormatError(code, `it does not stand between the lines of an ${label}`);
  }
  return decodeBase64(whole.slice(begin.length, -end.length).replaceAll("\n", ""), code);
}

/** Reads base64 in its one spelling: padded, no other characters, no stray bits. Throws FormatError with `code`. */
export function decodeBase64(text: string, code: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== text) {
    throw new FormatError(code, "it is not base64");
  }
  return bytes;
}
