import { type CaptureRequest, readCookies } from "../capture/archive.js";
import { closeResources, openResources } from "../capture/resources.js";
import type { BatchStop, ScheduleRules } from "../core/lists/schedule.js";
import {
  type BatchRow,
  countRows,
  endBatch,
  type RowCounts,
  type RowResult,
} from "../vault/index/batches.js";
import type { World } from "../world.js";
import { type ListBytes, loadBatch, type StoredBatch } from "./list.js";
import { type LoopEvents, workRows } from "./loop.js";
import { writeResults } from "./results.js";

export interface BatchRequest extends CaptureRequest {
  readonly vault: string;
  /** Null to go on with the newest batch that is not finished. */
  readonly list: ListBytes | null;
  readonly resume: boolean;
  /** Path of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
  readonly rules: ScheduleRules;
  /** The folder for results.csv and failed.csv, by the id of the batch. */
  readonly resultsFolder: (batch: string) => string;
}

export interface BatchEvents extends LoopEvents {
  /** Called when the rows are in the vault and before the first one begins. */
  readonly onBegin: (batch: StoredBatch, counts: RowCounts) => void;
}

export type { BatchRow, BatchStop, RowCounts, RowResult };

export interface BatchReport {
  readonly id: string;
  readonly counts: RowCounts;
  /** Null when every row is done. */
  readonly stopped: BatchStop | null;
  readonly results: string;
  readonly failed: string | null;
}

/**
 * Captures every row of a list. List and rows are in the vault before the first one begins, so that the same command
 * goes on after whatever ended this process; each row ends with one result. Throws what concerns all rows: no vault, a
 * missing program, a list that cannot be read.
 */
export async function runBatch(
  request: BatchRequest,
  world: World,
  events: BatchEvents,
): Promise<BatchReport> {
  const { allowPrivate, allowOldYtDlp, proxy } = request;
  const cookies = request.cookies === null ? null : readCookies(request.cookies);
  const fetching = { allowPrivate, allowOldYtDlp, proxy, kept: true };
  const resources = await openResources({ vault: request.vault, fetching }, world);
  try {
    // 1. the list and its rows into the vault, or what is left of them out of it
    const batch = loadBatch(resources.vault, request, world);
    events.onBegin(batch, countRows(resources.vault.database, batch.record.id));

    // 2. every row that is not done, several at a time
    const stopped = await workRows(request.rules, batch, { resources, world, cookies, events });

    // 3. what became of every row, as tables
    const { database } = resources.vault;
    const { id } = batch.record;
    if (stopped === null) endBatch(database, id, world.now().toISOString());
    const written = writeResults(database, batch, request.resultsFolder(id));
    return { id, counts: countRows(database, id), stopped, ...written };
  } finally {
    events.onHead(await closeResources(resources, world));
  }
}
