import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hex } from "../../src/audit/bytes.js";
import { FormatError } from "../../src/audit/finding.js";
import { readProof } from "../../src/audit/open-timestamps.js";
import {
  encodeAttestation,
  encodeOperation,
  openPromises,
  proofFromAnswer,
  stampCommitment,
  upgradeProof,
} from "../../src/seal/calendar-proof.js";
import { readVectors } from "../support/vectors.ts";

interface ProofVector {
  readonly comment: string;
  readonly digest: string;
  readonly proof_base64: string;
  readonly expect: {
    readonly code?: string;
    readonly pending?: readonly string[];
    readonly bitcoin?: readonly { readonly height: number; readonly merkle_root: string }[];
  };
}

const vectors = readVectors<ProofVector>("proofs");

function outcome(proof: Uint8Array, digest: Uint8Array): ProofVector["expect"] {
  try {
    const { pending, bitcoin } = readProof(proof, digest);
    const blocks = bitcoin.map(({ height, merkleRoot }) => ({
      height,
      merkle_root: hex(merkleRoot),
    }));
    return { pending, bitcoin: blocks };
  } catch (error) {
    if (error instanceof FormatError) return { code: error.code };
    throw error;
  }
}

function bytesOf(name: string) {
  const { digest, proof_base64 } = vectors.find((one) => one.name === `${name}.json`)!;
  return { digest: Buffer.from(digest, "hex"), proof: Buffer.from(proof_base64, "base64") };
}

const digest = createHash("sha256").update("a signed checkpoint").digest();
const nonce = Buffer.alloc(16, 7);
const sha256 = encodeOperation({ name: "sha256", argument: null });
const promise = encodeAttestation({ kind: "pending", url: "https://a.example" });
const block = encodeAttestation({ kind: "bitcoin", height: 5 });

describe("an OpenTimestamps proof", () => {
  it.each(vectors)("$name: $comment", ({ digest: over, proof_base64, expect: right }) => {
    expect(outcome(Buffer.from(proof_base64, "base64"), Buffer.from(over, "hex"))).toEqual(right);
  });

  it("a promise is made over a blinded digest, and the proof leads there from the digest itself", () => {
    const commitment = stampCommitment(digest, nonce);
    expect(commitment).toEqual(createHash("sha256").update(digest).update(nonce).digest());
    const proof = proofFromAnswer(digest, nonce, promise);
    expect(readProof(proof, digest)).toEqual({ pending: ["https://a.example"], bitcoin: [] });
    expect(openPromises(proof, digest)).toEqual([{ url: "https://a.example", commitment }]);
  });

  it("a kept promise is joined to the proof, and what was there stays", () => {
    const proof = proofFromAnswer(digest, nonce, promise);
    const commitment = stampCommitment(digest, nonce);
    const complete = upgradeProof(proof, digest, commitment, Buffer.concat([sha256, block]));
    const merkleRoot = createHash("sha256").update(commitment).digest();
    expect(readProof(complete, digest)).toEqual({
      pending: ["https://a.example"],
      bitcoin: [{ height: 5, merkleRoot }],
    });
    expect(openPromises(complete, digest)).toEqual([]);
    expect(upgradeProof(complete, digest, commitment, Buffer.concat([sha256, block]))).toEqual(complete);
  });

  it("an answer about something else is not joined", () => {
    const proof = proofFromAnswer(digest, nonce, promise);
    const other = Buffer.alloc(32, 1);
    expect(() => upgradeProof(proof, digest, other, Buffer.concat([sha256, block]))).toThrow("another proof");
  });

  it("an answer that promises nothing, or breaks off, makes no proof", () => {
    for (const answer of [Buffer.alloc(0), sha256, Buffer.concat([Buffer.of(0xff), sha256])]) {
      expect(() => proofFromAnswer(digest, nonce, answer)).toThrow(FormatError);
    }
  });
});

describe("a proof in hostile hands", () => {
  it("no changed byte is a crash, and none leads the digest to the same block", () => {
    const { proof, digest: over } = bytesOf("complete");
    const right = outcome(proof, over).bitcoin;
    const same: number[] = [];
    for (let at = 0; at < proof.length; at++) {
      const changed = Buffer.from(proof);
      changed[at]! ^= 0x11;
      if (JSON.stringify(outcome(changed, over).bitcoin) === JSON.stringify(right)) same.push(at);
    }
    // The calendar's promise beside it is all that can be changed: it proves nothing.
    const stated = encodeAttestation({ kind: "pending", url: "https://alice.calendar.example" });
    const start = proof.indexOf(stated);
    expect(start).toBeGreaterThan(0);
    expect(same.filter((at) => at < start || at >= start + stated.length)).toEqual([]);
  });

  it("branches without end, a message that grows without end, and numbers without end are refused", () => {
    const head = bytesOf("pending").proof.subarray(0, 65);
    const branches = Buffer.concat([
      head,
      Buffer.alloc(100_000, Buffer.concat([Buffer.of(0xff), block])),
      block,
    ]);
    const growing = Buffer.concat([
      head,
      ...Array.from({ length: 10 }, () => encodeOperation({ name: "append", argument: Buffer.alloc(1000) })),
      block,
    ]);
    const hex = Buffer.concat([head, Buffer.alloc(20, 0xf3), block]);
    const number = Buffer.concat([head, Buffer.of(0xf0), Buffer.alloc(20, 0xff), block]);
    for (const proof of [branches, growing, hex, number]) {
      expect(outcome(proof, digest)).toEqual({ code: "proof-malformed" });
    }
  });

  it("as many branches as are read, twice, are joined in the time that it takes to read them", () => {
    const branch = (number: number) => {
      const argument = Buffer.from(`branch ${number}`);
      return Buffer.concat([Buffer.of(0xff), encodeOperation({ name: "append", argument }), promise]);
    };
    const branches = (from: number) =>
      Buffer.concat([...Array.from({ length: 1600 }, (_, at) => branch(from + at)), promise]);
    const proof = proofFromAnswer(digest, nonce, branches(0));
    const grown = upgradeProof(proof, digest, stampCommitment(digest, nonce), branches(1));
    const more = encodeOperation({ name: "append", argument: Buffer.from("branch 1600") });
    expect(grown.length).toBe(proof.length + 1 + more.length + promise.length);
  });
});
