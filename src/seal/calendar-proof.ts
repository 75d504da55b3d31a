import { sameBytes } from "../audit/bytes.js";
import {
  type Attestation,
  allNodes,
  apply,
  attestationTags,
  malformed,
  marks,
  maxProofBytes,
  type Operation,
  operationTags,
  type ProofNode,
  ProofReader,
  proofMagic,
  readNode,
  readProofTree,
} from "../audit/open-timestamps.js";

/** An open promise: the calendar to ask, and the commitment to ask about. */
export interface OpenPromise {
  readonly url: string;
  readonly commitment: Uint8Array;
}

/** The promises of a proof that no block fulfils yet. Throws as `readProof` does. */
export function openPromises(file: Uint8Array, digest: Uint8Array): readonly OpenPromise[] {
  return allNodes(readProofTree(file, digest)).flatMap((node) =>
    allNodes(node).some(hasBlock)
      ? []
      : node.attestations.flatMap((one) =>
          one.kind === "pending" ? [{ url: one.url, commitment: node.message }] : [],
        ),
  );
}

/**
 * What to send to a calendar. A random `nonce` hides the digest from it and keeps two calendars from comparing
 * requests.
 */
export function stampCommitment(digest: Uint8Array, nonce: Uint8Array): Uint8Array {
  return blinding(nonce).reduce<Uint8Array>((message, operation) => apply(operation, message), digest);
}

/**
 * Makes the proof file from a calendar's answer to `stampCommitment`. Throws FormatError `proof-malformed` for a malformed
 * answer, or one that promises nothing.
 */
export function proofFromAnswer(digest: Uint8Array, nonce: Uint8Array, answer: Uint8Array): Buffer {
  const commitment = stampCommitment(digest, nonce);
  const node = readAnswer(answer, commitment);
  if (!allNodes(node).some(({ attestations }) => attestations.length > 0))
    throw malformed("the answer promises nothing");
  return Buffer.concat([header(digest), ...blinding(nonce).map(encodeOperation), encodeNode(node)]);
}

/**
 * Adds a calendar's later answer about `commitment` to a proof and keeps everything in it. Throws as `readProof` does, and
 * `proof-malformed` for a malformed answer or a proof without this commitment.
 */
export function upgradeProof(
  file: Uint8Array,
  digest: Uint8Array,
  commitment: Uint8Array,
  answer: Uint8Array,
): Buffer {
  const known = readProofTree(file, digest);
  const added = readAnswer(answer, Buffer.from(commitment));
  if (!allNodes(known).some(({ message }) => sameBytes(message, added.message))) {
    throw malformed("the answer belongs to another proof");
  }
  return Buffer.concat([header(digest), encodeNode(graft(known, added))]);
}

function readAnswer(answer: Uint8Array, commitment: Uint8Array): ProofNode {
  if (answer.length > maxProofBytes) throw malformed("it is too large");
  const reader = new ProofReader(answer);
  const node = readNode(reader, commitment);
  reader.end();
  return node;
}

function header(digest: Uint8Array): Buffer {
  return Buffer.concat([proofMagic, Buffer.of(1, operationTags.sha256), digest]);
}

function blinding(nonce: Uint8Array): readonly Operation[] {
  return [
    { name: "append", argument: Buffer.from(nonce) },
    { name: "sha256", argument: null },
  ];
}

function hasBlock({ attestations }: ProofNode): boolean {
  return attestations.some(({ kind }) => kind === "bitcoin");
}

/** `known` with `added` merged into every node that has its message. */
function graft(known: ProofNode, added: ProofNode): ProofNode {
  const steps = known.steps.map(({ operation, node }) => ({ operation, node: graft(node, added) }));
  const grown = { ...known, steps };
  return sameBytes(known.message, added.message) ? joined(grown, added) : grown;
}

/** Merges two nodes, looking items up by their bytes: a calendar controls how many there are, and can send thousands. */
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

/** The bytes of a node without its message, which the reader computes. */
export function encodeNode({ attestations, steps }: ProofNode): Buffer {
  const items = [
    ...attestations.map(encodeAttestation),
    ...steps.map(({ operation, node }) => Buffer.concat([encodeOperation(operation), encodeNode(node)])),
  ];
  return Buffer.concat(
    items.flatMap((item, at) => (at < items.length - 1 ? [Buffer.of(marks.more), item] : [item])),
  );
}

export function encodeOperation({ name, argument }: Operation): Buffer {
  return Buffer.concat([Buffer.of(operationTags[name]), ...(argument === null ? [] : [counted(argument)])]);
}

export function encodeAttestation(attestation: Attestation): Buffer {
  const [tag, payload] =
    attestation.kind === "pending"
      ? [attestationTags.pending, counted(Buffer.from(attestation.url, "latin1"))]
      : attestation.kind === "bitcoin"
        ? [attestationTags.bitcoin, encodeNumber(attestation.height)]
        : [attestation.tag, attestation.payload];
  return Buffer.concat([Buffer.of(marks.attestation), Buffer.from(tag, "hex"), counted(payload)]);
}

function counted(bytes: Uint8Array): Buffer {
  return Buffer.concat([encodeNumber(bytes.length), bytes]);
}

/** Seven bits per byte, the lowest first; the high bit set on all but the last. */
function encodeNumber(value: number): Buffer {
  const septets: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) septets.push((left % 0x80) | 0x80);
  return Buffer.from([...septets, left]);
}
