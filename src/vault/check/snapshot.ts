import { lstatSync } from "node:fs";
import Database from "better-sqlite3";
import type { Checkpoint } from "../../audit/checkpoint.js";
import { newestOf } from "../../audit/checkpoints.js";
import type { Entry } from "../../audit/entry.js";
import { errorAt, type Finding } from "../../audit/finding.js";
import { auditLog, type LogAudit } from "../../audit/log.js";
import { type LoggedCapture, objectPath, placeFindings } from "../../audit/log-captures.js";
import { CoveredTimes, type LogFacts } from "../../audit/log-facts.js";
import { breather } from "../breather.js";
import { readLog } from "../database.js";
import { type Intent, readIntents } from "../journal.js";
import { schemaProblems } from "../json-schemas.js";
import { type LogFolder, readLogFolder } from "../log-folder.js";
import type { VaultReader } from "../open-database.js";
import { auditLines, auditLinesApart, type IndexCheck, type LinesAudit, type LinesTask } from "./lines.js";
import { ofDatabase, unreadBySqlite } from "./opened.js";

/** What the database of a vault said at one instant. */
export interface Snapshot {
  readonly log: LogAudit;
  /** What the log says about its checkpoints, with the roots over its lines. */
  readonly facts: LogFacts;
  readonly findings: readonly Finding[];
  /** Commits that have begun, by capture. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** Captures by id, including those whose first commit is still in the journal. */
  readonly captures: ReadonlyMap<string, LoggedCapture>;
  /** The last entry that names each capture. */
  readonly lastEntries: ReadonlyMap<string, number>;
  /** What lay in `log/` just after that instant. */
  readonly folder: LogFolder;
  readonly segmentFindings: readonly Finding[];
  /** How the index differs from the log. */
  readonly indexFindings: readonly Finding[];
}

/** Databases of more bytes are audited on two cores; below, starting a thread takes longer than it saves. */
const worthAThread = 16 * 1024 * 1024;

export interface SnapshotOptions {
  /** Checkpoints that the checker got from elsewhere: their roots are wanted besides those of the checkpoints here. */
  readonly held: readonly Checkpoint[];
  readonly index: IndexCheck;
  readonly signal: AbortSignal;
}

/**
 * Log, index and journal at one instant, read in one transaction, since a writer may be at work. Files in `log/` are
 * listed after that instant and can be newer, and so can the index of a large vault. Returns findings alone if SQLite
 * cannot read the database. Throws on an abort.
 */
export async function readSnapshot(
  reader: VaultReader,
  options: SnapshotOptions,
): Promise<Snapshot | readonly Finding[]> {
  const { layout, database } = reader;
  database.exec("BEGIN");
  try {
    // The first read fixes what this transaction sees.
    database.prepare("SELECT 1 FROM entry LIMIT 1").get();
    const folder = readLogFolder(layout);
    const apart = startApart(reader, folder, options);
    const here = apart
      ? null
      : auditLines(layout, database, linesTask(folder, options, false), options.index.openIndexAudit);
    if (here && here.damage.length > 0) return here.damage;
    const read = await readLogOrFail(database, folder, breather(options.signal));
    const lines = here ?? (await apart);
    if (!lines || lines.damage.length > 0) return lines?.damage ?? [];
    return "code" in read ? [read] : snapshotOf(read, folder, lines);
  } catch (error) {
    if (error instanceof Database.SqliteError) return [unreadBySqlite(error)];
    throw error;
  } finally {
    // Nothing was written. A commit would make the full-text index check itself once more, and fail if it is damaged.
    if (database.inTransaction) database.exec("ROLLBACK");
  }
}

function linesTask(
  { segments, checkpoints }: LogFolder,
  { held }: SnapshotOptions,
  lightCheck: boolean,
): LinesTask {
  const sizes = checkpoints.map(({ size }) => size);
  return {
    segments,
    rootsAt: [...sizes, ...held.map(({ size }) => size)],
    newest: newestOf(checkpoints)?.size ?? 0,
    lightCheck,
  };
}

