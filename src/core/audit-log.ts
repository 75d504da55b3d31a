import { isJsonObject, type Json } from "./canonical-json.js";
import { checkLineBytes, firstLink } from "./chain.js";
import { ClockSteps } from "./clock-steps.js";
import type { Entry } from "./entry.js";
import { type FindingCode, lineFinding } from "./finding-codes.js";
import type { Finding } from "./finding.js";
import { type CollectedFacts, FactCollector } from "./log-facts.js";
import { publicationFolder } from "./publication.js";

/** A line of the log as it is kept: its bytes, which whoever changed the file may have made anything, and the columns that repeat parts of it. */
export interface StoredLine {
  readonly seq: number;
  readonly prev: string;
  readonly line: Uint8Array;
  readonly hash: string;
}

export interface LoggedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The events that bring a version of an object. */
export type VersionEvent = "capture" | "derive" | "redact";

/** A version of an object as the log states it. */
export interface LoggedVersion {
  readonly entry: number;
  readonly event: VersionEvent;
  readonly version: string;
  readonly inventorySha512: string;
  /** Digest of what `statementOf` names. */
  readonly recordSha256: string;
  readonly files: readonly LoggedFile[];
}

/** A capture as the log states it. */
export interface LoggedCapture {
  readonly id: string;
  readonly entry: number;
  /** Relative to the vault; null for a failed attempt. */
  readonly object: string | null;
  readonly annexSha256: string | null;
  readonly versions: readonly LoggedVersion[];
}

/** What the log says about everything else, and what is wrong with the log itself. */
export interface LogAudit {
  readonly findings: readonly Finding[];
  readonly entries: number;
  readonly captures: ReadonlyMap<string, LoggedCapture>;
  readonly settingsSha256: string | null;
  readonly readmeSha256: string | null;
  /** What it says about its checkpoints. The roots are for whoever goes over the tree to add. */
  readonly facts: CollectedFacts;
}

/**
 * Goes through the log once: each line in canonical form, in its place, linked to the line before it, and equal to
 * its columns (FORMAT.md §4). `onEntry` sees every entry that could be read, for checks that need more than the log.
 */
export function auditLog(
  lines: Iterable<StoredLine>,
  onEntry: (entry: Entry) => readonly Finding[],
): LogAudit {
  const findings: Finding[] = [];
  const captures = new Map<string, LoggedCapture>();
  const collector = new FactCollector();
  const clock = new ClockSteps();
  let entries = 0;
  let link = firstLink;
  let settingsSha256: string | null = null;
  let readmeSha256: string | null = null;
  for (const stored of lines) {
    entries += 1;
    const { line, seq } = stored;
    const { entry, faults, next } = checkLineBytes(line, link);
    link = next;
    for (const { code, message } of faults)
      findings.push(logFinding(lineFinding(code), `entry:${seq}`, message));
    if (!entry) continue;
    collector.add(entry);
    clock.add(entry);
    const wrong = wrongColumns(stored, entry, next.prev);
    if (wrong !== null) findings.push(logFinding("log-columns", `entry:${seq}`, wrong));
    for (const finding of onEntry(entry)) findings.push(finding);
    learnCapture(captures, entry);
    settingsSha256 = textOf(entry.body.settings_sha256) ?? settingsSha256;
    readmeSha256 = textOf(entry.body.readme_sha256) ?? readmeSha256;
  }
  findings.push(...clock.findings());
  if (entries === 0) findings.push(logFinding("log-empty", "vault.db", "the custody log has no entry"));
  return { findings, entries, captures, settingsSha256, readmeSha256, facts: collector.facts() };
}

/** The version that an entry states; null for one that brings none. */
export function loggedVersion({
  seq,
  event,
  body,
}: Pick<Entry, "seq" | "event" | "body">): LoggedVersion | null {
  if (event !== "capture" && event !== "derive" && event !== "redact") return null;
  const version = textOf(body.version);
  const inventorySha512 = textOf(body.inventory_sha512);
  const recordSha256 = textOf(body.record_sha256);
  if (version === null || inventorySha512 === null || recordSha256 === null) return null;
  return { entry: seq, event, version, inventorySha512, recordSha256, files: filesOf(body.files) };
}

/** Logical path and schema of the record that comes with a version: what was captured, derived or made for publication. */
export function statementOf({ event, version }: Pick<LoggedVersion, "event" | "version">): {
  readonly path: string;
  readonly schema: "record" | "derivation" | "publication";
} {
  if (event === "capture") return { path: "record.json", schema: "record" };
  if (event === "derive") return { path: "derived/derivation.json", schema: "derivation" };
  return { path: `${publicationFolder(version)}/publication.json`, schema: "publication" };
}

/** `hash` is that of the line, as it was worked out for the link. */
function wrongColumns(stored: StoredLine, entry: Entry, hash: string): string | null {
  const { seq, prev } = entry;
  if (stored.seq === seq && stored.prev === prev && stored.hash === hash) return null;
  const wrong = [
    stored.seq === seq ? null : "seq",
    stored.prev === prev ? null : "prev",
    stored.hash === hash ? null : "hash",
  ].filter((name) => name !== null);
  return `the database's ${wrong.join(" and ")} is not that of the line beside it`;
}

function learnCapture(captures: Map<string, LoggedCapture>, entry: Entry): void {
  const id = textOf(entry.body.capture);
  if (id === null) return;
  if (entry.event === "capture" || entry.event === "capture-failed") {
    const version = loggedVersion(entry);
    captures.set(id, {
      id,
      entry: entry.seq,
      object: textOf(entry.body.object),
      annexSha256: textOf(entry.body.annex_sha256),
      versions: version ? [version] : [],
    });
    return;
  }
  const known = captures.get(id);
  const version = loggedVersion(entry);
  if (known && version) captures.set(id, { ...known, versions: [...known.versions, version] });
}

function filesOf(value: Json | undefined): readonly LoggedFile[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map((file) => ({
    path: textOf(file.path) ?? "",
    bytes: typeof file.bytes === "number" ? file.bytes : -1,
    sha256: textOf(file.sha256) ?? "",
  }));
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function logFinding(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}
