import type Database from "better-sqlite3";
import { checkLineBytes, type Entry, firstLink, type Link, lineHashOfBytes } from "../audit/entry.js";
import { GrowingTree } from "../audit/merkle.js";
import { lineBytesFrom } from "./database.js";

/** A log up to one of its lines. */
export interface LineState {
  /** RFC 6962 root over the lines so far. */
  readonly root: Uint8Array;
  /** Hash of the last of them. */
  readonly last: string;
}

/** The result of one pass over the lines of a log. */
export interface LinePass {
  readonly entries: number;
  /** The requested states, by number of lines; one beyond the end of the log is missing. */
  readonly states: ReadonlyMap<number, LineState>;
  /** The first line after `from` that does not follow the line before it; null if all do. */
  readonly fault: { readonly seq: number; readonly message: string } | null;
}

/**
 * Goes over every line of a log, by place. It never uses the stored tree, the columns or the files in `log/`, which
 * whoever can write to the vault can make to fit. Lines after number `from` are checked as links of the chain
 * (FORMAT.md §4.3) and passed to `onEntry` with their hash; those before are as good as the root over them.
 */
export function passLines(
  database: Database.Database,
  sizes: ReadonlySet<number>,
  from: number,
  onEntry: (entry: Entry, hash: string) => void,
): LinePass {
  const tree = new GrowingTree();
  const states = new Map<number, LineState>();
  let fault: LinePass["fault"] = null;
  let link: Link | null = from === 0 ? firstLink : null;
  for (const line of lineBytesFrom(database, 1)) {
    tree.add(line);
    const seq = tree.size;
    if (seq > from && link !== null) {
      const { entry, faults, next } = checkLineBytes(line, link);
      const [first] = faults;
      if (first !== undefined) fault ??= { seq, message: first.message };
      if (entry !== null) onEntry(entry, next.prev);
      link = next;
    } else if (seq === from) {
      link = { seq: seq + 1, prev: lineHashOfBytes(line) };
    }
    if (sizes.has(seq)) states.set(seq, { root: tree.root(), last: link?.prev ?? lineHashOfBytes(line) });
  }
  return { entries: tree.size, states, fault };
}
