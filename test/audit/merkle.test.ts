import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../../src/audit/bytes.js";
import { leafHashOfBytes, nodeHash, verifyInclusion } from "../../src/audit/merkle.js";
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
  verifyConsistency,
} from "../../src/core/package/merkle-proofs.js";
import { readVectors, vectorPath } from "../support/vectors.js";

interface Roots {
  readonly leaves_hex: readonly string[];
  readonly roots: readonly string[];
}

interface EverySize {
  readonly lines: readonly string[];
  readonly roots: readonly string[];
  readonly inclusion_proofs_sha256: readonly string[];
  readonly consistency_proofs_sha256: readonly string[];
}

interface Inclusion {
  readonly comment: string;
  readonly leaf: string;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly string[];
  readonly root: string;
  readonly expect: boolean;
}

interface Consistency {
  readonly comment: string;
  readonly old_size: number;
  readonly old_root: string;
  readonly new_size: number;
  readonly new_root: string;
  readonly proof: readonly string[];
  readonly expect: boolean;
}

const bytes = (text: string) => Buffer.from(text, "hex");
const forty = readVectors<EverySize>("merkle", "every-size")[0]!;
const leaves = forty.lines.map(leafHash);
const roots = Array.from({ length: 41 }, (_, size) => merkleRoot(leaves.slice(0, size)));

test("the roots of the Certificate Transparency leaves are the known ones", () => {
  const vector = readVectors<Roots>("merkle", "roots-")[0]!;
  const known = vector.leaves_hex.map((leaf) => leafHashOfBytes(bytes(leaf)));
  const computed = vector.roots.map((_, size) => hex(merkleRoot(known.slice(0, size))));
  expect(computed).toEqual(vector.roots);
  expect(vector.roots[8]).toBe("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
});

test("a leaf is the hash of a zero byte, the line and its line feed", () => {
  const line = '{"a":"Қ"}';
  expect(leafHash(line)).toEqual(
    createHash("sha256")
      .update(Buffer.from(`\0${line}\n`))
      .digest(),
  );
  expect(leafHash(line)).toEqual(leafHashOfBytes(Buffer.from(`${line}\n`)));
});

test("every size to 40 has the root and the proofs of an independent implementation", () => {
  expect(roots.map(hex)).toEqual(forty.roots);
  for (let size = 0; size <= 40; size++) {
    const some = leaves.slice(0, size);
    const inclusion = some.flatMap((_, index) => inclusionProof(some, index));
    const consistency = Array.from({ length: size + 1 }, (_, old) => consistencyProof(some, old)).flat();
    expect(createHash("sha256").update(Buffer.concat(inclusion)).digest("hex")).toBe(
      forty.inclusion_proofs_sha256[size],
    );
    expect(createHash("sha256").update(Buffer.concat(consistency)).digest("hex")).toBe(
      forty.consistency_proofs_sha256[size],
    );
  }
});

test("every entry of every size to 40 is proven, and no other entry by its proof", () => {
  for (let size = 1; size <= 40; size++) {
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(leaves.slice(0, size), index);
      const claim = { leaf: leaves[index]!, index, size, proof, root: roots[size]! };
      expect(verifyInclusion(claim)).toBe(true);
      expect(verifyInclusion({ ...claim, leaf: leaves[(index + 1) % 40]! })).toBe(false);
      expect(verifyInclusion({ ...claim, root: roots[size - 1]! })).toBe(false);
      for (let other = 0; other < size; other++) {
        if (other !== index) expect(verifyInclusion({ ...claim, index: other })).toBe(false);
      }
    }
  }
});

test("every earlier size of every size to 40 is proven to be its beginning, and no other root is", () => {
  for (let newSize = 0; newSize <= 40; newSize++) {
    for (let oldSize = 0; oldSize <= newSize; oldSize++) {
      const proof = consistencyProof(leaves.slice(0, newSize), oldSize);
      const claim = { oldSize, oldRoot: roots[oldSize]!, newSize, newRoot: roots[newSize]!, proof };
      expect(verifyConsistency(claim)).toBe(true);
      expect(verifyConsistency({ ...claim, oldRoot: leafHash("other") })).toBe(false);
      if (oldSize > 0) expect(verifyConsistency({ ...claim, newRoot: leafHash("other") })).toBe(false);
      if (proof.length > 0) expect(verifyConsistency({ ...claim, proof: proof.slice(1) })).toBe(false);
    }
  }
});

