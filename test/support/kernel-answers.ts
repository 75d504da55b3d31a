import { allows, parseAllowedSigners, saysStolen } from "../../src/audit/allowed-signers.js";
import { auditBag, bagTexts, isKnownPackage, parseBagInfo } from "../../src/audit/bag.js";
import { bytesOfBase64, bytesOfHex, hex, utf8 } from "../../src/audit/bytes.js";
import { encodeCanonical, parseCanonical, parseForeignJson } from "../../src/audit/canonical-json.js";
import { findCheckpoint, parseCheckpoint } from "../../src/audit/checkpoint.js";
import { auditCheckpoints } from "../../src/audit/checkpoints.js";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { checkLine, firstLink, lineHash, parseEntry } from "../../src/audit/entry.js";
import { auditInclusion } from "../../src/audit/inclusion.js";
import { auditEntryList } from "../../src/audit/listed-entries.js";
import { auditLog, type StoredLine } from "../../src/audit/log.js";
import { CaptureReading } from "../../src/audit/log-captures.js";
import { leafHashOfBytes, verifyInclusion } from "../../src/audit/merkle.js";
import { readProof } from "../../src/audit/open-timestamps.js";
import { auditPackageFiles } from "../../src/audit/package.js";
import { EntryReading } from "../../src/audit/package-entries.js";
import { proofFileOf } from "../../src/audit/package-paths.js";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { tarMembers } from "../../src/audit/tar.js";
import { checkTimeStamp } from "../../src/audit/time-stamp.js";
import { merkleRoot } from "../../src/core/package/merkle-proofs.js";

/**
 * What the kernel says of the vectors and of packages. This file takes nothing of Node, so that it runs where a browser's
 * bundle does; what goes in and comes out is JSON, so that two machines can be compared.
 */

// biome-ignore lint/suspicious/noExplicitAny: every kind of vector has a shape of its own, which its own test states.
type Vector = Readonly<Record<string, any>>;

const bytesOf = (base64: string) => bytesOfBase64(base64) ?? new Uint8Array();
const fromHex = (digits: string) => bytesOfHex(digits) ?? new Uint8Array();

const kinds: Readonly<Record<string, (vector: Vector) => unknown>> = {
  "canonical-json": ({ encode, parse }) =>
    encode === undefined ? parseCanonical(parse) : encodeCanonical(parseForeignJson(encode)),
  entries: ({ line }) => [parseEntry(line), lineHash(line)],
  chains: ({ lines }) => {
    let link = firstLink;
    return lines.map((line: string) => {
      const { faults, next } = checkLine(line, link);
      link = next;
      return faults;
    });
  },
  captures: ({ lines }) => {
    const reading = new CaptureReading();
    return lines.map((line: string) => reading.add(parseEntry(line)));
  },
  checkpoints: ({ text }) => [said(() => parseCheckpoint(text)), said(() => findCheckpoint(text))],
  merkle: ({ kind, leaves_hex, leaf, root, proof, ...one }) => {
    if (leaves_hex !== undefined) return merkleRoot(leaves_hex.map(fromHex).map(leafHashOfBytes));
    if (kind !== "inclusion") return null;
    const { index, size } = one;
    return verifyInclusion({
      index,
      size,
      leaf: fromHex(leaf),
      root: fromHex(root),
      proof: proof.map(fromHex),
    });
  },
  signatures: ({ message, signature, namespace }) => checkSignature(utf8(message), signature, namespace),
  signers: ({ signers, key, origin, at }) => {
    const [list, parsed] = [parseAllowedSigners(signers), parsePublicKey(key)];
    return [allows(list, origin, parsed, null), saysStolen(list, parsed), allows(list, origin, parsed, at)];
  },
  tokens: ({ response_base64, signed_base64, roots }) =>
    checkTimeStamp(bytesOf(response_base64), bytesOf(signed_base64), roots),
  proofs: ({ proof_base64, digest }) => readProof(bytesOf(proof_base64), fromHex(digest)),
};

/** The kinds of vectors that the kernel judges by itself. */
export const kernelKinds: readonly string[] = Object.keys(kinds);

/** The answer to each vector, as JSON. `vectors` is JSON: pairs of a kind and a vector. */
export function answersToVectors(vectors: string): string {
  const pairs: readonly (readonly [kind: string, vector: Vector])[] = JSON.parse(vectors);
  return JSON.stringify(pairs.map(([kind, vector]) => said(() => kinds[kind]?.(vector))));
}

