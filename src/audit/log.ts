import { textOf } from "./canonical-json.js";
import { checkLineBytes, type Entry, firstLink } from "./entry.js";
import { EntriesByCapture, entryListOf, listProblem } from "./entry-list.js";
import { errorAt, type Finding, faultsOf, noteAt } from "./finding.js";
import { lineFinding } from "./finding-codes.js";
import { CaptureReading, type LoggedCapture } from "./log-captures.js";
import { type CollectedFacts, FactCollector } from "./log-facts.js";

/**
 * A line of the log as it is stored: its bytes, which may be anything if somebody changed the file, and the columns
 * that repeat parts of it.
 */
export interface StoredLine {
  readonly seq: number;
  readonly prev: string;
  readonly line: Uint8Array;
  readonly hash: string;
}

/** What the log says about everything else, and what is wrong with the log itself. */
export interface LogAudit {
  readonly findings: readonly Finding[];
  readonly entries: number;
  readonly captures: ReadonlyMap<string, LoggedCapture>;
  readonly settingsSha256: string | null;
  readonly readmeSha256: string | null;
  /** What it says about its checkpoints. The caller that goes over the tree adds the roots. */
  readonly facts: CollectedFacts;
}

const linesAtOnce = 64;

/**
 * Goes through the log once: each line in canonical form, in its place, linked to the line before it, and equal to
 * its columns (FORMAT.md §4). `onEntry` sees every entry that could be read, for checks that need more than the log;
 * `breathe` is called now and then, and what it rejects with ends the audit.
 */
export async function auditLog(
  lines: Iterable<StoredLine>,
  onEntry: (entry: Entry) => readonly Finding[],
  breathe: () => Promise<void>,
): Promise<LogAudit> {
  const findings: Finding[] = [];
  const captures = new CaptureReading();
  const collector = new FactCollector();
  const clock = new ClockSteps();
  const before = new EntriesByCapture();
  let entries = 0;
  let link = firstLink;
  let settingsSha256: string | null = null;
  let readmeSha256: string | null = null;
  for (const stored of lines) {
    entries += 1;
    if (entries % linesAtOnce === 0) await breathe();
    const { line, seq } = stored;
    const { entry, faults, next } = checkLineBytes(line, link);
    link = next;
    for (const { code, message } of faults)
      findings.push(errorAt(lineFinding(code), `entry:${seq}`, message));
    if (!entry) continue;
    collector.add(entry);
    clock.add(entry);
    const wrong = wrongColumns(stored, entry, next.prev);
    if (wrong !== null) findings.push(errorAt("log-columns", `entry:${seq}`, wrong));
    for (const finding of onEntry(entry)) findings.push(finding);
    const wrongList = entryListProblem(before, entry, line);
    if (wrongList !== null) findings.push(errorAt("entry-list", `entry:${seq}`, wrongList));
    before.add(entry);
    for (const finding of captures.add(entry)) findings.push(finding);
    settingsSha256 = textOf(entry.body.settings_sha256) ?? settingsSha256;
    readmeSha256 = textOf(entry.body.readme_sha256) ?? readmeSha256;
  }
  findings.push(...clock.findings());
  if (entries === 0) findings.push(errorAt("log-empty", "vault.db", "the custody log has no entry"));
  return {
    findings,
    entries,
    captures: captures.stated(),
    settingsSha256,
    readmeSha256,
    facts: collector.facts(),
  };
}

/** Why a list of entries does not match the log before it; null if it does, or if the entry is not a list. */
function entryListProblem(before: EntriesByCapture, entry: Entry, line: Uint8Array): string | null {
  const list = entryListOf(entry);
  if (list === null) return null;
  const problem = listProblem(list, line.length);
  if (problem !== null) return problem;
  const first = before.firstDiffering(list);
  return first === null ? null : `it lists other entries of ${first} than the log before it has`;
}

/** `hash` is that of the line, as computed for the link. */
function wrongColumns(stored: StoredLine, entry: Entry, hash: string): string | null {
  const wrong = faultsOf([
    [stored.seq, entry.seq, "seq"],
    [stored.prev, entry.prev, "prev"],
    [stored.hash, hash, "hash"],
  ]);
  if (wrong.length === 0) return null;
  return `the database's ${wrong.join(" and ")} does not match the line beside it`;
}

/**
 * Whether the entries of a log, in order, are dated in that order (FORMAT.md §18.1). They need not be: a clock is put
 * back, or a machine starts in the wrong year. Order is by `seq`, and nothing is refused; the reader of the times is
 * told.
 */
class ClockSteps {
  private last: Pick<Entry, "seq" | "at"> | null = null;
  private first: { readonly entry: Pick<Entry, "seq" | "at">; readonly before: string } | null = null;
  private count = 0;

  add({ seq, at }: Pick<Entry, "seq" | "at">): void {
    const before = this.last?.at ?? at;
    if (at < before) {
      this.first ??= { entry: { seq, at }, before };
      this.count += 1;
    }
    this.last = { seq, at };
  }

  /** One note however often it happened, at the first entry that is dated before its predecessor. */
  findings(): readonly Finding[] {
    if (this.first === null) return [];
    const { entry, before } = this.first;
    const others = this.count === 1 ? "" : `; so are ${this.count - 1} more further on`;
    const message = `it is dated ${entry.at}, earlier than the entry before it (${before})${others}: the clock was put back, and the order is by number`;
    return [noteAt("clock-back", `entry:${entry.seq}`, message)];
  }
}
