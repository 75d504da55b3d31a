import { FormatError } from "./finding.js";
import {
  type Attestation,
  apply,
  ByteReader,
  encodeAttestation,
  encodeNode,
  encodeOperation,
  malformed,
  type Operation,
  type ProofNode,
  readNode,
} from "./open-timestamps-tree.js";

const magic = Buffer.from("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294", "hex");
const version = 1;
const sha256Tag = 0x08;

/** The largest proof, or answer of a calendar, that is read. Real ones have 1 to 4 KiB. */
const maxProofBytes = 256 * 1024;

/** What a proof ends in (FORMAT.md §15). */
export interface ProofEnds {
  /** Addresses of calendars that have promised. */
  readonly pending: readonly string[];
  /** Blocks that it leads to: `merkleRoot` is the 32 bytes that the block's header must have, in the header's own order. */
  readonly bitcoin: readonly { readonly height: number; readonly merkleRoot: Buffer }[];
}

/** A promise that is still open: what to ask which calendar for. */
export interface OpenPromise {
  readonly url: string;
  readonly commitment: Buffer;
}

/**
 * Reads a detached proof file and works it out from `digest` (32 bytes, SHA-256). The file may come from anybody.
 * Throws FormatError `proof-malformed`, or `proof-imprint` where it is over another digest.
 */
export function readProof(file: Uint8Array, digest: Uint8Array): ProofEnds {
  const nodes = allNodes(readFile(file, digest));
  return {
    pending: nodes.flatMap(({ attestations }) =>
      attestations.flatMap((one) => (one.kind === "pending" ? [one.url] : [])),
    ),
    bitcoin: nodes.flatMap(({ message, attestations }) =>
      attestations.flatMap((one) =>
        one.kind === "bitcoin" ? [{ height: one.height, merkleRoot: message }] : [],
      ),
    ),
  };
}

/** The promises of a proof whose place leads to no block. Throws as `readProof` does. */
export function openPromises(file: Uint8Array, digest: Uint8Array): readonly OpenPromise[] {
  return allNodes(readFile(file, digest)).flatMap((node) =>
    allNodes(node).some(hasBlock)
      ? []
      : node.attestations.flatMap((one) =>
          one.kind === "pending" ? [{ url: one.url, commitment: node.message }] : [],
        ),
  );
}

/** What is sent to a calendar: a random `nonce` hides the digest from it, and two calendars see nothing in common. */
export function stampCommitment(digest: Uint8Array, nonce: Uint8Array): Buffer {
  return blinding(nonce).reduce<Buffer>(
    (message, operation) => apply(operation, message),
    Buffer.from(digest),
  );
}

/**
 * The proof file from a calendar's answer to `stampCommitment`. Throws FormatError `proof-malformed` for an answer that
 * is none, or promises nothing.
 */
export function proofFromAnswer(digest: Uint8Array, nonce: Uint8Array, answer: Uint8Array): Buffer {
  const commitment = stampCommitment(digest, nonce);
  const node = readAnswer(answer, commitment);
  if (!allNodes(node).some(({ attestations }) => attestations.length > 0))
    throw malformed("it promises nothing");
  return Buffer.concat([header(digest), ...blinding(nonce).map(encodeOperation), encodeNode(node)]);
}

/**
 * The proof with a calendar's later answer about `commitment` in it; what was there stays. Throws as `readProof` does,
 * and `proof-malformed` for an answer that is none or a proof without this commitment.
 */
export function upgradeProof(
  file: Uint8Array,
  digest: Uint8Array,
  commitment: Uint8Array,
  answer: Uint8Array,
): Buffer {
  const known = readFile(file, digest);
  const added = readAnswer(answer, Buffer.from(commitment));
  if (!allNodes(known).some(({ message }) => message.equals(added.message))) {
    throw malformed("the answer belongs to another proof");
  }
  return Buffer.concat([header(digest), encodeNode(graft(known, added))]);
}

function readFile(file: Uint8Array, digest: Uint8Array): ProofNode {
  if (file.length > maxProofBytes) throw malformed("it is too large");
  const reader = new ByteReader(file);
  if (file.length < magic.length || !reader.bytes(magic.length).equals(magic)) {
    throw malformed("it does not begin as a proof does");
  }
  if (reader.number() !== version) throw malformed("it is of a version that is not known here");
  if (reader.byte() !== sha256Tag) throw malformed("it is not over a SHA-256");
  const stated = reader.bytes(32);
  if (!stated.equals(digest)) {
    throw new FormatError("proof-imprint", "it is over other bytes than this signed checkpoint");
  }
  const node = readNode(reader, stated);
  reader.end();
  return node;
}

function readAnswer(answer: Uint8Array, commitment: Buffer): ProofNode {
  if (answer.length > maxProofBytes) throw malformed("it is too large");
  const reader = new ByteReader(answer);
  const node = readNode(reader, commitment);
  reader.end();
  return node;
}

function header(digest: Uint8Array): Buffer {
  return Buffer.concat([magic, Buffer.of(version, sha256Tag), digest]);
}

function blinding(nonce: Uint8Array): readonly Operation[] {
  return [
    { name: "append", argument: Buffer.from(nonce) },
    { name: "sha256", argument: null },
  ];
}

function allNodes(node: ProofNode): readonly ProofNode[] {
  const found = [node];
  // Grows while it is walked: a proof can be deeper than it is wise to recurse.
  for (const one of found) found.push(...one.steps.map((step) => step.node));
  return found;
}

function hasBlock({ attestations }: ProofNode): boolean {
  return attestations.some(({ kind }) => kind === "bitcoin");
}

/** `known` with `added` at every place that has its message. */
function graft(known: ProofNode, added: ProofNode): ProofNode {
  const steps = known.steps.map(({ operation, node }) => ({ operation, node: graft(node, added) }));
  const grown = { ...known, steps };
  return known.message.equals(added.message) ? joined(grown, added) : grown;
}

/** By the bytes of each item and not by comparing all with all: a calendar can send thousands. */
function joined(known: ProofNode, added: ProofNode): ProofNode {
  const attested = new Set(known.attestations.map(keyOfAttestation));
  const steps = new Map(known.steps.map((step) => [keyOfOperation(step.operation), step]));
  const others: ProofNode["steps"][number][] = [];
  for (const step of added.steps) {
    const key = keyOfOperation(step.operation);
    const twin = steps.get(key);
    if (twin === undefined) others.push(step);
    else steps.set(key, { operation: twin.operation, node: joined(twin.node, step.node) });
  }
  return {
    message: known.message,
    attestations: [
      ...known.attestations,
      ...added.attestations.filter((one) => !attested.has(keyOfAttestation(one))),
    ],
    steps: [...steps.values(), ...others],
  };
}

const keyOfAttestation = (one: Attestation): string => encodeAttestation(one).toString("latin1");
const keyOfOperation = (one: Operation): string => encodeOperation(one).toString("latin1");
