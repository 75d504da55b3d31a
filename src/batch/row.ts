import { logAnnotation } from "../capture/annotate.js";
import { captureSource, type Job, type SourceOutcome } from "../capture/archive.js";
import { type CaptureResult, resultOf } from "../capture/capture-result.js";
import { deriveAndLog } from "../capture/derive.js";
import type { PagesWanted } from "../capture/page-around.js";
import { type CaptureSource, sourceOf } from "../capture/source.js";
import { fromRow, readAnnotation } from "../core/capture/annotation.js";
import { buildCaptureId } from "../core/capture/capture-id.js";
import type { Failure } from "../core/capture/failure-codes.js";
import { readRendition } from "../core/capture/rendition.js";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { inCell, otherCells, whyNoAddress } from "../core/lists/source-list.js";
import { counted } from "../core/words/counted.js";
import {
  addRow,
  atOnce,
  type BatchRow,
  lastRowNumber,
  markBegun,
  markDone,
  markWaiting,
  type OpenRow,
  type RowResult,
  rowByNumber,
  sameRows,
} from "../vault/index/batches.js";
import { captureById, isOneOfSeveral } from "../vault/index/captures.js";
import { inTurn } from "../vault/turn.js";
import type { Progress } from "../world.js";
import { entryRow, readCells, type StoredBatch } from "./list.js";
import { takeRowPages } from "./row-pages.js";
import type { RowScheduler } from "./row-scheduler.js";

export interface RowEvents {
  readonly onRowBegin: (row: BatchRow) => void;
  readonly onProgress: (row: BatchRow, progress: Progress) => void;
  /** Called for each finished row, including rows that point to another row's capture. */
  readonly onRow: (row: BatchRow, result: RowResult, capture: CaptureResult | null) => void;
  /** Called when a playlist named by a row has become this many new rows. */
  readonly onAdded: (count: number) => void;
  /** Called for a row that stopped before it had a result. `isInPart`: what came of it is kept as an incomplete capture. */
  readonly onParked: (row: BatchRow, isInPart: boolean) => void;
  /** Called with the problems in a row's other cells, which are stored as they are. */
  readonly onProblem: (row: BatchRow, problem: string) => void;
}

/** A row by its number, and its address as it stands in the list. */
export interface RowUrl {
  readonly n: number;
  readonly url: string;
}

/** What the rest of the batch needs to know about a finished row. */
export interface Worked {
  /** Bytes that the row's captures added to the vault. */
  readonly bytes: number;
  /** The number of rows that it added. */
  readonly entries: readonly RowUrl[];
  readonly diskFull: boolean;
}

/**
 * Works one row of a batch to its result. First notes in the row the id that its capture will have: after a kill, that id
 * shows whether the capture was stored. The pages around its clips come after the result. Throws only for a problem that affects every row.
 */
export async function workRow(
  tools: Omit<Job, "scheduler">,
  scheduler: RowScheduler,
  batch: StoredBatch,
  n: number,
  events: RowEvents,
  page: PagesWanted | null,
): Promise<Worked> {
  const { database } = tools.resources.vault;
  const row = rowByNumber(database, batch.record.id, n);
  if (!row) throw new Error(`row ${n} is not in batch ${batch.record.id}`);
  const startedMs = tools.world.monotonic();
  events.onRowBegin(row);
  const progress = (step: Progress) => events.onProgress(row, step);
  scheduler.onWait = (host) => {
    const detail = host === null ? "for its next attempt" : `for ${host}`;
    progress({ ...noFigures, subject: row.url, stage: "wait", detail });
  };
  const job: Job = { ...tools, world: { ...tools.world, progress }, scheduler };
  const outcome = await captureRow(job, batch, row);
  const result = rowResult(outcome, Math.round(job.world.monotonic() - startedMs));
  const diskFull = outcome.failure?.code === "disk-full";
  if (diskFull || isUnfinished(job, outcome)) {
    if (!hasStored(outcome)) markWaiting(database, batch.record.id, n);
    events.onParked(
      row,
      outcome.results.some(({ status }) => status === "incomplete"),
    );
    return { bytes: bytesOf(outcome), entries: [], diskFull };
  }
  const { vault } = tools.resources;
  const { added: entries, tell } = await inTurn(vault, () =>
    settle(job, batch, row, outcome, result, events),
  );
  tell();
  const pages = await takeRowPages(job, page, outcome.results);
  return { bytes: bytesOf(outcome) + pages.bytes, entries, diskFull: pages.diskFull };
}

