import { hash } from "node:crypto";
import { leafHashOfBytes } from "../audit/merkle.js";

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
