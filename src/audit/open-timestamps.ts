import { ByteReader } from "./byte-reader.js";
import { concat, hex, latin1, sameBytes, utf8 } from "./bytes.js";
import { crypto } from "./crypto.js";
import { demand, FormatError } from "./finding.js";

/** How a proof file begins: these bytes, then version 1, then the tag of SHA-256. */
export const proofMagic = concat(
  utf8("\0OpenTimestamps\0\0Proof\0"),
  Uint8Array.of(0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94),
);

/** The largest proof, or answer of a calendar, that is read. Real ones have 1 to 4 KiB. */
export const maxProofBytes = 256 * 1024;

/** What a proof ends in (FORMAT.md §15). */
export interface ProofEnds {
  /** Addresses of calendars that have promised. */
  readonly pending: readonly string[];
  /**
   * Blocks that it leads to: `merkleRoot` is the 32 bytes that the block's header must contain, in the header's own
   * order.
   */
  readonly bitcoin: readonly { readonly height: number; readonly merkleRoot: Uint8Array }[];
}

/**
 * Reads a detached proof file and computes it from `digest` (32 bytes, SHA-256). The file may come from anybody. Throws
 * FormatError `proof-malformed`, or `proof-imprint` if it is over another digest.
 */
export function readProof(file: Uint8Array, digest: Uint8Array): ProofEnds {
  const nodes = allNodes(readProofTree(file, digest));
  const ends = nodes.flatMap(({ message, attestations }) => attestations.map((one) => ({ ...one, message })));
  return {
    pending: ends.flatMap((one) => (one.kind === "pending" ? [one.url] : [])),
    bitcoin: ends.flatMap((one) =>
      one.kind === "bitcoin" ? [{ height: one.height, merkleRoot: one.message }] : [],
    ),
  };
}

/** The tree of a detached proof file, computed from `digest`. Throws as `readProof` does. */
export function readProofTree(file: Uint8Array, digest: Uint8Array): ProofNode {
  if (file.length > maxProofBytes) throw malformed("it is too large");
  const reader = new ProofReader(file);
  if (file.length < proofMagic.length || !sameBytes(reader.take(proofMagic.length), proofMagic)) {
    throw malformed("it does not begin as a proof does");
  }
  if (reader.number() !== 1) throw malformed("its version is not known here");
  if (reader.byte() !== operationTags.sha256) throw malformed("it is not over a SHA-256");
  const stated = reader.take(32);
  const isOver = sameBytes(stated, digest);
  demand(isOver, "proof-imprint", "it is over other bytes than this signed checkpoint");
  const node = readNode(reader, stated);
  reader.end();
  return node;
}

/** A node and all below it. */
export function allNodes(node: ProofNode): readonly ProofNode[] {
  const found = [node];
  // Grows while it is walked: a proof can be too deep to recurse safely.
  for (const one of found) found.push(...one.steps.map((step) => step.node));
  return found;
}

/** What stands at the end of a path through a proof. */
export type Attestation =
  | { readonly kind: "pending"; readonly url: string }
  | { readonly kind: "bitcoin"; readonly height: number }
  | { readonly kind: "other"; readonly tag: string; readonly payload: Uint8Array };

/** One operation on the message; `argument` only for `append` and `prepend`. */
export interface Operation {
  readonly name: OperationName;
  readonly argument: Uint8Array | null;
}

const operationNames = ["append", "prepend", "reverse", "hexlify", "sha1", "ripemd160", "sha256"] as const;

export type OperationName = (typeof operationNames)[number];

/** A message known at this place of a proof, what attests it, and what is made from it. */
export interface ProofNode {
  readonly message: Uint8Array;
  readonly attestations: readonly Attestation[];
  readonly steps: readonly { readonly operation: Operation; readonly node: ProofNode }[];
}

/** The limits of the reference implementation, and one for the whole proof. */
const bounds = { depth: 256, nodes: 5000, messageBytes: 4096, payloadBytes: 8192, urlBytes: 1000 } as const;

/** How each operation begins in a proof. */
export const operationTags: Readonly<Record<OperationName, number>> = {
  sha1: 0x02,
  ripemd160: 0x03,
  sha256: 0x08,
  append: 0xf0,
  prepend: 0xf1,
  reverse: 0xf2,
  hexlify: 0xf3,
};

