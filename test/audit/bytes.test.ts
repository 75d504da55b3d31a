import fc from "fast-check";
import { expect, it } from "vitest";
import {
  base64,
  bytesOfBase64,
  bytesOfHex,
  bytesOfLatin1,
  concat,
  exactText,
  hex,
  latin1,
  sameBytes,
  utf8,
} from "../../src/audit/bytes.js";

const bytes = fc.uint8Array({ maxLength: 200 });

it("bytes become the hex, base64, Latin-1 and UTF-8 that Node makes of them, and come back", () => {
  fc.assert(
    fc.property(bytes, fc.string({ unit: "binary" }), (some, text) => {
      const buffer = Buffer.from(some);
      expect(hex(some)).toBe(buffer.toString("hex"));
      expect(base64(some)).toBe(buffer.toString("base64"));
      expect(latin1(some)).toBe(buffer.toString("latin1"));
      expect(bytesOfHex(hex(some))).toEqual(some);
      expect(bytesOfBase64(base64(some))).toEqual(some);
      expect(bytesOfLatin1(latin1(some))).toEqual(some);
      expect(hex(utf8(text))).toBe(Buffer.from(text).toString("hex"));
    }),
  );
  const long = Uint8Array.from({ length: 20_000 }, (_, at) => at);
  expect(latin1(long)).toBe(Buffer.from(long).toString("latin1"));
});

it("base64 and hex have one spelling: any other text is none", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9+/=_ -]{0,12}$/), (text) => {
      const lenient = Buffer.from(text, "base64");
      const isOne = lenient.toString("base64") === text;
      expect(bytesOfBase64(text)).toEqual(isOne ? new Uint8Array(lenient) : null);
    }),
  );
  for (const text of ["Zg", "Zg=", "Zh==", "Zg==\n", "====", "=AAA", "AA=A", "\u0100AAA"]) {
    expect([text, bytesOfBase64(text)]).toEqual([text, null]);
  }
  for (const text of ["0", "0G", "AB", " 0"]) expect([text, bytesOfHex(text)]).toEqual([text, null]);
});

it("bytes are the same only where each of them is", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(sameBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(sameBytes(a, Uint8Array.from(a))).toBe(true);
      expect(concat(a, b)).toEqual(new Uint8Array(Buffer.concat([a, b])));
    }),
  );
});

it("text is exact: no byte order mark is lost and no wrong byte replaced", () => {
  expect(exactText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  expect(exactText(Uint8Array.of(0x61, 0xff))).toBeNull();
  expect(exactText(Uint8Array.of(0xed, 0xa0, 0x80))).toBeNull();
});