const noFigures = { done: null, total: null, speed: null, etaSeconds: null };

/** Whether an interrupt came before the row was done. The row's id finds again what it has stored. */
function isUnfinished({ world }: Job, outcome: SourceOutcome): boolean {
  if (!world.signal.aborted) return false;
  const last = outcome.results.at(-1);
  return last === undefined || outcome.failure?.retry === true || last.derivation === "pending";
}

function hasStored({ results }: SourceOutcome): boolean {
  return results.some(({ status }) => status === "captured");
}

/** What a row's address gave, or why there was nothing to ask for or nobody to ask. */
type RowOutcome = SourceOutcome & { readonly skipped: string | null; readonly refused: Failure | null };

async function captureRow(job: Job, batch: StoredBatch, row: OpenRow): Promise<RowOutcome> {
  const refused = row.url === "" ? noAddress(batch, row) : addressProblem(row.url);
  if (refused !== null) return { ...empty, refused };
  const before = row.attempt === null ? null : await storedBefore(job, row, row.attempt);
  if (before) return before;
  const { world, resources } = job;
  const capture = buildCaptureId(world.now(), world.random(5));
  markBegun(resources.vault.database, batch.record.id, row.n, capture);
  const reduced = reducedBefore(job, row);
  if (reduced === null) {
    return { ...(await captureSource(job, sourceOfRow(row), capture)), skipped: null, refused: null };
  }
  const again = { ...job, request: { ...job.request, again: true } };
  const outcome = await captureSource(again, sourceOfRow(row), capture);
  const why = outcome.results.find(({ status }) => status === "failed")?.reason;
  if (why === undefined || world.signal.aborted) return { ...outcome, skipped: null, refused: null };
  const kept = resultOf(resources.vault, reduced, row.url, "already-captured");
  return { ...empty, results: [{ ...kept, reason: `fetching it again failed: ${why}` }] };
}

/** The reduced capture of a row that was finished and made ready again: only another capture can bring more. */
function reducedBefore({ resources }: Job, row: OpenRow): string | null {
  const before = row.capture === null ? undefined : captureById(resources.vault.database, row.capture);
  if (before?.status !== "captured") return null;
  return readRendition(before.rendition)?.grade === "reduced" ? before.id : null;
}

/** Reuses a capture that the row stored before an interruption, after finishing its derivation. */
async function storedBefore(job: Job, row: OpenRow, attempt: string): Promise<RowOutcome | null> {
  const { resources, world, scheduler, request } = job;
  const { database } = resources.vault;
  const stored = captureById(database, attempt);
  if (stored?.status !== "captured") return null;
  // The page's other videos are not listed yet, so the row runs again and finds this capture as an earlier one.
  if (row.parent === null && isOneOfSeveral(database, attempt)) return null;
  if (stored.derivation === "pending")
    await scheduler.derive(() => deriveAndLog(resources, world, attempt, request.deep));
  return { ...empty, results: [resultOf(resources.vault, attempt, row.url)] };
}

const empty: RowOutcome = {
  results: [],
  entries: [],
  older: 0,
  leftOut: null,
  unasked: false,
  failure: null,
  skipped: null,
  refused: null,
};

/** What was seen in the list and cannot be taken: a row with other cells and no address in the column of addresses. */
function noAddress(batch: StoredBatch, row: BatchRow): Failure {
  const reason = whyNoAddress(batch.list, row.row ?? 0, readCells(row));
  return {
    code: "not-a-url",
    reason,
    hint: "fill in the address, or take the row out of the list",
    retry: false,
  };
}

/** Why this is no address; null if it is one. Such text may be a local path, so it is no capture and in no log. */
function addressProblem(text: string): Failure | null {
  const judged = parseSourceUrl(text, { allowPrivate: true });
  return "failure" in judged ? judged.failure : null;
}

function sourceOfRow(row: BatchRow): CaptureSource {
  const { list_url: url, list_title: title, list_index: index } = row;
  const parent = url === null || index === null ? null : { url, title, index };
  return sourceOf(row.url, row.item, parent);
}