/** The audit of the lines in a thread, for a large database in a file; null for any other. */
function startApart(
  { layout, file }: VaultReader,
  folder: LogFolder,
  options: SnapshotOptions,
): Promise<LinesAudit> | null {
  const bytes = file === null ? 0 : (lstatSync(file, { throwIfNoEntry: false })?.size ?? 0);
  if (file === null || bytes <= worthAThread) return null;
  const { index, signal } = options;
  const task = linesTask(folder, options, true);
  const apart = auditLinesApart([layout.root, file, task, index.module.href], signal);
  // It is awaited later; what it throws must not end the process before that.
  apart.catch(() => undefined);
  return apart;
}

function snapshotOf(read: ReadLog, folder: LogFolder, lines: LinesAudit): Snapshot {
  const { log, journal, lastEntries, times } = read;
  return {
    log,
    facts: {
      ...log.facts,
      entries: log.entries,
      rootAt: (size) => lines.roots.get(size) ?? null,
      lastAt: (size) => times.lastAt(size),
    },
    findings: [...log.findings, ...journal.findings],
    indexFindings: lines.indexFindings,
    segmentFindings: lines.segmentFindings,
    intents: journal.intents,
    captures: withPending(log.captures, journal.intents),
    lastEntries,
    folder,
  };
}

/** Captures about which somebody wrote something between two instants: new entries, or a commit begun or finished. */
export function touchedBetween(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const ids = [...after.lastEntries.keys(), ...before.intents.keys(), ...after.intents.keys()];
  const differs = (id: string) =>
    before.lastEntries.get(id) !== after.lastEntries.get(id) ||
    JSON.stringify(before.intents.get(id)) !== JSON.stringify(after.intents.get(id));
  return new Set(ids.filter(differs));
}

interface ReadLog {
  readonly log: LogAudit;
  readonly journal: ReturnType<typeof readJournal>;
  readonly lastEntries: ReadonlyMap<string, number>;
  readonly times: CoveredTimes;
}

/** The log and the journal; one finding if SQLite stumbles over damage that its own check has yet to name. */
async function readLogOrFail(
  database: Database.Database,
  { checkpoints }: LogFolder,
  breathe: () => Promise<void>,
): Promise<ReadLog | Finding> {
  const lastEntries = new Map<string, number>();
  const times = new CoveredTimes(checkpoints.map(({ size }) => size));
  try {
    const onEntry = (entry: Entry) => {
      times.add(entry);
      if (typeof entry.body.capture === "string") lastEntries.set(entry.body.capture, entry.seq);
      return [...entrySchemaFindings(entry), ...placeFindings(entry)];
    };
    const log = await auditLog(readLog(database), onEntry, breathe);
    return { log, journal: readJournal(database), lastEntries, times };
  } catch (error) {
    if (error instanceof Database.SqliteError) return unreadBySqlite(error);
    throw error;
  }
}

function entrySchemaFindings(entry: Entry): readonly Finding[] {
  return schemaProblems("entry", entry).map((message) =>
    errorAt("entry-schema", `entry:${entry.seq}`, message),
  );
}

function readJournal(database: Database.Database): {
  readonly intents: ReadonlyMap<string, Intent>;
  readonly findings: readonly Finding[];
} {
  try {
    const intents = readIntents({ database }).map((intent) => [intent.capture, intent] as const);
    return { intents: new Map(intents), findings: [] };
  } catch {
    const message = "the journal of unfinished commits holds a row that no commit wrote";
    return { intents: new Map(), findings: [ofDatabase("journal-damaged", message)] };
  }
}

/** A capture whose first commit is still in the journal is expected to be as the journal states it. */
function withPending(
  logged: ReadonlyMap<string, LoggedCapture>,
  intents: ReadonlyMap<string, Intent>,
): ReadonlyMap<string, LoggedCapture> {
  if (intents.size === 0) return logged;
  const all = new Map(logged);
  for (const [id, intent] of intents) {
    if (all.has(id)) continue;
    const annex = intent.body.annex_sha256;
    all.set(id, {
      id,
      entry: 0,
      object: intent.version === "" ? null : objectPath(id),
      url: null,
      annexes: typeof annex === "string" ? [annex] : [],
      versions: [],
      withdrawal: null,
    });
  }
  return all;
}
