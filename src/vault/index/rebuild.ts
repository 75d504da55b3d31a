import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { originOf } from "../../audit/checkpoint.js";
import { auditCheckpoints, newestOf } from "../../audit/checkpoints.js";
import { checkLine, firstLink } from "../../audit/entry.js";
import { FormatError, fails } from "../../audit/finding.js";
import type { Trust } from "../../audit/log-facts.js";
import { HoldfastError } from "../../core/words/error.js";
import { openForAudit } from "../check/opened.js";
import { closeWhole, openDatabaseForWriting } from "../database-for-writing.js";
import { syncFile } from "../disk-niceties.js";
import { makeFolder, moveDurably } from "../durable.js";
import type { VaultLayout } from "../layout.js";
import { keyHistoryOf, loggedVaultId } from "../log.js";
import { type LogFolder, type LogSegment, readLogFolder } from "../log-folder.js";
import { segmentLines } from "../segment-lines.js";
import { rootOf } from "./merkle-nodes.js";
import { recordReader } from "./record-reader.js";
import { rebuildIndex } from "./reindex.js";

/** Trust of a checker who brought nothing. */
export const noTrust: Trust = { signers: null, roots: [], rootsNamed: false };

/** What a rebuilt database holds. */
export interface RebuiltLog {
  readonly entries: number;
  /**
   * Size of the newest checkpoint; the entries after it come from a segment that no signature covers. Null for none.
   */
  readonly checkpoint: number | null;
}

/**
 * Makes `vault.db` from `log/` and `objects/` in `staging/` and renames it into place. The caller must hold the writer
 * lock. No byte is trusted: every line must follow the one before it, and every checkpoint must state the root over
 * these lines and be signed by the key that they name. `note` writes into the database before it is in place. Throws
 * `usage` if there is a `vault.db`, `not-as-recorded` for the rest.
 */
export async function rebuildDatabase<Noted>(
  layout: VaultLayout,
  vaultId: string,
  note: (database: Database.Database, made: RebuiltLog) => Noted,
): Promise<RebuiltLog & Noted> {
  refuseDatabase(layout);
  const folder = readLogFolder(layout);
  refuseGaps(folder.segments);
  makeFolder(layout.staging, 0o700);
  const staged = join(layout.staging, "rebuilt.db");
  removeDatabase(staged);
  const database = openDatabaseForWriting(staged, true, () => undefined);
  try {
    const entries = fill(database, layout, folder.segments);
    await refuseMisfit(database, vaultId, folder, entries);
    const made = { entries, checkpoint: newestOf(folder.checkpoints)?.size ?? null };
    const noted = note(database, made);
    closeWhole(database);
    syncFile(staged);
    moveDurably(staged, layout.database);
    return { ...made, ...noted };
  } finally {
    database.close();
    removeDatabase(staged);
  }
}

/** Whatever lies there is evidence too, even if it cannot be read: nothing is ever written over it. */
function refuseDatabase(layout: VaultLayout): void {
  const odd = ["", "-wal", "-shm", "-journal"].filter((end) =>
    lstatSync(`${layout.database}${end}`, { throwIfNoEntry: false }),
  );
  if (odd.length === 0) return;
  const names = odd.map((end) => `vault.db${end}`).join(", ");
  if (isOurs(layout)) {
    throw new HoldfastError(
      "usage",
      `rebuilding ${layout.root}: vault.db exists and can be read`,
      "there is nothing to rebuild; check it with: holdfast verify",
    );
  }
  throw new HoldfastError(
    "usage",
    `rebuilding ${layout.root}: ${names} exists and is not a database with a schema that this version knows`,
    "move it somewhere safe, then run this again; holdfast never writes over it",
  );
}

/** Whether it has the schema of this or an earlier version. Nothing else is read: a view in it may have no end. */
function isOurs({ root }: VaultLayout): boolean {
  const { reader } = openForAudit(root);
  reader?.close();
  return reader !== null;
}

function refuseGaps(segments: readonly LogSegment[]): void {
  if (segments.length === 0) throw misfit("log/ holds no segment to make it from");
  let end = 0;
  for (const { path, first, last } of segments) {
    if (first > end + 1) throw misfit(`no segment holds line ${end + 1} of the log`);
    if (first <= end) throw misfit(`${path} repeats lines of an earlier segment`);
    end = last;
  }
}

/** All lines into an empty database, in one transaction; returns how many. */
function fill(database: Database.Database, layout: VaultLayout, segments: readonly LogSegment[]): number {
  const insert = database.prepare("INSERT INTO entry (seq, prev, line, hash) VALUES (?, ?, ?, ?)");
  const fillAll = database.transaction(() => {
    let link = firstLink;
    for (const line of allLines(layout, segments)) {
      const { faults, next } = checkLine(line, link);
      const [fault] = faults;
      if (fault) throw misfit(`line ${link.seq} of the segments: ${fault.message}`);
      insert.run(link.seq, link.prev, line, next.prev);
      link = next;
    }
    rebuildIndex(database, recordReader(layout));
    return link.seq - 1;
  });
  return fillAll();
}

function* allLines(layout: VaultLayout, segments: readonly LogSegment[]): Iterable<string> {
  try {
    for (const segment of segments) yield* segmentLines(layout.root, segment);
  } catch (error) {
    if (error instanceof FormatError) throw misfit(error.message);
    throw error;
  }
}

/** Tokens and witnesses are not examined: a fault in them is no reason to be without a log. */
async function refuseMisfit(
  database: Database.Database,
  vaultId: string,
  folder: LogFolder,
  entries: number,
): Promise<void> {
  if (loggedVaultId(database) !== vaultId) {
    throw misfit("the segments belong to another vault than the one that holdfast.json names");
  }
  const found = folder.checkpoints.map((one) => ({ ...one, tokens: [], witnesses: [] }));
  const facts = {
    origin: originOf(vaultId),
    rootAt: (size: number) => (size <= entries ? rootOf(database, size) : null),
    entries,
    lastAt: () => null,
    keys: keyHistoryOf(database),
    tokens: [],
    witnesses: [],
  };
  const { findings } = await auditCheckpoints(found, facts, noTrust, "vault");
  const fault = findings.find(
    (finding) => fails(finding, "signature") && finding.code !== "key-not-endorsed",
  );
  if (fault) throw misfit(`${fault.where}: ${fault.message}`);
}

function removeDatabase(path: string): void {
  for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
}

function misfit(what: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `rebuilding vault.db: ${what}`,
    "nothing was changed; use a copy of vault.db or of log/ from elsewhere",
  );
}
