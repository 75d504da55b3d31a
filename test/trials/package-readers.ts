import { createHash } from "node:crypto";
import fc from "fast-check";
import { auditBag, bagTexts, isKnownPackage, parseBagInfo } from "../../src/audit/bag.js";
import { parseInclusionProof } from "../../src/audit/inclusion.js";
import { ProofReader, readNode, readProof } from "../../src/audit/open-timestamps.js";
import { clashingPaths, packagePathProblem, proofFileOf } from "../../src/audit/package-paths.js";
import { parseLongName, parsePaxHeader, parseTarHeader } from "../../src/audit/tar.js";
import { readPemCertificates } from "../../src/audit/time-stamp-certificate.js";
import { readTimeStampResponse } from "../../src/audit/time-stamp-reader.js";
import { bagDeclaration, encodeBagInfo, encodeManifest } from "../../src/core/package/bag.js";
import { encodeInclusionProof } from "../../src/core/package/choice.js";
import {
  encodeAttestation,
  encodeNode,
  encodeOperation,
  openPromises,
  proofFromAnswer,
  upgradeProof,
} from "../../src/seal/calendar-proof.js";
import { readRefusal } from "../../src/seal/time-stamp-request.js";
import { readVectors } from "../support/vectors.js";
import { asText, bytesOf, type ForeignReader, mustBeSame, orRefused } from "./foreign-reader.js";

const digest = createHash("sha256").update("a signed checkpoint").digest();
const file = {
  path: "data/20261123-4T9KX2MB/record.json",
  bytes: 12,
  sha256: "ab".repeat(32),
  sha512: "cd".repeat(64),
};
const bagInfo = encodeBagInfo({
  date: "2026-11-24",
  captures: ["20261123-4T9KX2MB"],
  origin: `holdfast/${"4f".repeat(16)}`,
  profile: "redacted",
  payload: [file],
});
const found = { ...file, problem: null };

