import { concat, sameBytes } from "./bytes.js";
import { crypto } from "./crypto.js";

/**
 * The RFC 6962 §2.1 tree over the lines of the log (FORMAT.md §4.5). Hashes are 32 raw bytes. Sizes and indexes are
 * safe integers and may come from a hostile package, so no bit operation (32 bits in JavaScript) touches them.
 */

/** Leaf of raw bytes, nothing added: SHA-256(0x00 ‖ bytes). For a log line the bytes must end with its LF. */
export function leafHashOfBytes(bytes: Uint8Array): Uint8Array {
  return crypto.digest("sha256", concat(leafPrefix, bytes));
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (!isHash(left) || !isHash(right)) throw new RangeError("a node has two hashes below it");
  pair.set(left, 1);
  pair.set(right, 33);
  return crypto.digest("sha256", pair);
}

/** Prefix and both children, filled anew for each node. */
const pair = new Uint8Array(65).fill(1);

const leafPrefix = Uint8Array.of(0);

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
  let node = leaf;
  const arrives = climb(index, size - 1, proof, (step, isLeft) => {
    node = isLeft ? nodeHash(step, node) : nodeHash(node, step);
  });
  return arrives && sameBytes(node, root);
}

/**
 * Goes from node `at` of a level that ends with node `last` up to the root, as RFC 9162 §2.1.3.2 and §2.1.4.2 do, and
 * tells for each hash of a proof whether it stands to the left. False if the proof is shorter or longer than the path.
 */
export function climb(
  at: number,
  last: number,
  proof: readonly Uint8Array[],
  take: (step: Uint8Array, isLeft: boolean) => void,
): boolean {
  let [node, end] = [at, last];
  for (const step of proof) {
    if (end === 0) return false;
    const isLeft = node % 2 === 1 || node === end;
    take(step, isLeft);
    if (isLeft) [node, end] = toSplit(node, end);
    [node, end] = [half(node), half(end)];
  }
  return end === 0;
}

/** Climbs past the levels at which an odd node is carried up unchanged. */
function toSplit(at: number, last: number): [at: number, last: number] {
  let [node, end] = [at, last];
  while (node % 2 === 0 && node !== 0) [node, end] = [half(node), half(end)];
  return [node, end];
}

export function half(value: number): number {
  return Math.floor(value / 2);
}

export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32;
}

/** The root over full subtrees, largest first; SHA-256 of nothing for the empty tree. */
export function rootOfPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  const last = peaks.at(-1);
  if (last === undefined) return crypto.digest("sha256", new Uint8Array());
  return peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/**
 * A tree that grows leaf by leaf in place, in O(log n) memory. `onNode` is called for every full subtree as it is
 * completed: `level` 0 is a leaf, `index` counts the subtrees of that level from 0.
 */
export class GrowingTree {
  private readonly peaks: { readonly level: number; readonly digest: Uint8Array }[] = [];
  private readonly onNode: (level: number, index: number, digest: Uint8Array) => void;
  private leaves = 0;

  constructor(onNode: (level: number, index: number, digest: Uint8Array) => void = () => undefined) {
    this.onNode = onNode;
  }

  get size(): number {
    return this.leaves;
  }

  /** Adds a line of the log, given without its LF. */
  add(line: Uint8Array): void {
    this.addLeaf(leafOfLine(line));
  }

  addLeaf(leaf: Uint8Array): void {
    let index = this.leaves;
    let digest = leaf;
    this.onNode(0, index, digest);
    let level = 0;
    for (; this.peaks.at(-1)?.level === level; level += 1) {
      const left = this.peaks.pop();
      if (left === undefined) break;
      digest = nodeHash(left.digest, digest);
      index = (index - 1) / 2;
      this.onNode(level + 1, index, digest);
    }
    this.peaks.push({ level, digest });
    this.leaves += 1;
  }

  /** The root over the leaves so far; SHA-256 of nothing if there are none. */
  root(): Uint8Array {
    return rootOfPeaks(this.peaks.map(({ digest }) => digest));
  }
}

const lineFeed = 0x0a;

/** Prefix, line and LF, filled anew for each leaf: a log has hundreds of thousands, and most fit. */
const usualLeaf = new Uint8Array(8192);

function leafOfLine(line: Uint8Array): Uint8Array {
  const length = line.length + 2;
  const bytes = length <= usualLeaf.length ? usualLeaf.subarray(0, length) : new Uint8Array(length);
  bytes.set(line, 1);
  bytes[length - 1] = lineFeed;
  return crypto.digest("sha256", bytes);
}
