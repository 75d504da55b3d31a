import { hash } from "node:crypto";

/**
 * The RFC 6962 §2.1 tree over the lines of the log (FORMAT.md §4.5). Hashes are 32 raw bytes. Sizes and indexes are
 * safe integers and may come from a hostile package, so no bit operation (32 bits in JavaScript) touches them.
 */

/** Leaf of a log line given without its LF: SHA-256(0x00 ‖ line ‖ LF). */
export function leafHash(line: string): Buffer {
  return hash("sha256", `\0${line}\n`, "buffer");
}

/** Leaf of raw bytes, nothing added: SHA-256(0x00 ‖ bytes). For a log line the bytes must end with its LF. */
export function leafHashOfBytes(bytes: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([leafPrefix, bytes]), "buffer");
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([nodePrefix, left, right]), "buffer");
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** A tree as far as it is needed to grow and to state its root: one hash per full subtree, largest first. */
export interface TreeHead {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

export const emptyTree: TreeHead = { size: 0, peaks: [] };

/** The tree with one leaf more, in O(log n) memory. */
export function appendLeaf(tree: TreeHead, leaf: Uint8Array): TreeHead {
  const peaks = [...tree.peaks];
  let peak = leaf;
  for (let size = tree.size; size % 2 === 1; size = half(size)) {
    const left = peaks.pop();
    if (left === undefined) throw new RangeError("a tree head has fewer peaks than its size says");
    peak = nodeHash(left, peak);
  }
  peaks.push(peak);
  return { size: tree.size + 1, peaks };
}

/** The root; SHA-256 of nothing for the empty tree. */
export function treeRoot(tree: TreeHead): Buffer {
  const [last, ...others] = [...tree.peaks].reverse();
  if (last === undefined) return hash("sha256", "", "buffer");
  return Buffer.from(others.reduce((right, left) => nodeHash(left, right), last));
}

/** The root over leaf hashes. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Buffer {
  let tree = emptyTree;
  for (const leaf of leaves) tree = appendLeaf(tree, leaf);
  return treeRoot(tree);
}

/** The hash of the tree over the leaves `start` (from 0) to before `end`. Asked for ranges of a larger tree only. */
export type RangeRoot = (start: number, end: number) => Buffer;

/** RFC 6962 §2.1.1: the hashes that lead from leaf `index` (from 0) to the root, leaf end first. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Buffer[] {
  return inclusionProofFrom(rangesOf(leaves), index, leaves.length);
}

/** The same for a tree of `size` leaves of which only hashes of ranges are at hand. Throws RangeError. */
export function inclusionProofFrom(rangeRoot: RangeRoot, index: number, size: number): Buffer[] {
  if (!isSize(index) || !isSize(size) || index >= size) {
    throw new RangeError("there is no leaf with this index");
  }
  return path(rangeRoot, index, 0, size);
}

/**
 * RFC 6962 §2.1.2: the hashes that show the first `oldSize` leaves to be the beginning of all `leaves`. Empty when
 * the sizes are equal or `oldSize` is 0.
 */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Buffer[] {
  return consistencyProofFrom(rangesOf(leaves), oldSize, leaves.length);
}

/** The same for a tree of `size` leaves of which only hashes of ranges are at hand. Throws RangeError. */
export function consistencyProofFrom(rangeRoot: RangeRoot, oldSize: number, size: number): Buffer[] {
  if (!isSize(oldSize) || !isSize(size) || oldSize > size) {
    throw new RangeError("an earlier tree cannot have this size");
  }
  if (oldSize === 0 || oldSize === size) return [];
  return subproof(rangeRoot, oldSize, 0, size, true);
}

/** The hash over a range from the hashes of full subtrees: `level` 0 is a leaf, `number` counts those of a level. */
export function rangeRootFrom(node: (level: number, number: number) => Buffer): RangeRoot {
  const rangeRoot: RangeRoot = (start, end) => {
    const size = end - start;
    if (isPowerOfTwo(size) && start % size === 0) return node(Math.round(Math.log2(size)), start / size);
    const middle = start + splitPoint(size);
    return nodeHash(rangeRoot(start, middle), rangeRoot(middle, end));
  };
  return rangeRoot;
}

function path(rangeRoot: RangeRoot, index: number, start: number, end: number): Buffer[] {
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
): Buffer[] {
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

export interface InclusionClaim {
  readonly leaf: Uint8Array;
  /** From 0; an entry's `seq` less one. */
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** RFC 9162 §2.1.3.2. True only if `leaf` is number `index` of the tree of `size` leaves that has this root. */
export function verifyInclusion({ leaf, index, size, proof, root }: InclusionClaim): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  let at = index;
  let last = size - 1;
  let node = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(step, node);
      [at, last] = toSplit(at, last);
    } else {
      node = nodeHash(node, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equal(node, root);
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
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot);
  // Every log begins with the empty one, so there is nothing to show beyond that root being the empty tree's.
  if (oldSize === 0) return proof.length === 0 && equal(oldRoot, treeRoot(emptyTree));
  const [first, ...steps] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  return first !== undefined && climbs(claim, first, steps);
}

/** Steps 3 to 7 of RFC 9162 §2.1.4.2: rebuilds both roots from one proof. */
function climbs(claim: ConsistencyClaim, first: Uint8Array, steps: readonly Uint8Array[]): boolean {
  let at = claim.oldSize - 1;
  let last = claim.newSize - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let oldHash = first;
  let newHash = first;
  for (const step of steps) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(step, oldHash);
      newHash = nodeHash(step, newHash);
      [at, last] = toSplit(at, last);
    } else {
      newHash = nodeHash(newHash, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equal(oldHash, claim.oldRoot) && equal(newHash, claim.newRoot);
}

/** Climbs past the levels at which an odd node is carried up unchanged. */
function toSplit(at: number, last: number): [at: number, last: number] {
  let [node, end] = [at, last];
  while (node % 2 === 0 && node !== 0) [node, end] = [half(node), half(end)];
  return [node, end];
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * The tree of `merkle.ts`, for whole logs: it grows line by line in place, without a copy for each leaf. `onNode` is told
 * of every full subtree as it is completed: `level` 0 is a leaf, `index` counts the subtrees of that level from 0.
 */
export class GrowingTree {
  private readonly peaks: { readonly level: number; readonly digest: Buffer }[] = [];
  private readonly onNode: (level: number, index: number, digest: Buffer) => void;
  private leaves = 0;

  constructor(onNode: (level: number, index: number, digest: Buffer) => void = () => undefined) {
    this.onNode = onNode;
  }

  get size(): number {
    return this.leaves;
  }

  /** Adds a line of the log, given without its LF. */
  add(line: Uint8Array): void {
    let index = this.leaves;
    let digest: Buffer = leafHashOfBytes(Buffer.concat([line, lineFeed]));
    this.onNode(0, index, digest);
    let level = 0;
    for (; this.peaks.at(-1)?.level === level; level += 1) {
      const left = this.peaks.pop();
      if (left === undefined) break;
      digest = parentOf(left.digest, digest);
      index = (index - 1) / 2;
      this.onNode(level + 1, index, digest);
    }
    this.peaks.push({ level, digest });
    this.leaves += 1;
  }

  /** The root over the lines so far; SHA-256 of nothing where there are none. */
  root(): Buffer {
    const last = this.peaks.at(-1);
    if (last === undefined) return hash("sha256", "", "buffer");
    return this.peaks.slice(0, -1).reduceRight((right, { digest }) => parentOf(digest, right), last.digest);
  }
}

const lineFeed = Uint8Array.of(0x0a);

/** Prefix and both children, filled anew for each node. */
const pair = Buffer.alloc(65, 1);

function parentOf(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 33);
  return hash("sha256", pair, "buffer");
}