/** A header of ustar, as tar writes it. */
function tarHeader(name: string, size: number, type = "0"): string {
  const block = Buffer.alloc(512);
  block.write(name, 0, "latin1");
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write(`        ${type}`, 148);
  block.write("ustar\u000000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return asText(block);
}

const fileName = fc.stringMatching(/^[A-Za-z0-9._-]{1,60}$/);

interface Proof {
  readonly digest: string;
  readonly proof_base64: string;
}

const proofs = readVectors<Proof>("proofs").map((one) => ({
  digest: Buffer.from(one.digest, "hex"),
  bytes: Buffer.from(one.proof_base64, "base64"),
}));
const tokens = readVectors<{ readonly response_base64: string; readonly roots: readonly string[] }>("tokens");
const promise = encodeAttestation({ kind: "pending", url: "https://a.example" });
const branches = Buffer.concat([
  Buffer.of(0xff),
  promise,
  Buffer.of(0xff),
  encodeOperation({ name: "append", argument: Buffer.of(1) }),
  promise,
  encodeOperation({ name: "sha256", argument: null }),
  encodeAttestation({ kind: "bitcoin", height: 5 }),
]);

/** A proof read, written and read again says the same. */
function readTree(bytes: Uint8Array): void {
  const reader = new ProofReader(bytes);
  const node = orRefused(() => readNode(reader, digest));
  if (node === null) return;
  const written = encodeNode(node);
  mustBeSame(asText(encodeNode(readNode(new ProofReader(written), digest))), asText(written));
}

export const packageReaders: readonly ForeignReader[] = [
  {
    name: "what a package says of itself",
    samples: [bagInfo, bagDeclaration],
    read: (text) => [isKnownPackage(bytesOf(text)), parseBagInfo(bytesOf(text))],
  },
  {
    name: "a manifest",
    samples: [encodeManifest([file], "sha256"), encodeManifest([file], "sha512")],
    read: (text) => {
      const texts = new Map(bagTexts.map((name) => [name, bytesOf(text)]));
      const findings = auditBag(
        { files: new Map([[file.path, found]]), texts },
        parseBagInfo(Buffer.from(bagInfo)),
      );
      const sound = findings.every(({ where }) => where !== "manifest-sha256.txt" && where !== file.path);
      if (sound) mustBeSame(text, encodeManifest([file], "sha256"));
    },
  },
  {
    name: "a header of a tar file",
    samples: [tarHeader("a/data/x", 12), tarHeader("a/", 0, "5"), tarHeader("PaxHeader", 30, "x")],
    made: fc
      .tuple(fileName, fc.integer({ min: 0, max: 8 ** 11 - 1 }))
      .map(([name, size]) => tarHeader(name, size)),
    read: (text) => {
      const block = Buffer.alloc(512);
      bytesOf(text).copy(block);
      const header = orRefused(() => parseTarHeader(block));
      if (header !== null && text === tarHeader(header.name, header.size)) return;
      if (header !== null && !Number.isSafeInteger(header.size)) throw new Error("a size that is no number");
    },
  },
  {
    name: "an extended header of a tar file",
    samples: ["20 path=data/a/b.mp4\n", "13 size=1234\n30 mtime=1767600000.1234567890\n"],
    read: (text) => [orRefused(() => parsePaxHeader(bytesOf(text))), parseLongName(bytesOf(text))],
  },
  {
    name: "a path in a package",
    samples: [file.path, "proof/000012/example.tsr", "proof/000012/witness-0123456789abcdef.sig", "a//../b"],
    read: (text) => {
      const paths = text.split("\n");
      clashingPaths(
        paths.filter((path) => packagePathProblem(path) === null),
        [],
      );
      for (const path of paths) {
        const known = packagePathProblem(path) === null && proofFileOf(path) !== null;
        if (known && !/^proof\/\d{6,16}\/[a-z0-9.-]+$/.test(path))
          throw new Error(`a path that is none: ${path}`);
      }
    },
  },
  {
    name: "a proof of inclusion",
    samples: [encodeInclusionProof(5, 12, [Buffer.alloc(32, 1), Buffer.alloc(32, 2)])],
    made: fc
      .tuple(
        fc.integer({ min: 1, max: 1e6 }),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 9 }),
      )
      .map(([seq, hashes]) => encodeInclusionProof(seq, seq + 5, hashes)),
    read: (text) => {
      const proof = orRefused(() => parseInclusionProof(bytesOf(text)));
      if (proof !== null) mustBeSame(encodeInclusionProof(proof.seq, proof.size, proof.hashes), text);
    },
  },
  {
    name: "a proof of OpenTimestamps",
    samples: proofs.map(({ bytes }) => asText(bytes)),
    read: (text) => {
      for (const { digest: over } of proofs.slice(0, 2)) {
        orRefused(() => readProof(bytesOf(text), over));
        orRefused(() => openPromises(bytesOf(text), over));
      }
    },
  },
  {
    name: "the answer of a calendar",
    samples: [asText(promise), asText(branches)],
    read: (text) => {
      readTree(bytesOf(text));
      const nonce = Buffer.alloc(16, 7);
      const proof = orRefused(() => proofFromAnswer(digest, nonce, bytesOf(text)));
      const [open] = proof === null ? [] : openPromises(proof, digest);
      if (proof === null || open === undefined) return;
      const grown = orRefused(() => upgradeProof(proof, digest, open.commitment, branches));
      if (grown !== null) readProof(grown, digest);
    },
  },
  {
    name: "the answer of a time-stamping authority",
    runs: 75,
    samples: tokens.map(({ response_base64 }) => asText(Buffer.from(response_base64, "base64"))),
    read: (text) => [
      orRefused(() => readTimeStampResponse(bytesOf(text))),
      orRefused(() => readRefusal(bytesOf(text))),
    ],
  },
  {
    name: "certificates in PEM",
    samples: tokens.flatMap(({ roots }) => roots.slice(0, 1)).slice(0, 3),
    read: (text) => readPemCertificates([text]),
  },
];
