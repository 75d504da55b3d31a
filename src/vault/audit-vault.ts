import { join } from "node:path";
import { auditAgainst } from "../core/audit-against.js";
import {
  auditCheckpoints,
  type CheckpointAudit,
  type FoundCheckpoint,
  type Trust,
} from "../core/audit-checkpoints.js";
import type { LogAudit } from "../core/audit-log.js";
import type { MeasuredFile } from "../core/audit-object.js";
import { isCaptureId } from "../core/capture-id.js";
import type { Checkpoint } from "../core/checkpoint.js";
import type { Finding } from "../core/finding.js";
import type { LoggedCapture } from "../core/log-captures.js";
import { captureFindings, isReadAsText, type MeasuredFolders } from "./audit-capture.js";
import { readSnapshot, type Snapshot, type SnapshotOptions, touchedBetween } from "./audit-snapshot.js";
import { oneIdByPart } from "./captures.js";
import type { Intent } from "./commit.js";
import { databaseState } from "./database-files.js";
import type { VaultLayout } from "./layout.js";
import {
  folderOf,
  hasAnnexes,
  listVault,
  looseOriginals,
  oversizedTexts,
  ownFileFindings,
  strayFindings,
} from "./listing.js";
import { measureFiles } from "./measure.js";
import { type AuditedVault, openForAudit } from "./reader.js";
import type { FoundPath } from "./walk.js";

export interface VaultAudit {
  readonly findings: readonly Finding[];
  /** Null where the database could not be read. */
  readonly log: LogAudit | null;
  /** The captures that were audited; null for all. */
  readonly only: ReadonlySet<string> | null;
  readonly files: number;
  readonly bytes: number;
  readonly objects: number;
  readonly annexes: number;
  readonly hasAnnexes: boolean;
  /** Null where the database could not be read. */
  readonly checkpoints: CheckpointAudit | null;
  readonly checkpointFiles: { readonly checkpoints: number; readonly tokens: number };
}

