import { demand } from "./finding.js";

/**
 * Bytes from anybody, one after the other. Every length is checked before anything is taken; whatever does not fit
 * throws FormatError with the given code.
 */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly code: string;
  private at = 0;

  constructor(bytes: Uint8Array, code: string) {
    this.bytes = bytes;
    this.code = code;
  }

  /** Exactly `length` bytes as they are. */
  take(length: number): Uint8Array {
    demand(length <= this.bytes.length - this.at, this.code, "it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }

  /** Must be called once everything has been read: trailing bytes would leave room for a second reading. */
  end(): void {
    demand(this.at === this.bytes.length, this.code, "there are bytes after its end");
  }
}