function said(ask: () => unknown): unknown {
  try {
    return plain(ask());
  } catch (error) {
    return error instanceof Error ? [error.name, "code" in error ? error.code : error.message] : "threw";
  }
}

/** As JSON has it, with bytes as their hex, whatever class they are of. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array || ArrayBuffer.isView(value)) {
    return hex(Uint8Array.from(value as Uint8Array));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Everything that the kernel finds in the tar file of a package, as JSON. `roots` are certificates in PEM. */
export async function answersToPackage(tar: Uint8Array, roots: readonly string[]): Promise<string> {
  const files = filesIn(tar);
  const measured = new Map(
    [...files].map(([path, bytes]) => [
      path,
      { bytes: bytes.length, sha256: sha256(bytes), sha512: sha512(bytes), problem: null },
    ]),
  );
  const texts = new Map(bagTexts.flatMap((name) => [...files].filter(([path]) => path === name)));
  const bagInfo = files.get("bag-info.txt") ?? new Uint8Array();
  const info = parseBagInfo(bagInfo);
  const reading = new EntryReading(() => []);
  for (const line of linesOf(files.get("proof/entries.jsonl") ?? new Uint8Array())) reading.take(line);
  const entries = reading.end(true);
  const checkpoints = checkpointsIn(files);
  const facts = { ...entries.facts, rootAt: () => null, entries: null };
  const trust = { signers: null, roots, rootsNamed: true };
  const sealed = await auditCheckpoints(checkpoints, facts, trust, "package");
  const sizes = new Set(checkpoints.map(({ size }) => size));
  return JSON.stringify([
    isKnownPackage(bagInfo),
    plain(sealed),
    entries.findings,
    auditBag({ files: measured, texts }, info),
    auditInclusion(entries.entries, checkpoints).findings,
    auditPackageFiles({ files: measured, entries, info, annexes: new Map() }, sizes),
    auditEntryList(entries, info, checkpoints.at(-1)?.size ?? null),
    await logOf(entries.lines, files.get("proof/entries.jsonl") ?? new Uint8Array()),
  ]);
}

function filesIn(tar: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const source = { length: tar.length, read: (at: number, length: number) => tar.subarray(at, at + length) };
  return new Map(
    [...tarMembers(source)]
      .filter(({ kind }) => kind === "file")
      .map(({ path, offset, size }) => [path, tar.subarray(offset, offset + size)]),
  );
}

function linesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const next = end === -1 ? bytes.length : end + 1;
    lines.push(bytes.subarray(start, next));
    start = next;
  }
  return lines;
}

/** As if the entries were a whole log: that they are not is found line by line. */
async function logOf(count: number, bytes: Uint8Array): Promise<unknown> {
  const stored = linesOf(bytes).map((line, at): StoredLine => {
    return { seq: at + 1, prev: "", line: line.subarray(0, -1), hash: sha256(line) };
  });
  const { findings, entries } = await auditLog(
    stored,
    () => [],
    async () => undefined,
  );
  return [count, entries, findings];
}

function checkpointsIn(files: ReadonlyMap<string, Uint8Array>) {
  const proofs = [...files].flatMap(([path, bytes]) => {
    const known = proofFileOf(path);
    return known === null ? [] : [{ path, bytes, ...known }];
  });
  const sizes = [...new Set(proofs.map(({ size }) => size))].sort((a, b) => a - b);
  return sizes.map((size) => {
    const own = proofs.filter((file) => file.size === size);
    const one = (kind: string) => own.find((file) => file.kind === kind) ?? null;
    return {
      size,
      path: one("checkpoint")?.path ?? "",
      body: one("checkpoint")?.bytes ?? null,
      signature: one("signature"),
      signed: one("signed"),
      tokens: own.flatMap((file) =>
        file.kind === "rfc3161" || file.kind === "opentimestamps" ? [{ ...file, kind: file.kind }] : [],
      ),
      witnesses: own.filter(({ kind }) => kind === "witness"),
      proofs: new Map(
        own.flatMap((file) => (file.kind === "inclusion" ? [[file.seq, file.bytes] as const] : [])),
      ),
    };
  });
}
