import { describe, expect, it } from "vitest";
import { bytesOfHex } from "../../../src/audit/bytes.js";
import { parseCanonical } from "../../../src/audit/canonical-json.js";
import { sha256 } from "../../../src/audit/digest.js";
import { verifyInclusion } from "../../../src/audit/merkle.js";
import { type Result, resultProof, resultsOf } from "../../../src/core/observe/results.js";
import { leafHash } from "../../../src/core/package/merkle-proofs.js";

const result: Result = {
  v: 1,
  capture: "20261123-4T9KX2MB",
  url: "https://video.example/watch/811",
  at: "2026-12-01T12:00:00.000Z",
  verdict: "online",
  confirmed: false,
  basis: [{ by: "look-up", code: "found" }],
  changed: [],
  facts: { title: "A street", description: null, uploader: null, seconds: 12.512, thumbnail: null },
  look_up: { found: true, errors: [], exit_code: 0 },
  requests: [],
};

const results = Array.from({ length: 7 }, (_, number): Result => {
  const verdict = number % 3 === 0 ? "unknown" : "online";
  return { ...result, capture: `20261123-0000000${number}`, verdict };
});

const bytes = (text: string) => {
  const found = bytesOfHex(text);
  if (found === null) throw new Error(`no hex: ${text}`);
  return found;
};

describe("the results of a run", () => {
  it("are one canonical line a capture, in order", () => {
    const { text } = resultsOf(results);
    const lines = text.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => parseCanonical(line))).toMatchObject(
      results.map(({ capture, verdict }) => ({ capture, verdict })),
    );
  });

  it("state a length as text, because nothing that is hashed contains a fraction", () => {
    expect(resultsOf([result]).text).toContain('"seconds":"12.512"');
    expect(resultsOf([{ ...result, facts: null }]).text).toContain('"facts":null');
  });

  it("are stated by digest, size, number and verdicts", () => {
    const run = resultsOf(results);
    expect(run).toMatchObject({ captures: 7, verdicts: { unknown: 3, online: 4 } });
    expect(run.sha256).toBe(sha256(run.text));
    expect(run.bytes).toBe(Buffer.byteLength(run.text));
  });

  it("prove each of their lines alone, and no other", () => {
    const run = resultsOf(results);
    const lines = run.text.trimEnd().split("\n");
    for (const [index, line] of lines.entries()) {
      const proof = resultProof(lines, index).map(bytes);
      const claim = { index, size: lines.length, proof, root: bytes(run.root) };
      expect(verifyInclusion({ ...claim, leaf: leafHash(line) })).toBe(true);
      expect(verifyInclusion({ ...claim, leaf: leafHash(line.replace('"v":1', '"v":2')) })).toBe(false);
    }
  });
});
