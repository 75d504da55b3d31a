import fc from "fast-check";
import { FormatError } from "../../src/audit/finding.js";
import { HoldfastError } from "../../src/core/words/error.js";

/** Something in the sources that reads what somebody else wrote, and what may be said of it for every text. */
export interface ForeignReader {
  readonly name: string;
  /** Texts that it takes, to be changed a little; of a reader of bytes, each character is one byte. */
  readonly samples: readonly string[];
  /** Inputs in a run of the tests, where a thousand would take too long. */
  readonly runs?: number;
  /** Texts of the form it is meant for, with anything in them. */
  readonly made?: fc.Arbitrary<string>;
  /**
   * Reads a text, and throws where something does not hold: where another error than ours came out of it, or what was
   * read and written again is another text.
   */
  readonly read: (text: string) => unknown;
}

/** What `read` gave, or null where it refused with an error of ours. Any other error is a fault and goes on. */
export function orRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof HoldfastError || error instanceof FormatError) return null;
    throw error;
  }
}

/** A text whose characters are bytes, as the bytes. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Bytes as a text whose characters are bytes. */
export function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** Throws unless both are the same text. */
export function mustBeSame(made: string, expected: string): void {
  if (made !== expected)
    throw new Error(`not the same: ${JSON.stringify(made)} and ${JSON.stringify(expected)}`);
}

/** What parsers of any kind stumble over. */
export const stumbling: readonly string[] = [
  ..."\"'\\,;|\t\r\n\0 #=+-@<>&%:/?[]{}()._~*`$^!0",
  "\r\n",
  '""',
  '\\"',
  "\u2028",
  "\u202e",
  "\u200d",
  "\ufeff",
  "\ud83d",
  "\ude00",
  "\u0301\u0316",
  "\x80",
  "\xff",
  "1e400",
  "-0",
  "9007199254740993",
  "0x10",
  "NaN",
  "__proto__",
  "constructor",
  "null",
  "://",
  "%2F",
  "\\u0026",
  "<!---->",
  "<script",
  "</script",
  "]]>",
  "holdfast/",
  "2026-02-30",
  "T",
];

/** Any text at all: nothing, bytes, whole Unicode with halves of characters, and heaps of what is stumbled over. */
const anything: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.array(fc.constantFrom(...stumbling), { maxLength: 60 }).map((parts) => parts.join("")),
  fc.uint8Array({ maxLength: 600 }).map(asText),
);

interface Change {
  readonly kind: "flip" | "delete" | "double" | "insert" | "heap" | "nest" | "splice" | "cut";
  readonly at: number;
  readonly length: number;
  readonly part: string;
  readonly other: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("flip", "delete", "double", "insert", "heap", "nest", "splice", "cut"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2000 })),
  part: fc.oneof(fc.constantFrom(...stumbling), fc.string({ unit: "binary", minLength: 1, maxLength: 3 })),
  other: fc.nat(),
});

function changed(
  text: string,
  { kind, at, length, part, other }: Change,
  samples: readonly string[],
): string {
  const place = Math.floor(at * text.length);
  const [before, behind] = [text.slice(0, place), text.slice(place)];
  const rest = behind.slice(length);
  switch (kind) {
    case "flip":
      return (
        before + String.fromCharCode((behind.charCodeAt(0) || 0) ^ (1 << (length % 8))) + behind.slice(1)
      );
    case "delete":
      return before + rest;
    case "double":
      return before + behind.slice(0, length) + behind;
    case "insert":
      return before + part + behind;
    case "heap":
      return before + part.repeat(length) + behind;
    case "nest":
      return before + "[{".charAt(other % 2).repeat(length) + behind;
    case "splice": {
      const from = samples[other % samples.length] ?? "";
      return before + from.slice(Math.floor(at * from.length) % (length + 1));
    }
    case "cut":
      return before;
  }
}

/** Everything that a reader is given: any text, its samples changed up to four times, and texts made for it. */
export function inputsOf({ samples, made }: ForeignReader): fc.Arbitrary<string> {
  const damaged = fc
    .tuple(fc.nat(), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([which, changes]) =>
      changes.reduce((text, one) => changed(text, one, samples), samples[which % samples.length] ?? ""),
    );
  const kinds = [
    { arbitrary: anything, weight: 2 },
    { arbitrary: fc.constantFrom(...samples), weight: 1 },
    { arbitrary: damaged, weight: 5 },
  ];
  return fc.oneof(...kinds, ...(made === undefined ? [] : [{ arbitrary: made, weight: 4 }]));
}
