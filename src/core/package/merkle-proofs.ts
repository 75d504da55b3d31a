import { sameBytes, utf8 } from "../../audit/bytes.js";
import {
  climb,
  GrowingTree,
  half,
  isHash,
  isSize,
  leafHashOfBytes,
  nodeHash,
  rootOfPeaks,
} from "../../audit/merkle.js";

/**
 * The proofs of RFC 6962 §2.1 over the tree of the log (FORMAT.md §4.5): how they are made, and how a consistency proof
 * is checked.
 */

/** Leaf of a log line given without its LF: SHA-256(0x00 ‖ line ‖ LF). */
export function leafHash(line: string): Uint8Array {
  return leafHashOfBytes(utf8(`${line}\n`));
}

/** The root over leaf hashes. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Uint8Array {
  const tree = new GrowingTree();
  for (const leaf of leaves) tree.addLeaf(leaf);
  return tree.root();
}

/**
 * The hash of the tree over the leaves from `start` (from 0) up to but not including `end`. Only ranges of a larger
 * tree may be asked for.
 */
export type RangeRoot = (start: number, end: number) => Uint8Array;

/** RFC 6962 §2.1.1: the hashes that lead from leaf `index` (from 0) to the root, leaf end first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return inclusionProofFrom(rangesOf(leaves), index, leaves.length);
}

/** The same for a tree of `size` leaves of which only the hashes of ranges are available. Throws RangeError. */
export function inclusionProofFrom(rangeRoot: RangeRoot, index: number, size: number): Uint8Array[] {
  if (!isSize(index) || !isSize(size) || index >= size) {
    throw new RangeError("there is no leaf with this index");
  }
  return path(rangeRoot, index, 0, size);
}

/**
 * RFC 6962 §2.1.2: the hashes that show that the first `oldSize` leaves are the beginning of all `leaves`. Empty when
 * the sizes are equal or `oldSize` is 0.
 */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  return consistencyProofFrom(rangesOf(leaves), oldSize, leaves.length);
}

/** The same for a tree of `size` leaves of which only the hashes of ranges are available. Throws RangeError. */
export function consistencyProofFrom(rangeRoot: RangeRoot, oldSize: number, size: number): Uint8Array[] {
  if (!isSize(oldSize) || !isSize(size) || oldSize > size) {
    throw new RangeError("an earlier tree cannot have this size");
  }
  if (oldSize === 0 || oldSize === size) return [];
  return subproof(rangeRoot, oldSize, 0, size, true);
}

/** The hash over a range from the hashes of full subtrees: `level` 0 is a leaf, `number` counts those of a level. */
export function rangeRootFrom(node: (level: number, number: number) => Uint8Array): RangeRoot {
  const rangeRoot: RangeRoot = (start, end) => {
    const size = end - start;
    if (isPowerOfTwo(size) && start % size === 0) return node(Math.round(Math.log2(size)), start / size);
    const middle = start + splitPoint(size);
    return nodeHash(rangeRoot(start, middle), rangeRoot(middle, end));
  };
  return rangeRoot;
}

function path(rangeRoot: RangeRoot, index: number, start: number, end: number): Uint8Array[] {
  if (end - start === 1) return [];
  const middle = start + splitPoint(end - start);
  return index < middle
    ? [...path(rangeRoot, index, start, middle), rangeRoot(middle, end)]
    : [...path(rangeRoot, index, middle, end), rangeRoot(start, middle)];
}

/** SUBPROOF of RFC 6962 §2.1.2 over the leaves from `start` to before `end`; `whole` says that the old tree's root is known. */
function subproof(
  rangeRoot: RangeRoot,
  oldEnd: number,
  start: number,
  end: number,
  whole: boolean,
): Uint8Array[] {
  if (oldEnd === end) return whole ? [] : [rangeRoot(start, end)];
  const middle = start + splitPoint(end - start);
  return oldEnd <= middle
    ? [...subproof(rangeRoot, oldEnd, start, middle, whole), rangeRoot(middle, end)]
    : [...subproof(rangeRoot, oldEnd, middle, end, false), rangeRoot(start, middle)];
}

function rangesOf(leaves: readonly Uint8Array[]): RangeRoot {
  return (start, end) => merkleRoot(leaves.slice(start, end));
}

/** The largest power of two smaller than `size`, which is at least 2. */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162 §2.1.4.2. True only if the old tree is the beginning of the new one. */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false;
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  // Every log begins with the empty one, so the only thing to check is that the old root is that of the empty tree.
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, rootOfPeaks([]));
  const [first, ...steps] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  return first !== undefined && leadsToBoth(claim, first, steps);
}

/** Steps 3 to 7 of RFC 9162 §2.1.4.2: rebuilds both roots from one proof. */
function leadsToBoth(claim: ConsistencyClaim, first: Uint8Array, steps: readonly Uint8Array[]): boolean {
  let at = claim.oldSize - 1;
  let last = claim.newSize - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let oldHash = first;
  let newHash = first;
  const arrives = climb(at, last, steps, (step, isLeft) => {
    if (isLeft) oldHash = nodeHash(step, oldHash);
    newHash = isLeft ? nodeHash(step, newHash) : nodeHash(newHash, step);
  });
  return arrives && sameBytes(oldHash, claim.oldRoot) && sameBytes(newHash, claim.newRoot);
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}
