import { isSha256 } from "../../audit/digest.js";
import { isUtcMillis } from "../../audit/entry.js";
import { FormatError } from "../../audit/finding.js";

/**
 * What a writer remembers about a log, outside the vault (FORMAT.md §14.1). Whoever can write to the vault cannot write
 * here, so the log is checked against this memory and never the other way round.
 */

/** The last state of a log that one of this machine's keys signed. */
export interface RememberedHead {
  readonly origin: string;
  readonly size: number;
  /** RFC 6962 root over the first `size` lines, hex. */
  readonly root: string;
  /** Hash of entry `size`. */
  readonly last: string;
  readonly at: string;
}

export function encodeRememberedHead(head: RememberedHead): string {
  const { origin, size, root, last, at } = head;
  return `${JSON.stringify({ v: 1, origin, size, root, last, at }, null, 2)}\n`;
}

/** Throws FormatError `bad-memory` for anything that `encodeRememberedHead` does not write. */
export function parseRememberedHead(text: string): RememberedHead {
  const value = jsonOf(text);
  const facts = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const [v, origin, size] = [facts.get("v"), facts.get("origin"), facts.get("size")];
  const [root, last, at] = [facts.get("root"), facts.get("last"), facts.get("at")];
  const fits =
    v === 1 &&
    typeof origin === "string" &&
    typeof size === "number" &&
    Number.isSafeInteger(size) &&
    size >= 1 &&
    isHash(root) &&
    isHash(last) &&
    typeof at === "string" &&
    isUtcMillis(at);
  if (fits) return { origin, size, root, last, at };
  throw new FormatError("bad-memory", "it is not in the form that this version writes");
}

/**
 * One line about what this machine writes: an entry before its transaction is committed (`begun`) and after (`done`),
 * an entry that a rebuild found missing (`lost`), a commit that was journalled (`journal`) or that came to its end
 * (`ended`). The last two have no `seq`.
 */
export interface WrittenLine {
  readonly is: "begun" | "done" | "lost" | "journal" | "ended";
  /** 0 for `journal` and `ended`. */
  readonly seq: number;
  readonly hash: string;
}

/**
 * The LF comes before the line. If a power cut leaves a line half-written, it then spoils no other line, and what it
 * was about was never committed.
 */
export function encodeWrittenLine({ is, seq, hash }: WrittenLine): string {
  return `\n${is} ${seq} ${hash}`;
}

/** Skips half-written lines. */
export function parseWrittenLines(text: string): readonly WrittenLine[] {
  return text.split("\n").flatMap((line) => {
    const [, word, digits = "", hash = ""] = /^([a-z]+) (\d{1,16}) ([0-9a-f]{64})$/.exec(line) ?? [];
    const is = writtenWords.find((known) => known === word);
    return is === undefined ? [] : [{ is, seq: Number(digits), hash }];
  });
}

const writtenWords = ["begun", "done", "lost", "journal", "ended"] as const;

/**
 * What must still be remembered once `size` entries are signed: later entries, and commits that did not come to their
 * end.
 */
export function stillToRemember(lines: readonly WrittenLine[], size: number): readonly WrittenLine[] {
  const ended = new Set(lines.flatMap(({ is, hash }) => (is === "ended" ? [hash] : [])));
  return lines.filter(({ is, seq, hash }) => (is === "journal" ? !ended.has(hash) : seq > size));
}

/** What the lines add up to. */
export interface WrittenEntries {
  /** Entries that are certainly on disk, by number; the last line about each one counts. */
  readonly committed: ReadonlyMap<number, string>;
  /** The same, with the entries for which a kill left open whether they were committed. */
  readonly begun: ReadonlyMap<number, string>;
  /** Whether this machine wrote an entry with this number and hash, committed or not. */
  wrote(seq: number, hash: string): boolean;
  /** Whether this machine journalled a commit with this digest. */
  journalled(digest: string): boolean;
  /** Entries that a rebuild found missing, ascending. */
  readonly lost: readonly number[];
}

export function readWritten(lines: readonly WrittenLine[]): WrittenEntries {
  const committed = new Map<number, string>();
  const begun = new Map<number, string>();
  const all = new Set<string>();
  const lost = new Set<number>();
  for (const { is, seq, hash } of lines) {
    if (is === "lost") lost.add(seq);
    else if (is === "done") committed.set(seq, hash);
    else all.add(`${is} ${seq} ${hash}`);
    if (is === "begun") begun.set(seq, hash);
  }
  return {
    committed,
    begun,
    lost: [...lost].sort((a, b) => a - b),
    wrote: (seq, hash) => all.has(`begun ${seq} ${hash}`),
    journalled: (digest) => all.has(`journal 0 ${digest}`),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError("bad-memory", "it is not JSON");
  }
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && isSha256(value);
}
