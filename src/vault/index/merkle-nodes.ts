import type Database from "better-sqlite3";
import type { Finding } from "../../audit/finding.js";
import { nodeHash, rootOfPeaks } from "../../audit/merkle.js";
import {
  consistencyProofFrom,
  inclusionProofFrom,
  leafHash,
  type RangeRoot,
  rangeRootFrom,
} from "../../core/package/merkle-proofs.js";
import { HoldfastError } from "../../core/words/error.js";
import { prepared } from "./statements.js";

/**
 * The Merkle tree over the log as stored in `merkle_node`: the hash of every full subtree, so that a root or a proof
 * takes a few look-ups however long the log is. It is an index (FORMAT.md §4.6), only as good as its comparison with
 * the lines: an audit compares all of them, and the writing of a checkpoint those since the one before.
 */

/** Adds the leaf of entry `seq` and every full subtree that it completes; inside the transaction that appends the entry. */
export function addLeaf(database: Database.Database, seq: number, line: string): void {
  const insert = prepared(database, "INSERT INTO merkle_node (level, number, hash) VALUES (?, ?, ?)");
  let hash = leafHash(line);
  let number = seq - 1;
  insert.run(0, number, hash);
  for (let level = 0; number % 2 === 1; level += 1) {
    hash = nodeHash(nodeOf(database, level, number - 1), hash);
    number = (number - 1) / 2;
    insert.run(level + 1, number, hash);
  }
}

/** The root over the first `size` lines; `size` is at most that of the log. Throws `not-as-recorded` if a node is missing. */
export function rootOf(database: Database.Database, size: number): Uint8Array {
  return size === 0 ? rootOfPeaks([]) : rangesOf(database)(0, size);
}

/**
 * The hashes that lead from leaf `index` (an entry's `seq` less one) to the root over the first `size` lines, leaf end
 * first (RFC 6962 §2.1.1). Throws RangeError for sizes that cannot be, `not-as-recorded` where a node is missing.
 */
export function inclusionProofOf(
  database: Database.Database,
  index: number,
  size: number,
): readonly Uint8Array[] {
  return inclusionProofFrom(rangesOf(database), index, size);
}

/** The hashes that show the log of `oldSize` lines to be the beginning of that of `size` (RFC 6962 §2.1.2). Throws likewise. */
export function consistencyProofOf(
  database: Database.Database,
  oldSize: number,
  size: number,
): readonly Uint8Array[] {
  return consistencyProofFrom(rangesOf(database), oldSize, size);
}

/** The full subtrees that make up a tree of `size` leaves, largest first: what it takes to grow it. */
export function peaksOf(database: Database.Database, size: number): readonly Uint8Array[] {
  const peaks: Buffer[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level -= 1) {
    const width = 2 ** level;
    if (size - start < width) continue;
    peaks.push(nodeOf(database, level, start / width));
    start += width;
  }
  return peaks;
}

/** Compares the stored nodes with those that a pass over the lines computes; reads each level as a stream. */
export interface NodeAudit {
  /** Takes one more node, in the order in which subtrees are completed. */
  node(level: number, number: number, digest: Uint8Array): void;
  /** What is wrong, once all lines have been seen. */
  findings(): readonly Finding[];
}

export function openNodeAudit(database: Database.Database): NodeAudit {
  const levels: LevelReader[] = [];
  let differing = 0;
  let nodes = 0;
  return {
    node(level, number, digest) {
      nodes += 1;
      let reader = levels[level];
      if (reader === undefined) {
        reader = new LevelReader(database, level);
        levels[level] = reader;
      }
      if (!reader.hashOf(number)?.equals(digest)) differing += 1;
    },
    findings() {
      const stored = database.prepare<[], number>("SELECT count(*) FROM merkle_node").pluck().get() ?? 0;
      const wrong = Math.max(differing, Math.abs(stored - nodes));
      if (wrong === 0) return [];
      const message = `${wrong} rows of the index table merkle_node do not match the log`;
      return [{ code: "index-differs", severity: "error", where: "vault.db/merkle_node", message }];
    },
  };
}

/** Rows that are read at a time. */
const batchRows = 4096;

/** The hashes of one level in ascending order of number, read in batches. */
class LevelReader {
  private readonly read;
  private readonly level: number;
  private rows: readonly (readonly [number: number, hash: unknown])[] = [];
  private at = 0;

  constructor(database: Database.Database, level: number) {
    this.level = level;
    this.read = database
      .prepare<[number, number, number], readonly [number, unknown]>(
        "SELECT number, hash FROM merkle_node WHERE level = ? AND number >= ? ORDER BY number LIMIT ?",
      )
      .raw();
  }

  /** Null if there is no such node. Numbers must be asked for in ascending order. */
  hashOf(number: number): Buffer | null {
    while ((this.rows[this.at]?.[0] ?? Number.POSITIVE_INFINITY) < number) this.at += 1;
    if (this.at >= this.rows.length) {
      this.rows = this.read.all(this.level, number, batchRows);
      this.at = 0;
    }
    const [found, hash] = this.rows[this.at] ?? [];
    return found === number && hash instanceof Buffer ? hash : null;
  }
}

function rangesOf(database: Database.Database): RangeRoot {
  return rangeRootFrom((level, number) => nodeOf(database, level, number));
}

function nodeOf(database: Database.Database, level: number, number: number): Buffer {
  const query = "SELECT hash FROM merkle_node WHERE level = ? AND number = ?";
  const hash = prepared(database, query).pluck().get(level, number);
  if (hash instanceof Buffer && hash.length === 32) return hash;
  throw new HoldfastError(
    "not-as-recorded",
    `reading the tree over the log in vault.db: node ${number} of level ${level} is missing`,
    "run 'holdfast verify' to see what is wrong, and compare with a copy of this vault",
  );
}