/** Sums up everything that a row's address led to in one result. */
function rowResult(outcome: RowOutcome, ms: number): RowResult {
  const none = { capture: null, code: null, reason: null, hint: null, may_pass: false, ms };
  const { results, entries, older, failure } = outcome;
  if (outcome.skipped !== null) return { ...none, status: "skipped", reason: outcome.skipped };
  if (outcome.refused !== null) {
    const { code, reason, hint } = outcome.refused;
    return { ...none, status: "refused", code, reason, hint };
  }
  const bad = results.find(({ status }) => status === "failed");
  const kept = results.find(({ status }) => status !== "failed");
  const main = bad ?? kept;
  if (!main) {
    const reason = [
      `a list of ${counted(entries.length, "video")}, each in its own row`,
      ...(outcome.leftOut === null ? [] : [outcome.leftOut]),
    ].join("; ");
    const left = older === 0 ? "" : `${counted(older, "video")} posted before the requested day`;
    if (entries.length === 0) return { ...none, status: "skipped", reason: left || "the list is empty" };
    return { ...none, status: "expanded", reason: left === "" ? reason : `${reason}; ${left} left out` };
  }
  return {
    status: main.status,
    capture: kept?.id ?? main.id,
    code: failure?.code ?? null,
    // What of the post is no video stands in no other column.
    reason: main.reason ?? main.left_out,
    hint: main.hint,
    may_pass: failure?.retry ?? main.status === "incomplete",
    ms,
  };
}

/** Writes a row's result, its annotation, the rows it added and the rows with the same address in one transaction. */
function settle(
  job: Job,
  batch: StoredBatch,
  row: OpenRow,
  outcome: SourceOutcome,
  result: RowResult,
  events: RowEvents,
): { readonly added: readonly RowUrl[]; readonly tell: () => void } {
  const { database } = job.resources.vault;
  const done: (() => void)[] = [];
  const added: RowUrl[] = [];
  atOnce(job.resources.vault, () => {
    const { id } = batch.record;
    for (const source of outcome.entries) {
      const entry = entryRow(batch, row, source, lastRowNumber(database, id) + 1);
      const first = addRow(database, id, entry);
      if (first === null) added.push(entry);
      else if (first.result) done.push(...settleOne(job, batch, entry, pointsTo(first.result), events, null));
    }
    const main = outcome.results.find(({ id: capture }) => capture === result.capture) ?? null;
    done.push(...settleOne(job, batch, row, result, events, main));
    for (const same of sameRows(database, id, row.n))
      done.push(...settleOne(job, batch, same, pointsTo(result), events, null));
  });
  const tell = () => {
    if (outcome.entries.length > 0) events.onAdded(outcome.entries.length);
    for (const one of done) one();
  };
  return { added, tell };
}

/** Writes one row's result and the assertions in its other cells. Call the returned function after the transaction. */
function settleOne(
  job: Job,
  batch: StoredBatch,
  row: BatchRow,
  result: RowResult,
  events: RowEvents,
  main: CaptureResult | null,
): (() => void)[] {
  const { vault } = job.resources;
  markDone(vault.database, batch.record.id, row.n, result);
  const problems = annotate(job, batch, row, result);
  const capture =
    main ?? (result.capture === null ? null : resultOf(vault, result.capture, row.url, shownStatus(result)));
  return [
    ...problems.map((problem) => () => events.onProblem(row, problem)),
    () => events.onRow(row, result, capture),
  ];
}

function shownStatus({ status }: RowResult): CaptureResult["status"] {
  return status === "refused" || status === "skipped" || status === "expanded" ? "failed" : status;
}

/** The result of a later row with the same address as `result`'s row. */
function pointsTo(result: RowResult): RowResult {
  return { ...result, status: result.status === "captured" ? "already-captured" : result.status, ms: 0 };
}

/** Logs what the row's other cells assert about the capture. */
function annotate(job: Job, batch: StoredBatch, row: BatchRow, result: RowResult): readonly string[] {
  if (result.capture === null || result.status === "failed") return [];
  const pairs = otherCells(batch.list, { cells: readCells(row) });
  if (pairs.length === 0) return [];
  const { values, problems, unchecked } = readAnnotation(pairs, batch.list.dateOrder);
  const from = fromRow(batch.record.list_sha256, row.row ?? 0);
  // A value that is not in its required form is still kept, under a name that says so.
  logAnnotation(job.resources.vault, result.capture, { ...values, ...unchecked }, from);
  return problems.map((problem) => inCell(batch.list, row.row ?? 0, problem));
}

function bytesOf({ results }: SourceOutcome): number {
  return results
    .filter(({ status }) => status === "captured" || status === "incomplete")
    .flatMap(({ files }) => files)
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