/** Eight bytes that say what an attestation is. */
export const attestationTags = { pending: "83dfe30d2ef90c8e", bitcoin: "0588960d73d71901" } as const;

/** In place of an operation: an attestation follows, or one of several items does. */
export const marks = { attestation: 0x00, more: 0xff } as const;

/**
 * Reads a serialised timestamp over `message` from `reader` and computes every operation. Throws FormatError
 * `proof-malformed` for anything else, and for one that is deeper or larger than any real one.
 */
export function readNode(reader: ProofReader, message: Uint8Array): ProofNode {
  return readNodeAt(reader, message, 0, { left: bounds.nodes });
}

function readNodeAt(
  reader: ProofReader,
  message: Uint8Array,
  depth: number,
  nodes: { left: number },
): ProofNode {
  nodes.left -= 1;
  if (depth > bounds.depth || nodes.left < 0) throw malformed("it is too deep or has too many branches");
  const attestations: Attestation[] = [];
  const steps: ProofNode["steps"][number][] = [];
  const readOne = (tag: number): void => {
    nodes.left -= 1;
    if (nodes.left < 0) throw malformed("it has too many branches");
    if (tag === marks.attestation) attestations.push(readAttestation(reader));
    else {
      const operation = readOperation(reader, tag);
      steps.push({ operation, node: readNodeAt(reader, apply(operation, message), depth + 1, nodes) });
    }
  };
  let tag = reader.byte();
  for (; tag === marks.more; tag = reader.byte()) readOne(reader.byte());
  readOne(tag);
  return { message, attestations, steps };
}

function readOperation(reader: ProofReader, tag: number): Operation {
  const name = operationNames.find((one) => operationTags[one] === tag);
  if (name === undefined) throw malformed("it has an operation that is not known here");
  const argument = name === "append" || name === "prepend" ? reader.counted(bounds.messageBytes) : null;
  if (argument?.length === 0) throw malformed("an operation adds nothing");
  return { name, argument };
}

function readAttestation(reader: ProofReader): Attestation {
  const tag = hex(reader.take(8));
  const payload = reader.counted(bounds.payloadBytes);
  const inside = new ProofReader(payload);
  if (tag === attestationTags.pending) return { kind: "pending", url: readUrl(inside) };
  if (tag === attestationTags.bitcoin) {
    const height = inside.number();
    inside.end();
    return { kind: "bitcoin", height };
  }
  return { kind: "other", tag, payload };
}

function readUrl(reader: ProofReader): string {
  const url = latin1(reader.counted(bounds.urlBytes));
  reader.end();
  // The reference implementation takes these characters and no others.
  if (!/^https?:\/\/[A-Za-z0-9._:/-]+$/.test(url)) throw malformed("a calendar in it has no address");
  return url;
}

/** The message after an operation. Throws FormatError `proof-malformed` if that becomes too long. */
export function apply({ name, argument }: Operation, message: Uint8Array): Uint8Array {
  const made = applied(name, argument ?? new Uint8Array(), message);
  if (made.length > bounds.messageBytes) throw malformed("a message in it becomes too long");
  return made;
}

function applied(name: OperationName, argument: Uint8Array, message: Uint8Array): Uint8Array {
  if (name === "append") return concat(message, argument);
  if (name === "prepend") return concat(argument, message);
  if (name === "reverse") return message.toReversed();
  if (name === "hexlify") return utf8(hex(message));
  try {
    return crypto.digest(name, message);
  } catch {
    // Some builds of OpenSSL come without RIPEMD-160.
    throw malformed(`${name} cannot be computed on this machine`);
  }
}

/** Reads the binary form of proofs. Every method throws FormatError `proof-malformed` if too few bytes are left. */
export class ProofReader extends ByteReader {
  constructor(source: Uint8Array) {
    super(source, "proof-malformed");
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 0x80) {
      const septet = this.byte();
      value += (septet & 0x7f) * factor;
      if (septet < 0x80) return value;
    }
    throw malformed("a number in it is too large");
  }

  counted(limit: number): Uint8Array {
    const length = this.number();
    if (length > limit) throw malformed("a part of it is too long");
    return this.take(length);
  }
}

export function malformed(words: string): FormatError {
  return new FormatError("proof-malformed", words);
}
