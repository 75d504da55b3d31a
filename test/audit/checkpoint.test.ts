import { describe, expect, it } from "vitest";
import { hex } from "../../src/audit/bytes.js";
import {
  type Checkpoint,
  checkpointName,
  encodeCheckpoint,
  findCheckpoint,
  parseCheckpoint,
} from "../../src/audit/checkpoint.js";
import { FormatError } from "../../src/audit/finding.js";
import { readVectors } from "../support/vectors.js";

interface Vector {
  readonly comment: string;
  readonly text: string;
  readonly expect:
    | { readonly origin: string; readonly size: number; readonly root: string }
    | { readonly code: string };
}

function outcome(read: (text: string) => Checkpoint, text: string): Vector["expect"] {
  try {
    const { origin, size, root } = read(text);
    return { origin, size, root: hex(root) };
  } catch (error) {
    if (error instanceof FormatError) return { code: error.code };
    throw error;
  }
}

describe("the three lines of a checkpoint have one form", () => {
  const vectors = [
    ...readVectors<Vector>("checkpoints", "good"),
    ...readVectors<Vector>("checkpoints", "bad-"),
  ];

  it.each(vectors)("$name: $comment", ({ text, expect: expected }) => {
    expect(outcome(parseCheckpoint, text)).toEqual(expected);
    if ("root" in expected) {
      expect(encodeCheckpoint({ ...expected, root: Buffer.from(expected.root, "hex") })).toBe(text);
    }
  });

  it("and their files a number of six digits or more", () => {
    expect([1, 42, 999_999, 1_000_000].map(checkpointName)).toEqual([
      "000001",
      "000042",
      "999999",
      "1000000",
    ]);
  });
});

describe("a checkpoint is found in what somebody kept", () => {
  const vectors = [
    ...readVectors<Vector>("checkpoints", "kept-"),
    ...readVectors<Vector>("checkpoints", "good"),
  ];

  it.each(vectors)("$name: $comment", ({ text, expect: expected }) => {
    expect(outcome(findCheckpoint, text)).toEqual(expected);
  });
});
