import type Database from "better-sqlite3";
import { glanceAt, lastRow } from "../log.js";
import type { Vault } from "../vault.js";
import { prepared } from "./statements.js";

/** A list that is worked through (FORMAT.md §19): working state, not evidence. */
export interface BatchRecord {
  readonly id: string;
  /** SHA-256 of the list's bytes. */
  readonly list_sha256: string;
  /** File name without its folder; null for standard input. */
  readonly name: string | null;
  /** Columns and delimiter, as JSON. */
  readonly list: string;
  /** What was requested for every capture, as JSON without secrets. */
  readonly request: string;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/**
 * How a row ended. `refused` rows had no address that could be asked, `skipped` ones nothing to capture, and `expanded` ones
 * are lists that became rows of their own.
 */
export type RowStatus =
  | "captured"
  | "already-captured"
  | "incomplete"
  | "failed"
  | "refused"
  | "skipped"
  | "expanded";

/** One address of a list. */
export interface BatchRow {
  /** Order in the batch, from 1. */
  readonly n: number;
  /** The row number that a spreadsheet shows; for a video of a list, that of the row that named the list. */
  readonly row: number | null;
  readonly part: number | null;
  /** The `n` of the row that named the list this video is in. */
  readonly parent: number | null;
  /** As typed. */
  readonly url: string;
  /** Equal for spellings of one address; null for text that is no address. */
  readonly url_key: string | null;
  readonly item: number | null;
  readonly list_url: string | null;
  readonly list_title: string | null;
  readonly list_index: number | null;
  /** The cells of the list's row, as a JSON array in the order of its columns. */
  readonly cells: string;
}

/** What became of a row. */
export interface RowResult {
  readonly status: RowStatus;
  /** Id of the capture it points to. */
  readonly capture: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly hint: string | null;
  /** Whether another attempt may succeed. */
  readonly may_pass: boolean;
  readonly ms: number;
}

/** A row that is not done, as it was left. */
export interface OpenRow extends BatchRow {
  /** The capture id it began with, if it was being worked on. */
  readonly attempt: string | null;
  /** The capture of its earlier result, if it had one. */
  readonly capture: string | null;
}

const rowColumns = "n, row, part, parent, url, url_key, item, list_url, list_title, list_index, cells";

/** Everything that `work` writes, log entries included, or nothing of it. */
export function atOnce<Answer>(vault: Pick<Vault, "database" | "memory">, work: () => Answer): Answer {
  const { database, memory } = vault;
  const before = lastRow(database)?.seq ?? 0;
  const answer = database.transaction(work).immediate();
  const glance = glanceAt(database);
  for (let seq = before + 1; seq <= glance.entries; seq += 1) {
    memory.afterCommit(seq, glance.hashOf(seq) ?? "");
  }
  return answer;
}

/** Writes a batch and its rows before any of them starts. Must be called inside `atOnce` with `addRow`. */
export function insertBatch(database: Database.Database, batch: BatchRecord): void {
  database
    .prepare(
      `INSERT INTO batch (id, list_sha256, name, list, request, started_at, ended_at)
       VALUES (@id, @list_sha256, @name, @list, @request, @started_at, @ended_at)`,
    )
    .run(batch);
}

/**
 * Adds a row. A row with the address of an earlier row is the same capture and points to that row: the answer is then
 * that row's result, null while it has none. For a row of its own, the answer is null.
 */
export function addRow(
  database: Database.Database,
  batch: string,
  row: BatchRow,
): { readonly result: RowResult | null } | null {
  const earlier = row.url_key === null ? undefined : firstWithKey(database, batch, row.url_key);
  prepared(
    database,
    `INSERT INTO batch_row (batch, ${rowColumns}, state, same_as)
     VALUES (@batch, @n, @row, @part, @parent, @url, @url_key, @item, @list_url, @list_title, @list_index, @cells,
       'waiting', @same_as)`,
  ).run({ ...row, batch, same_as: earlier?.n ?? null });
  if (!earlier) return null;
  const { n: _, state, may_pass, ...result } = earlier;
  return { result: state === "done" ? { ...result, may_pass: may_pass === 1 } : null };
}

function firstWithKey(database: Database.Database, batch: string, key: string) {
  return database
    .prepare<
      [string, string],
      Omit<RowResult, "may_pass"> & { n: number; state: string; may_pass: number | null }
    >(
      `SELECT n, state, status, capture, code, reason, hint, may_pass, ms FROM batch_row
       WHERE batch = ? AND url_key = ? AND same_as IS NULL ORDER BY n LIMIT 1`,
    )
    .get(batch, key);
}

export function lastRowNumber(database: Database.Database, batch: string): number {
  return (
    numberIn(prepared(database, "SELECT max(n) AS n FROM batch_row WHERE batch = ?").get(batch), "n") ?? 0
  );
}

/** The newest batch of this list, and of this sheet of it, or of any list; undefined if there is none. */
export function newestBatch(
  database: Database.Database,
  wanted: {
    readonly listSha256: string | null;
    readonly sheet: string | null;
    readonly unfinished: boolean;
  },
): BatchRecord | undefined {
  return database
    .prepare<[Record<string, string | number | null>], BatchRecord>(
      `SELECT id, list_sha256, name, list, request, started_at, ended_at FROM batch
       WHERE (@list IS NULL OR list_sha256 = @list)
         AND (@sheet IS NULL OR json_extract(list, '$.sheet') = @sheet) AND (@unfinished = 0 OR ended_at IS NULL)
       ORDER BY started_at DESC, rowid DESC LIMIT 1`,
    )
    .get({ list: wanted.listSha256, sheet: wanted.sheet, unfinished: wanted.unfinished ? 1 : 0 });
}

/**
 * Makes every row that is not done ready again, and with `failed` also those that failed for a reason that may pass.
 * Returns how many of the latter there are.
 */
export function reopenBatch(database: Database.Database, batch: string, failed: boolean): number {
  if (!failed) return 0;
  const { changes } = database
    .prepare(
      `UPDATE batch_row SET state = 'waiting', status = NULL, attempt = NULL
       WHERE batch = ? AND state = 'done' AND may_pass = 1 AND status IN ('failed', 'incomplete')`,
    )
    .run(batch);
  if (changes > 0) database.prepare("UPDATE batch SET ended_at = NULL WHERE id = ?").run(batch);
  return changes;
}

/** A capture that rows of a batch point to and that is not the best that its platform has. */
export interface ReducedCapture {
  readonly id: string;
  /** As `readRendition` reads it. */
  readonly rendition: string;
  /** How many complete captures of its address there are. */
  readonly captures: number;
}

/** The captures of finished rows that are not the best that their platforms have. */
export function reducedCaptures(database: Database.Database, batch: string): readonly ReducedCapture[] {
  return database
    .prepare<[string], ReducedCapture>(
      `SELECT id, rendition,
         (SELECT count(*) FROM capture o WHERE o.url_key = c.url_key AND o.status = 'captured') AS captures
       FROM capture c WHERE rendition LIKE 'reduced%' AND status = 'captured' AND id IN
         (SELECT capture FROM batch_row WHERE batch = ? AND state = 'done' AND status IN ('captured', 'already-captured'))
       ORDER BY entry`,
    )
    .all(batch);
}

/** Makes the rows that point to these captures ready again; each keeps the capture that it has until there is another. */
export function reopenRows(database: Database.Database, batch: string, captures: readonly string[]): void {
  if (captures.length === 0) return;
  database
    .prepare(
      `UPDATE batch_row SET state = 'waiting', status = NULL, attempt = NULL
       WHERE batch = ? AND state = 'done' AND capture IN (SELECT value FROM json_each(?))`,
    )
    .run(batch, JSON.stringify(captures));
  database.prepare("UPDATE batch SET ended_at = NULL WHERE id = ?").run(batch);
}

/** Rows that are not done, in order, without those that point to another row. */
export function openRows(
  database: Database.Database,
  batch: string,
): IterableIterator<{ readonly n: number; readonly url: string }> {
  return database
    .prepare<[string], { n: number; url: string }>(
      `SELECT n, url FROM batch_row WHERE batch = ? AND state <> 'done' AND same_as IS NULL ORDER BY n`,
    )
    .iterate(batch);
}

/** The addresses of the rows that are not done. */
export function* openAddresses(database: Database.Database, batch: string): IterableIterator<string> {
  const rows = database
    .prepare<[string], { url: string }>("SELECT url FROM batch_row WHERE batch = ? AND state <> 'done'")
    .iterate(batch);
  for (const { url } of rows) yield url;
}

export function rowByNumber(database: Database.Database, batch: string, n: number): OpenRow | undefined {
  return database
    .prepare<[string, number], OpenRow>(
      `SELECT ${rowColumns}, attempt, capture FROM batch_row WHERE batch = ? AND n = ?`,
    )
    .get(batch, n);
}

/** Notes that a row is about to begin, with the id its capture will have. */
export function markBegun(database: Database.Database, batch: string, n: number, capture: string): void {
  prepared(database, "UPDATE batch_row SET state = 'begun', attempt = ? WHERE batch = ? AND n = ?").run(
    capture,
    batch,
    n,
  );
}

/** Puts back a row that was stopped before it had a result. */
export function markWaiting(database: Database.Database, batch: string, n: number): void {
  prepared(
    database,
    "UPDATE batch_row SET state = 'waiting', attempt = NULL WHERE batch = ? AND n = ? AND state = 'begun'",
  ).run(batch, n);
}

export function markDone(database: Database.Database, batch: string, n: number, result: RowResult): void {
  prepared(
    database,
    `UPDATE batch_row SET state = 'done', status = @status, capture = @capture, code = @code, reason = @reason,
       hint = @hint, may_pass = @may_pass, ms = @ms WHERE batch = @batch AND n = @n`,
  ).run({ ...result, may_pass: result.may_pass ? 1 : 0, batch, n });
}

/** The rows that point to row `n`. */
export function sameRows(database: Database.Database, batch: string, n: number): readonly OpenRow[] {
  return database
    .prepare<[string, number], OpenRow>(
      `SELECT ${rowColumns}, attempt, capture FROM batch_row
       WHERE batch = ? AND same_as = ? AND state <> 'done' ORDER BY n`,
    )
    .all(batch, n);
}

/** How many rows have each status; `waiting` are those without one. */
export type RowCounts = Readonly<Record<RowStatus | "waiting", number>>;

export function countRows(database: Database.Database, batch: string): RowCounts {
  const rows = database
    .prepare<[string], { status: RowStatus | "waiting"; n: number }>(
      `SELECT CASE state WHEN 'done' THEN status ELSE 'waiting' END AS status, count(*) AS n
       FROM batch_row WHERE batch = ? GROUP BY 1`,
    )
    .all(batch);
  const counts: Record<RowStatus | "waiting", number> = {
    captured: 0,
    "already-captured": 0,
    incomplete: 0,
    failed: 0,
    refused: 0,
    skipped: 0,
    expanded: 0,
    waiting: 0,
  };
  for (const { status, n } of rows) counts[status] = n;
  return counts;
}

export function endBatch(database: Database.Database, batch: string, at: string): void {
  database.prepare("UPDATE batch SET ended_at = ? WHERE id = ? AND ended_at IS NULL").run(at, batch);
}

/** A row with its result and what the index knows of its capture. */
export interface ReportedRow {
  readonly n: number;
  readonly row: number | null;
  readonly parent: number | null;
  readonly url: string;
  readonly cells: string;
  readonly status: RowStatus | null;
  readonly capture: string | null;
  readonly reason: string | null;
  readonly ms: number | null;
  readonly sha256: string | null;
  readonly title: string | null;
  readonly claimed_date: string | null;
  /** As `readRendition` reads it. */
  readonly rendition: string | null;
  /** As `readSoundness` reads it. */
  readonly decode: string | null;
}

/** How many rows have a capture that was found damaged, short or unreadable. */
export function countUnsound(database: Database.Database, batch: string): number {
  return countHeld(database, batch, "c.decode IN ('short', 'damaged', 'unreadable')");
}

/** How many rows have a capture that is not the best that its platform has. */
export function countReduced(database: Database.Database, batch: string): number {
  return countHeld(database, batch, "c.rendition LIKE 'reduced%'");
}

/** How many rows point to a stored capture of which `condition` holds. */
function countHeld(database: Database.Database, batch: string, condition: string): number {
  const query = `SELECT count(*) FROM batch_row r JOIN capture c ON c.id = r.capture
     WHERE r.batch = ? AND ${condition} AND r.status IN ('captured', 'already-captured', 'incomplete')`;
  return database.prepare<[string], number>(query).pluck().get(batch) ?? 0;
}

/** Every row in the order of the list; the videos of a list follow the row that named it. */
export function reportRows(database: Database.Database, batch: string): IterableIterator<ReportedRow> {
  return database
    .prepare<[string], ReportedRow>(
      `SELECT r.n, r.row, r.parent, r.url, r.cells, r.status, r.capture, r.reason, r.ms,
         c.sha256, c.title, c.claimed_date, c.rendition, c.decode
       FROM batch_row r LEFT JOIN capture c ON c.id = r.capture
       WHERE r.batch = ? ORDER BY coalesce(r.parent, r.n), r.parent IS NOT NULL, r.n`,
    )
    .iterate(batch);
}

function numberIn(row: unknown, column: string): number | null {
  if (typeof row !== "object" || row === null) return null;
  const value: unknown = Object.entries(row).find(([name]) => name === column)?.[1];
  return typeof value === "number" ? value : null;
}
