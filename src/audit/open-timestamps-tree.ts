import { createHash } from "node:crypto";
import { FormatError } from "./finding.js";

/** What stands at the end of a path through a proof. */
export type Attestation =
  | { readonly kind: "pending"; readonly url: string }
  | { readonly kind: "bitcoin"; readonly height: number }
  | { readonly kind: "other"; readonly tag: string; readonly payload: Buffer };

/** One operation on the message; `argument` only for `append` and `prepend`. */
export interface Operation {
  readonly name: OperationName;
  readonly argument: Buffer | null;
}

export type OperationName = "append" | "prepend" | "reverse" | "hexlify" | "sha1" | "ripemd160" | "sha256";

/** A message that is known at this place of a proof, what attests it, and what is made of it. */
export interface ProofNode {
  readonly message: Buffer;
  readonly attestations: readonly Attestation[];
  readonly steps: readonly { readonly operation: Operation; readonly node: ProofNode }[];
}

/** The limits of the reference implementation, and one for the whole. */
const bounds = { depth: 256, nodes: 5000, messageBytes: 4096, payloadBytes: 8192, urlBytes: 1000 } as const;

const tags: Readonly<Record<OperationName, number>> = {
  sha1: 0x02,
  ripemd160: 0x03,
  sha256: 0x08,
  append: 0xf0,
  prepend: 0xf1,
  reverse: 0xf2,
  hexlify: 0xf3,
};

const operationNames: ReadonlyMap<number, OperationName> = new Map([
  [0x02, "sha1"],
  [0x03, "ripemd160"],
  [0x08, "sha256"],
  [0xf0, "append"],
  [0xf1, "prepend"],
  [0xf2, "reverse"],
  [0xf3, "hexlify"],
]);

const pendingTag = "83dfe30d2ef90c8e";
const bitcoinTag = "0588960d73d71901";
const attestationMark = 0x00;
const moreMark = 0xff;

/**
 * Reads a serialised timestamp over `message` from `reader` and works every operation out. Throws FormatError
 * `proof-malformed` for anything else, also for one that is deeper or larger than any real one.
 */
export function readNode(reader: ByteReader, message: Buffer): ProofNode {
  return readNodeAt(reader, message, 0, { left: bounds.nodes });
}

function readNodeAt(reader: ByteReader, message: Buffer, depth: number, nodes: { left: number }): ProofNode {
  nodes.left -= 1;
  if (depth > bounds.depth || nodes.left < 0) throw malformed("it is too deep or has too many branches");
  const attestations: Attestation[] = [];
  const steps: ProofNode["steps"][number][] = [];
  const readOne = (tag: number): void => {
    nodes.left -= 1;
    if (nodes.left < 0) throw malformed("it has too many branches");
    if (tag === attestationMark) attestations.push(readAttestation(reader));
    else {
      const operation = readOperation(reader, tag);
      steps.push({ operation, node: readNodeAt(reader, apply(operation, message), depth + 1, nodes) });
    }
  };
  let tag = reader.byte();
  for (; tag === moreMark; tag = reader.byte()) readOne(reader.byte());
  readOne(tag);
  return { message, attestations, steps };
}

function readOperation(reader: ByteReader, tag: number): Operation {
  const name = operationNames.get(tag);
  if (name === undefined) throw malformed("it has an operation that is not known here");
  const argument = name === "append" || name === "prepend" ? reader.counted(bounds.messageBytes) : null;
  if (argument?.length === 0) throw malformed("an operation adds nothing");
  return { name, argument };
}

function readAttestation(reader: ByteReader): Attestation {
  const tag = reader.bytes(8).toString("hex");
  const payload = reader.counted(bounds.payloadBytes);
  const inside = new ByteReader(payload);
  if (tag === pendingTag) return { kind: "pending", url: readUrl(inside) };
  if (tag === bitcoinTag) {
    const height = inside.number();
    inside.end();
    return { kind: "bitcoin", height };
  }
  return { kind: "other", tag, payload };
}

function readUrl(reader: ByteReader): string {
  const url = reader.counted(bounds.urlBytes).toString("latin1");
  reader.end();
  // The reference implementation takes these characters and no others.
  if (!/^https?:\/\/[A-Za-z0-9._:/-]+$/.test(url)) throw malformed("a calendar in it has no address");
  return url;
}

/** The message after an operation. Throws FormatError `proof-malformed` where that becomes too long. */
export function apply({ name, argument }: Operation, message: Buffer): Buffer {
  const made = applied(name, argument ?? Buffer.alloc(0), message);
  if (made.length > bounds.messageBytes) throw malformed("a message in it becomes too long");
  return made;
}

function applied(name: OperationName, argument: Buffer, message: Buffer): Buffer {
  if (name === "append") return Buffer.concat([message, argument]);
  if (name === "prepend") return Buffer.concat([argument, message]);
  if (name === "reverse") return Buffer.from(message).reverse();
  if (name === "hexlify") return Buffer.from(message.toString("hex"));
  try {
    return createHash(name).update(message).digest();
  } catch {
    // Some builds of OpenSSL come without RIPEMD-160.
    throw malformed(`${name} cannot be worked out on this machine`);
  }
}

/** The bytes of a node, its message left out: whoever reads them knows it. */
export function encodeNode({ attestations, steps }: ProofNode): Buffer {
  const items = [
    ...attestations.map(encodeAttestation),
    ...steps.map(({ operation, node }) => Buffer.concat([encodeOperation(operation), encodeNode(node)])),
  ];
  return Buffer.concat(
    items.flatMap((item, at) => (at < items.length - 1 ? [Buffer.of(moreMark), item] : [item])),
  );
}

export function encodeOperation({ name, argument }: Operation): Buffer {
  return Buffer.concat([Buffer.of(tags[name]), ...(argument === null ? [] : [counted(argument)])]);
}

export function encodeAttestation(attestation: Attestation): Buffer {
  const [tag, payload] =
    attestation.kind === "pending"
      ? [pendingTag, counted(Buffer.from(attestation.url, "latin1"))]
      : attestation.kind === "bitcoin"
        ? [bitcoinTag, encodeNumber(attestation.height)]
        : [attestation.tag, attestation.payload];
  return Buffer.concat([Buffer.of(attestationMark), Buffer.from(tag, "hex"), counted(payload)]);
}

function counted(bytes: Buffer): Buffer {
  return Buffer.concat([encodeNumber(bytes.length), bytes]);
}

/** Seven bits a byte, the lowest first; the high bit set on all but the last. */
function encodeNumber(value: number): Buffer {
  const septets: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) septets.push((left % 0x80) | 0x80);
  return Buffer.from([...septets, left]);
}

/** Bytes one after the other. Every method throws FormatError `proof-malformed` where they are not enough. */
export class ByteReader {
  private readonly source: Buffer;
  private at = 0;

  constructor(source: Uint8Array) {
    this.source = Buffer.from(source);
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.source.length) throw malformed("it breaks off");
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
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

  counted(limit: number): Buffer {
    const length = this.number();
    if (length > limit) throw malformed("a part of it is too long");
    return this.bytes(length);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.at !== this.source.length) throw malformed("more follows after its end");
  }
}

export function malformed(words: string): FormatError {
  return new FormatError("proof-malformed", words);
}
