import { bytesOfHex, latin1 } from "./bytes.js";
import { checkpointIn, checkpointName } from "./checkpoint.js";
import { errorAt, type Finding, FormatError, readOr } from "./finding.js";
import { verifyInclusion } from "./merkle.js";

/** One inclusion proof as a package has it (FORMAT.md §17). */
export interface InclusionProof {
  readonly seq: number;
  /** Size of the tree. */
  readonly size: number;
  /** 32 bytes each, leaf end first. */
  readonly hashes: readonly Uint8Array[];
}

/** Larger than the proof in any tree whose size is a safe integer. */
export const largestProof = 8192;

/** Reads `<seq>.proof`, made by anybody. Throws FormatError `inclusion-malformed`. */
export function parseInclusionProof(bytes: Uint8Array): InclusionProof {
  const [title, seq = "", size = "", ...rest] = latin1(bytes).split("\n");
  const end = rest.pop();
  const fits =
    bytes.length <= largestProof &&
    title === "holdfast-inclusion 1" &&
    isNumber(seq) &&
    isNumber(size) &&
    end === "" &&
    rest.every((line) => /^[0-9a-f]{64}$/.test(line));
  const hashes = rest.flatMap((line) => bytesOfHex(line) ?? []);
  if (!fits) throw new FormatError("inclusion-malformed", "it is not an inclusion proof");
  return { seq: Number(seq), size: Number(size), hashes };
}

function isNumber(text: string): boolean {
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text));
}

/** An entry by its place and its leaf in the tree. */
export interface IncludedEntry {
  readonly seq: number;
  readonly leaf: Uint8Array;
}

/** A checkpoint with the proofs that lie beside it. */
export interface ProvenCheckpoint {
  readonly size: number;
  /** The three lines; null if they are missing. */
  readonly body: Uint8Array | null;
  /** By the number in their names. */
  readonly proofs: ReadonlyMap<number, Uint8Array>;
}

export interface InclusionAudit {
  readonly findings: readonly Finding[];
  /** Size of a checkpoint → the entries shown to be in it. */
  readonly shown: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Whether each entry is shown to be in the newest checkpoint, and in each older one that covers it (FORMAT.md §17).
 * `checkpoints` are in ascending order of size.
 */
export function auditInclusion(
  entries: readonly IncludedEntry[],
  checkpoints: readonly ProvenCheckpoint[],
): InclusionAudit {
  const newest = checkpoints.at(-1);
  const known = new Map(entries.map((entry) => [entry.seq, entry]));
  const shown = new Map<number, ReadonlySet<number>>();
  const findings: Finding[] = [];
  // The search stops at an entry's first missing proof: a hostile package may have many of both.
  let wanted: readonly IncludedEntry[] = [];
  let reached = 0;
  for (const checkpoint of checkpoints) {
    const covered = checkpoint === newest ? entries.length : countUpTo(entries, checkpoint.size);
    const due = [...wanted, ...entries.slice(reached, covered)];
    reached = Math.max(reached, covered);
    wanted = due.filter(({ seq }) => checkpoint.proofs.has(seq));
    for (const { seq } of wanted.length < due.length ? due : []) {
      const what = `the checkpoint of ${checkpoint.size} entries`;
      if (!checkpoint.proofs.has(seq)) findings.push(missing(seq, what));
    }
    const { holding, faults } = judgeProofs(checkpoint, known);
    for (const fault of faults) findings.push(fault);
    shown.set(checkpoint.size, holding);
  }
  if (newest === undefined) findings.push(...entries.map(({ seq }) => missing(seq, "any checkpoint")));
  return { findings, shown };
}

/** How many of these entries, in ascending order of `seq`, a checkpoint of this size covers. */
export function countUpTo(entries: readonly Pick<IncludedEntry, "seq">[], size: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.seq ?? 0) <= size) low = middle + 1;
    else high = middle;
  }
  return low;
}

function judgeProofs(
  checkpoint: ProvenCheckpoint,
  known: ReadonlyMap<number, IncludedEntry>,
): { readonly holding: ReadonlySet<number>; readonly faults: readonly Finding[] } {
  const { size, proofs } = checkpoint;
  const root = rootOf(checkpoint);
  const holding = new Set<number>();
  const faults: Finding[] = [];
  for (const [seq, bytes] of proofs) {
    const entry = known.get(seq);
    const problem = entry
      ? leads(bytes, seq, entry.leaf, size, root)
      : "it belongs to no entry of the package";
    if (problem === null) holding.add(seq);
    else faults.push(errorAt(entry ? "inclusion-wrong" : "proof-stray", proofPath(size, seq), problem));
  }
  return { holding, faults };
}

function leads(
  bytes: Uint8Array,
  seq: number,
  leaf: Uint8Array,
  size: number,
  root: Uint8Array | null,
): string | null {
  if (root === null) return "there is no checkpoint that it could lead to";
  const proof = readOr(
    () => parseInclusionProof(bytes),
    ({ message }) => message,
  );
  if (typeof proof === "string") return proof;
  if (proof.seq !== seq || proof.size !== size) return "it is the proof of another entry, or in another tree";
  const holds = verifyInclusion({ leaf, index: seq - 1, size, proof: proof.hashes, root });
  return holds ? null : "it does not lead from this entry to the checkpoint's root";
}

/** The root that a checkpoint states; null if nothing can be shown with it. */
function rootOf({ size, body }: ProvenCheckpoint): Uint8Array | null {
  const stated = checkpointIn(body);
  return stated?.size === size ? stated.root : null;
}

function missing(seq: number, what: string): Finding {
  return errorAt("inclusion-missing", `entry:${seq}`, `there is no proof that it is in ${what}`);
}

function proofPath(size: number, seq: number): string {
  return `proof/${checkpointName(size)}/${seq}.proof`;
}
