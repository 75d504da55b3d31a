import { describe, expect, it } from "vitest";
import { keyHistory, keyInForce } from "../../src/audit/key-history.js";
import { secretOfSeed } from "../../src/seal/private-key.js";

const line = (seed: number) => secretOfSeed(Buffer.alloc(32, seed)).publicKey.line;
const at = (seq: number) => `2026-11-23T18:00:${String(seq).padStart(2, "0")}.000Z`;
const created = (public_key?: string) => ({
  seq: 1,
  at: at(1),
  event: "vault-created" as const,
  body: public_key === undefined ? {} : { public_key },
});
const rotated = (seq: number, public_key: string, reason = "routine", previous: string | null = line(0)) => ({
  seq,
  at: at(seq),
  event: "key-rotated" as const,
  body: { public_key, previous, reason },
});
const token = (seq: number) => ({
  seq,
  at: at(seq),
  event: "token" as const,
  body: { public_key: line(9) },
});
const inForce = (history: ReturnType<typeof keyHistory>, size: number) =>
  keyInForce(history, size)?.key.line ?? null;

describe("which key was in force", () => {
  const history = keyHistory([
    created(line(1)),
    token(2),
    rotated(5, line(2), "stolen"),
    token(6),
    rotated(9, line(3)),
  ]);

  it("each period says who named the key, from when, until when and why it ended", () => {
    expect(history).toMatchObject([
      {
        key: { line: line(1) },
        introducedBy: 1,
        from: at(1),
        until: { seq: 5, at: at(5) },
        reason: "stolen",
      },
      {
        key: { line: line(2) },
        introducedBy: 5,
        from: at(5),
        until: { seq: 9, at: at(9) },
        reason: "routine",
      },
      { key: { line: line(3) }, introducedBy: 9, from: at(9), until: null, reason: null },
    ]);
  });

  it("the key of a size is the one named before its last entry: a routine rotation is still signed by the old key, one of a stolen key by the new", () => {
    const expected = [1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3].map(line);
    expect(expected.map((_, index) => inForce(history, index + 1))).toEqual(expected);
  });

  it("there is no key for the size 0", () => {
    expect(keyInForce(history, 0)).toBeNull();
  });

  it("a log without a first key has none until one is named", () => {
    const late = keyHistory([created(), rotated(4, line(1), "routine", null)]);
    expect([1, 3, 4, 5].map((size) => inForce(late, size))).toEqual([null, null, line(1), line(1)]);
  });

  it("a key that cannot be read is left out, and the one before it is not in force instead", () => {
    const odd = keyHistory([created(line(1)), rotated(3, "ssh-rsa AAAA"), rotated(6, line(2))]);
    expect([3, 4, 6, 7].map((size) => inForce(odd, size))).toEqual([line(1), null, null, line(2)]);
  });

  it("a second vault-created entry names no key", () => {
    const twice = keyHistory([created(line(1)), { ...created(line(2)), seq: 4 }]);
    expect(inForce(twice, 9)).toBe(line(1));
  });

  it("a key may come back", () => {
    const back = keyHistory([created(line(1)), rotated(2, line(2)), rotated(3, line(1))]);
    expect([2, 3, 4].map((size) => inForce(back, size))).toEqual([line(1), line(2), line(1)]);
  });

  it("an unknown reason is none", () => {
    expect(keyHistory([created(line(1)), rotated(2, line(2), "bored")])[0]).toMatchObject({ reason: null });
  });
});