export interface AuditOptions {
  readonly quick: boolean;
  /**
   * Parts of the ids of captures: only their objects and annexes are audited, the log and the database always. The log says
   * which captures there are, whatever the index says. Null for all.
   */
  readonly parts: readonly string[] | null;
  /** A checkpoint that the checker got from elsewhere. */
  readonly held: Checkpoint | null;
  readonly trust: Trust;
  readonly onProgress: (files: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** How often captures that a writer touched meanwhile are looked at again before they are left unchecked. */
const rounds = 8;

/** What is audited of the captures: null for all. */
interface Task extends AuditOptions {
  readonly only: ReadonlySet<string> | null;
}

/**
 * Audits a vault from its stored bytes: log, index, objects, annexes, the vault's own files. Reports everything that
 * is not as recorded and changes nothing. A writer may be at work: the log is read first, then what lies on disk, and
 * captures of which the log or the journal says something new at the end are audited again. Throws on an abort, and
 * `not-found` for a part that is not one of exactly one id.
 */
export async function auditVault(opened: AuditedVault, asked: AuditOptions): Promise<VaultAudit> {
  const { layout, reader } = opened;
  if (reader === null) return withoutLog(layout, opened.findings);
  const snapshot = await readSnapshot(reader, snapshotOptions(asked));
  if (!("log" in snapshot)) return withoutLog(layout, [...opened.findings, ...snapshot]);
  const options: Task = { ...asked, only: chosenIds(snapshot, asked.parts) };
  let round = await auditRound(layout, snapshot, options.only, options);
  let state = opened.state;
  const files = new Map(round.files);
  const earlier = new Map<string, readonly Finding[]>(round.captures);
  for (let count = 1; databaseState(layout) !== state; count += 1) {
    const next = await readAgain(layout, options);
    if (next === null) break;
    state = next.state;
    const touched = touchedBetween(round.snapshot, next.snapshot);
    const scope = new Set([...touched].filter((id) => options.only === null || options.only.has(id)));
    if (count === rounds) {
      return conclude(opened, unsettled(round, touched), unsettledCaptures(earlier, touched), files, options);
    }
    round = await auditRound(layout, next.snapshot, scope, options);
    for (const [path, bytes] of round.files) files.set(path, bytes);
    for (const [id, findings] of round.captures) earlier.set(id, findings);
  }
  return conclude(opened, round, earlier, files, options);
}

/** One look at everything outside the captures and at some captures, by what the database said just before it. */
interface Round {
  readonly snapshot: Snapshot;
  /** Findings on the vault as a whole. */
  readonly vault: readonly Finding[];
  readonly captures: ReadonlyMap<string, readonly Finding[]>;
  /** Measured files → bytes. */
  readonly files: ReadonlyMap<string, number>;
}

async function auditRound(
  layout: VaultLayout,
  snapshot: Snapshot,
  scope: ReadonlySet<string> | null,
  options: Task,
): Promise<Round> {
  const listing = listVault(layout);
  const wanted = ({ id }: LoggedCapture) => scope === null || scope.has(id);
  const chosen = [...snapshot.captures.values()].filter(wanted);
  const ids = new Set(chosen.map(({ id }) => id));
  const files = [...listing.objects, ...listing.annexes].filter(
    ({ path, kind }) => kind === "file" && ids.has(captureIn(path) ?? ""),
  );
  const measured = await measureAll(layout, files, options);
  const texts = files.filter(({ path }) => isReadAsText(path));
  const onFiles = byCapture([...oversizedTexts(texts), ...looseOriginals(files)]);
  const captures = chosen.map((capture) => {
    const found = captureFindings(layout, capture, measured, snapshot.intents.get(capture.id) ?? null);
    return [capture.id, [...found, ...(onFiles.get(capture.id) ?? [])]] as const;
  });
  return {
    snapshot,
    vault: [
      ...ownFileFindings(layout, snapshot.log),
      ...strayFindings(listing, snapshot.captures, new Set(snapshot.folder.strays)),
    ],
    captures: new Map(captures),
    files: new Map(files.map(({ path, bytes }) => [path, bytes])),
  };
}

function chosenIds({ captures }: Snapshot, parts: readonly string[] | null): ReadonlySet<string> | null {
  return parts === null ? null : new Set(parts.map((part) => oneIdByPart(captures.keys(), part)));
}

function snapshotOptions({ held, signal }: AuditOptions): SnapshotOptions {
  return { rootAt: held?.size ?? null, signal };
}

/** The database as it is now, opened anew; null when it cannot be read any more. */
async function readAgain(
  layout: VaultLayout,
  options: AuditOptions,
): Promise<{ readonly snapshot: Snapshot; readonly state: string } | null> {
  const { reader, state } = openForAudit(layout.root);
  if (reader === null) return null;
  try {
    const snapshot = await readSnapshot(reader, snapshotOptions(options));
    return "log" in snapshot ? { snapshot, state } : null;
  } finally {
    reader.close();
  }
}

/** After the last round: what a writer kept changing is said to be unchecked, and nothing is claimed of it. */
function unsettled(round: Round, touched: ReadonlySet<string>): Round {
  const { entries } = round.snapshot.log;
  const { checkpoints } = round.snapshot.folder;
  const folder = { ...round.snapshot.folder, checkpoints: checkpoints.filter(({ size }) => size <= entries) };
  return {
    ...round,
    snapshot: { ...round.snapshot, folder, segmentFindings: [], indexFindings: [] },
    vault: round.vault.filter(({ where }) => !touched.has(captureIn(where) ?? "")),
  };
}

function unsettledCaptures(
  captures: ReadonlyMap<string, readonly Finding[]>,
  touched: ReadonlySet<string>,
): ReadonlyMap<string, readonly Finding[]> {
  const note = (where: string): Finding => {
    const message = "another process was writing to it all the time: it was not checked";
    return { code: "being-written", severity: "note", where, message };
  };
  return new Map([...captures, ...[...touched].map((id) => [id, [note(id)]] as const)]);
}

async function conclude(
  { layout, findings: ofDatabase }: AuditedVault,
  round: Round,
  captures: ReadonlyMap<string, readonly Finding[]>,
  files: ReadonlyMap<string, number>,
  { only, held, trust }: Task,
): Promise<VaultAudit> {
  const { snapshot } = round;
  const { facts } = snapshot;
  const found = snapshot.folder.checkpoints;
  const checkpoints = await auditCheckpoints(found, facts, trust, "vault");
  const objects = [...snapshot.captures.values()].filter(
    ({ id, object }) => object !== null && (only === null || only.has(id)),
  );
  const present = hasAnnexes(layout);
  const ofCaptures = [...captures.values()].flat().filter(({ code }) => present || code !== "annex-absent");
  return {
    findings: [
      ...ofDatabase,
      ...snapshot.findings,
      ...snapshot.indexFindings,
      ...snapshot.segmentFindings,
      ...checkpoints.findings,
      ...(held === null ? [] : auditAgainst(held, facts)),
      ...round.vault,
      ...ofCaptures,
      ...[...snapshot.intents.values()].map(intentNote),
    ],
    log: snapshot.log,
    only,
    files: files.size,
    bytes: [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
    objects: objects.length,
    annexes: [...files.keys()].filter((path) => /^private\/[^/]+\/annex\.json$/.test(path)).length,
    hasAnnexes: present,
    checkpoints,
    checkpointFiles: countFiles(found),
  };
}

function withoutLog(layout: VaultLayout, findings: readonly Finding[]): VaultAudit {
  const all = [...findings, ...ownFileFindings(layout, null)];
  return {
    findings: all,
    log: null,
    only: null,
    files: 0,
    bytes: 0,
    objects: 0,
    annexes: 0,
    hasAnnexes: hasAnnexes(layout),
    checkpoints: null,
    checkpointFiles: countFiles([]),
  };
}

function countFiles(found: readonly FoundCheckpoint[]): VaultAudit["checkpointFiles"] {
  return {
    checkpoints: found.filter(({ body }) => body !== null).length,
    tokens: found.reduce((sum, { tokens }) => sum + tokens.length, 0),
  };
}

async function measureAll(
  layout: VaultLayout,
  files: readonly FoundPath[],
  { quick, onProgress, signal }: AuditOptions,
): Promise<MeasuredFolders> {
  const largestFirst = [...files].sort((a, b) => b.bytes - a.bytes);
  const paths = largestFirst.map(({ path }) => join(layout.root, path));
  const measured = await measureFiles(paths, quick, (done) => onProgress(done, files.length), signal);
  const folders = new Map<string, Map<string, MeasuredFile>>();
  for (const [index, { path }] of largestFirst.entries()) {
    const folder = folderOf(path);
    const inside = folders.get(folder) ?? new Map<string, MeasuredFile>();
    inside.set(path.slice(folder.length), measured[index] ?? { problem: "not measured" });
    folders.set(folder, inside);
  }
  return folders;
}

function byCapture(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const all = new Map<string, Finding[]>();
  for (const finding of findings) {
    const id = captureIn(finding.where) ?? "";
    all.set(id, [...(all.get(id) ?? []), finding]);
  }
  return all;
}

/** The capture in whose object or annex a path lies. */
function captureIn(path: string): string | null {
  const parts = path.split("/");
  const id = parts[0] === "objects" ? parts[2] : parts[0] === "private" ? parts[1] : undefined;
  return id !== undefined && isCaptureId(id) ? id : null;
}

function intentNote(intent: Intent): Finding {
  const message = `a commit (${intent.event}) was interrupted, or is being made now; the next command that writes finishes it and logs that`;
  return { code: "commit-interrupted", severity: "note", where: intent.capture, message };
}
