import { type Entry, genesisPrev, lineHash, lineHashOfBytes, parseEntry } from "../audit/entry.js";
import { exactText } from "../audit/exact-text.js";
import { FormatError } from "./format-error.js";

/** What the next line of a log must say to follow the ones before it (FORMAT.md §4.3). */
export interface Link {
  readonly seq: number;
  readonly prev: string;
}

export const firstLink: Link = { seq: 1, prev: genesisPrev };

/** One thing wrong with a line. `code` is a code of `parseEntry`, `wrong-seq` or `wrong-prev`. */
export interface LineFault {
  readonly code: string;
  readonly message: string;
}

export interface LineCheck {
  /** Null where the line is not an entry at all. */
  readonly entry: Entry | null;
  readonly faults: readonly LineFault[];
  /** What the line after this one must say. */
  readonly next: Link;
}

/**
 * Checks one line, without its LF, against the link that the line before it left. All faults are reported. The next
 * link goes on from what this line says of itself, so that one removed line is one finding and not one per line after it.
 */
export function checkLine(line: string, expected: Link): LineCheck {
  const { entry, faults } = readLine(line);
  const next = { seq: (entry?.seq ?? expected.seq) + 1, prev: lineHash(line) };
  return { entry, faults: entry ? linkFaults(entry, expected) : faults, next };
}

/** The same for a line as it is stored: bytes that are not UTF-8 are no entry, and the next line carries their hash. */
export function checkLineBytes(line: Uint8Array, expected: Link): LineCheck {
  const text = exactText(line);
  if (text !== null) return checkLine(text, expected);
  const fault = { code: "not-json", message: "the line is not UTF-8" };
  return { entry: null, faults: [fault], next: { seq: expected.seq + 1, prev: lineHashOfBytes(line) } };
}

function readLine(line: string): Pick<LineCheck, "entry" | "faults"> {
  try {
    return { entry: parseEntry(line), faults: [] };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { entry: null, faults: [{ code: error.code, message: error.message }] };
  }
}

function linkFaults(entry: Entry, expected: Link): LineFault[] {
  const faults: LineFault[] = [];
  if (entry.seq !== expected.seq) {
    faults.push({
      code: "wrong-seq",
      message: `entry ${entry.seq} stands where entry ${expected.seq} belongs`,
    });
  }
  if (entry.prev !== expected.prev) {
    const what =
      expected.seq === 1 ? "does not begin with 64 zeros" : "does not carry the hash of the line before it";
    faults.push({ code: "wrong-prev", message: `entry ${entry.seq} ${what}` });
  }
  return faults;
}
