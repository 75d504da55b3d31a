import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCanonical, parseCanonical, parseForeignJson } from "../../src/audit/canonical-json.js";
import { FormatError } from "../../src/audit/finding.js";
import { toJson } from "../../src/core/capture/new-entry.js";
import { cpuMs } from "../support/cpu-time.js";
import { readVectors } from "../support/vectors.js";

/** The code of the FormatError that `act` throws; anything else thrown fails the test. */
function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return "none";
}

interface Encoding {
  readonly comment: string;
  readonly encode: string;
  readonly expect: { readonly canonical?: string; readonly code?: string };
}

interface Parsing {
  readonly comment: string;
  readonly parse: string;
  readonly expect: { readonly value?: unknown; readonly code?: string };
}

describe("a value has one text or none", () => {
  test.each(readVectors<Encoding>("canonical-json", "encode-"))("$name: $comment", (vector) => {
    const value = parseForeignJson(vector.encode);
    if (vector.expect.code !== undefined) {
      expect(codeOf(() => encodeCanonical(value))).toBe(vector.expect.code);
    } else {
      expect(encodeCanonical(value)).toBe(vector.expect.canonical);
      expect(canonicalize(value)).toBe(vector.expect.canonical);
    }
  });
});

describe("text in any other form is refused, and the reason is right", () => {
  test.each(readVectors<Parsing>("canonical-json", "parse-"))("$name: $comment", (vector) => {
    if (vector.expect.code !== undefined) {
      expect(codeOf(() => parseCanonical(vector.parse))).toBe(vector.expect.code);
    } else {
      expect(parseCanonical(vector.parse)).toEqual(vector.expect.value);
    }
  });
});

describe("what is no JSON data is refused, never written as something else", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  test.each<[string, unknown, string]>([
    ["undefined", undefined, "not-a-json-value"],
    ["a member that is undefined", { a: undefined }, "not-a-json-value"],
    ["an item that is undefined", [undefined], "not-a-json-value"],
    ["a hole in an array", new Array(2), "not-a-json-value"],
    ["a function", () => 1, "not-a-json-value"],
    ["a toJSON function", { toJSON: () => 1 }, "not-a-json-value"],
    ["a symbol", Symbol("a"), "not-a-json-value"],
    ["a member under a symbol", { [Symbol("a")]: 1 }, "not-a-json-value"],
    ["a bigint", 1n, "not-a-json-value"],
    ["a date", new Date(0), "not-a-json-value"],
    ["a map", new Map([["a", 1]]), "not-a-json-value"],
    ["bytes", new Uint8Array(2), "not-a-json-value"],
    ["an instance of a class", new FormatError("a", "b"), "not-a-json-value"],
    ["a boxed number", Object(1), "not-a-json-value"],
    ["NaN", Number.NaN, "number-not-finite"],
    ["minus infinity", Number.NEGATIVE_INFINITY, "number-not-finite"],
    ["minus zero inside", { a: [-0] }, "negative-zero"],
    ["a cycle", cyclic, "too-deep"],
  ])("%s", (_name, value, code) => {
    expect(codeOf(() => encodeCanonical(value))).toBe(code);
  });
});

test("an object without a prototype is plain data", () => {
  expect(encodeCanonical(Object.assign(Object.create(null), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
});

test("a million brackets are refused at once, before anything is built", () => {
  expect(codeOf(() => parseForeignJson("[".repeat(1_000_000)))).toBe("too-deep");
  expect(codeOf(() => parseForeignJson('{"a":'.repeat(1_000_000)))).toBe("too-deep");
});

test("a million backslashes and quotes take no time", async () => {
  const text = JSON.stringify('\\"'.repeat(1_000_000));
  const parse = () => expect(parseForeignJson(text)).toHaveLength(2_000_000);
  expect(await cpuMs(parse)).toBeLessThan(5_000);
});

test("other people's JSON may hold fractions, any key and half characters", () => {
  expect(parseForeignJson('{"Қ":0.5,"a":"\\ud83d"}')).toEqual({ Қ: 0.5, a: "\ud83d" });
});

const key = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
});
const { value: allowed } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((number) => number + 0),
    fc.string({ unit: "binary" }),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value")),
  ),
}));

test("every allowed value is read back as it was", () => {
  fc.assert(
    fc.property(allowed, (value) => {
      expect(encodeCanonical(parseCanonical(encodeCanonical(value)))).toBe(encodeCanonical(value));
      expect(JSON.parse(encodeCanonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(toJson(value)).toEqual(parseCanonical(encodeCanonical(value)));
    }),
    { numRuns: 500 },
  );
});

test("every allowed value is written as another implementation of RFC 8785 writes it", () => {
  fc.assert(
    fc.property(allowed, (value) => {
      expect(encodeCanonical(value)).toBe(canonicalize(value));
    }),
    { numRuns: 500 },
  );
});

test("the order in which an object was filled leaves no trace", () => {
  fc.assert(
    fc.property(fc.dictionary(key, fc.integer()), (object) => {
      const backwards = Object.fromEntries(Object.entries(object).reverse());
      expect(encodeCanonical(backwards)).toBe(encodeCanonical(object));
    }),
  );
});

test("any text is read or refused with a reason, never with a crash", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      expect(typeof codeOf(() => parseCanonical(text))).toBe("string");
    }),
    { numRuns: 1000 },
  );
});
