import { exactText } from "./bytes.js";
import { textOf } from "./canonical-json.js";
import { sha256 } from "./digest.js";
import { type Entry, parseEntry } from "./entry.js";
import { type EntryList, entryListOf } from "./entry-list.js";
import { errorAt, type Finding, FormatError, readOr } from "./finding.js";
import { type FindingCode, lineFinding } from "./finding-codes.js";
import { countUpTo, type IncludedEntry } from "./inclusion.js";
import { CaptureReading, type LoggedCapture, placeFindings } from "./log-captures.js";
import { FactCollector, type LogFacts } from "./log-facts.js";
import { leafHashOfBytes } from "./merkle.js";

/** What an `export-begun` entry lists, and how long its line is without the LF. */
export interface PackagedList {
  readonly list: EntryList;
  readonly bytes: number;
}

/** Whether a clip arrived whole (FORMAT.md §5.3). */
export type Completeness = (typeof verdicts)[number];

const verdicts = ["whole", "incomplete", "unknown"] as const;

/** What the entries of a package say. */
export interface PackagedEntries {
  readonly findings: readonly Finding[];
  readonly lines: number;
  /** Those that could be read, in ascending order of `seq`. */
  readonly entries: readonly IncludedEntry[];
  /** By id: every capture that some entry states, or states a version of. */
  readonly captures: ReadonlyMap<string, LoggedCapture>;
  /**
   * Id → what its newest `derive` entry, or an incomplete `capture` entry, says about the clip. A capture without
   * either is missing.
   */
  readonly completeness: ReadonlyMap<string, Completeness>;
  /** Entries that name a capture: `seq` → id. */
  readonly captureOf: ReadonlyMap<number, string>;
  /** Entries that no package holds, whichever captures it has. */
  readonly foreign: readonly number[];
  /** What they say about checkpoints. */
  readonly facts: Omit<LogFacts, "rootAt" | "entries">;
  /** SHA-256 of each line with its LF, of those that could be read. */
  readonly hashes: readonly string[];
  /** Whether entry 1 is here, which names the vault. */
  readonly hasFirst: boolean;
  /** The version of FORMAT.md that entry 1 states; null if it is not here. */
  readonly schema: string | null;
  /** Of each `export-begun` entry, in ascending order of `seq`. */
  readonly lists: readonly PackagedList[];
}

/**
 * Reads the lines of `proof/entries.jsonl` one after the other (FORMAT.md §17). `onEntry` sees every entry that could be
 * read, for checks that need more than core.
 */
export class EntryReading {
  private readonly onEntry: (entry: Entry) => readonly Finding[];
  private readonly findings: Finding[] = [];
  private readonly entries: (IncludedEntry & Pick<Entry, "at">)[] = [];
  private readonly captures = new CaptureReading();
  private readonly completeness = new Map<string, Completeness>();
  private readonly captureOf = new Map<number, string>();
  private readonly foreign: number[] = [];
  private readonly collector = new FactCollector();
  private readonly seen = new Set<number>();
  private readonly lists: PackagedList[] = [];
  private readonly hashes: string[] = [];
  private schema: string | null = null;
  private hasFirst = false;
  private row = 0;

  constructor(onEntry: (entry: Entry) => readonly Finding[]) {
    this.onEntry = onEntry;
  }

  /** Takes the next line: its bytes with the line feed, if it has one. */
  take(line: Uint8Array): void {
    this.row += 1;
    const entry = this.read(line);
    if (entry === null) return;
    const last = this.entries.at(-1)?.seq ?? 0;
    if (entry.seq <= last || (last === 0 && entry.seq !== 1)) {
      const place = last === 0 ? "where entry 1 belongs" : `after entry ${last}`;
      this.report("log-wrong-seq", `entry:${this.row}`, `entry ${entry.seq} stands ${place}`);
    }
    if (this.seen.has(entry.seq)) return;
    this.seen.add(entry.seq);
    this.entries.push({ seq: entry.seq, at: entry.at, leaf: leafHashOfBytes(line) });
    this.hashes.push(sha256(line));
    this.findings.push(...this.onEntry(entry));
    this.learn(entry, line.length - 1);
  }

  /** What all of them say. `isWhole` is false if there are more of them than were read. */
  end(isWhole: boolean): PackagedEntries {
    if (this.row === 0 && isWhole) this.report("log-empty", "proof/entries.jsonl", "it holds no entry");
    const { findings, row: lines, completeness, captureOf, foreign, hashes, hasFirst, schema } = this;
    const inOrder = this.entries.sort((a, b) => a.seq - b.seq);
    const lastAt = (size: number) => inOrder[countUpTo(inOrder, size) - 1]?.at ?? null;
    const facts = { ...this.collector.facts(), lastAt };
    const lists = this.lists.sort((a, b) => a.list.entry - b.list.entry);
    const captures = this.captures.named();
    const said = { captures, completeness, captureOf, foreign, facts, hashes, hasFirst, schema, lists };
    return { findings, lines, entries: inOrder, ...said };
  }

  private read(line: Uint8Array): Entry | null {
    const refused = ({ code, message }: FormatError) => {
      this.report(lineFinding(code), `entry:${this.row}`, message);
      return null;
    };
    return readOr(() => parseLine(line), refused);
  }

  private learn(entry: Entry, bytes: number): void {
    const { seq, event, body } = entry;
    this.collector.add(entry);
    const id = textOf(body.capture);
    if (event === "vault-created" && seq === 1) {
      this.hasFirst = true;
      this.schema = textOf(body.schema);
    } else if (event === "export-begun") {
      const list = entryListOf(entry);
      if (list !== null) this.lists.push({ list, bytes });
    } else if (id !== null) {
      this.captureOf.set(seq, id);
      this.findings.push(...this.captures.add(entry));
      const judged = judgementOf(entry);
      if (judged !== null) this.completeness.set(id, judged);
      this.findings.push(...placeFindings(entry));
    } else if (event !== "key-rotated" && event !== "token") this.foreign.push(seq);
  }

  private report(code: FindingCode, where: string, message: string): void {
    this.findings.push(errorAt(code, where, message));
  }
}

function parseLine(line: Uint8Array): Entry {
  if (line.at(-1) !== 0x0a)
    throw new FormatError("not-canonical", "the last line does not end with a line feed");
  const text = exactText(line);
  if (text === null) throw new FormatError("not-json", "the line is not UTF-8");
  return parseEntry(text.slice(0, -1));
}

/** Only decoding shows that a clip is whole: the one thing that counts in a `capture` entry is that it is not. */
function judgementOf({ event, body }: Entry): Completeness | null {
  if (event === "derive") return verdicts.find((verdict) => verdict === body.completeness) ?? null;
  return event === "capture" && body.status === "incomplete" ? "incomplete" : null;
}