describe("an inclusion proof proves exactly one place", () => {
  test.each(readVectors<Inclusion>("merkle", "inclusion-"))("$name: $comment", (vector) => {
    const { leaf, index, size, proof, root } = vector;
    const claim = { leaf: bytes(leaf), index, size, proof: proof.map(bytes), root: bytes(root) };
    expect(verifyInclusion(claim)).toBe(vector.expect);
  });
});

describe("a consistency proof proves exactly one beginning", () => {
  test.each(readVectors<Consistency>("merkle", "consistency-"))("$name: $comment", (vector) => {
    const claim = {
      oldSize: vector.old_size,
      oldRoot: bytes(vector.old_root),
      newSize: vector.new_size,
      newRoot: bytes(vector.new_root),
      proof: vector.proof.map(bytes),
    };
    expect(verifyConsistency(claim)).toBe(vector.expect);
  });
});

test("a tree grown leaf by leaf has the root of pairing bottom up and carrying an odd node", () => {
  const bottomUp = (level: readonly Uint8Array[]): Uint8Array => {
    if (level.length === 1) return level[0]!;
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      above.push(right ? nodeHash(left, right) : left);
    }
    return bottomUp(above);
  };
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 200 }), (lines) => {
      const hashes = lines.map(leafHash);
      expect(merkleRoot(hashes)).toEqual(bottomUp(hashes));
    }),
  );
});

test("one flipped bit in a proof is found", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (size, pick, flip) => {
      const index = pick % size;
      const proof = inclusionProof(leaves.slice(0, size), index);
      const claim = { leaf: leaves[index]!, index, size, proof, root: roots[size]! };
      const place = flip % (proof.length + 1);
      const target = Buffer.from(proof[place] ?? claim.leaf);
      target[flip % 32]! ^= 1 << (flip % 8);
      const damaged =
        place < proof.length ? { ...claim, proof: proof.with(place, target) } : { ...claim, leaf: target };
      expect(verifyInclusion(damaged)).toBe(false);
    }),
  );
});

test("sizes beyond 32 bits are no trap", () => {
  const root = leafHash("a");
  for (const size of [2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1]) {
    expect(verifyInclusion({ leaf: root, index: 0, size, proof: [], root })).toBe(false);
    expect(verifyInclusion({ leaf: root, index: size - 1, size, proof: [root], root })).toBe(false);
    expect(verifyConsistency({ oldSize: 1, oldRoot: root, newSize: size, newRoot: root, proof: [] })).toBe(
      false,
    );
  }
});

test("asking for a proof of what is not there is refused", () => {
  expect(() => inclusionProof(leaves, 40)).toThrow(RangeError);
  expect(() => inclusionProof([], 0)).toThrow(RangeError);
  expect(() => consistencyProof(leaves, 41)).toThrow(RangeError);
});

test("a shell script with sha256sum alone agrees on entries in every part of a log of 37", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  const script = vectorPath("verify-inclusion.sh");
  const size = 37;
  const some = leaves.slice(0, size);
  const root = hex(roots[size]!);
  try {
    const file = join(folder, "line");
    // Of 37, the first 32 are under one node, the next four under another, and the last is alone.
    for (const seq of [1, 2, 20, 32, 33, 36, 37]) {
      writeFileSync(file, `${forty.lines[seq - 1]}\n`);
      const proof = inclusionProof(some, seq - 1).map(hex);
      const printed = execFileSync("bash", [script, file, `${seq}`, `${size}`, root, ...proof], {
        encoding: "utf8",
      });
      expect(printed).toBe("in the log\n");
    }
    const proof = inclusionProof(some, size - 1).map(hex);
    for (const argv of [
      [`${size - 1}`, `${size}`, root, ...proof],
      [`${size}`, `${size}`, forty.roots[36]!, ...proof],
      [`${size}`, `${size}`, root, ...proof.slice(1)],
    ]) {
      const { status, stdout } = spawnSync("bash", [script, file, ...argv], { encoding: "utf8" });
      expect([status, stdout]).toEqual([1, "not in the log\n"]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
