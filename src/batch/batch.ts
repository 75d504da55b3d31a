import type { CaptureRequest } from "../capture/archive.js";
import { cookieNotesOfList, readCookieFile } from "../capture/cookie-file.js";
import { meansOf } from "../capture/fetch-means.js";
import type { PagesWanted } from "../capture/page-around.js";
import { closeResources, openResources } from "../capture/resources.js";
import type { BatchStop, ScheduleRules } from "../core/lists/schedule.js";
import {
  type BatchRow,
  countReduced,
  countRows,
  countUnsound,
  endBatch,
  openAddresses,
  type RowCounts,
  type RowResult,
} from "../vault/index/batches.js";
import { inTurn } from "../vault/turn.js";
import type { World } from "../world.js";
import { type ListBytes, loadBatch, type StoredBatch } from "./list.js";
import { type LoopEvents, workRows } from "./loop.js";
import { keepList, writeResults } from "./results.js";

export interface BatchRequest extends CaptureRequest {
  readonly vault: string;
  /** Null to continue the newest unfinished batch. */
  readonly list: ListBytes | null;
  readonly resume: boolean;
  /** Path of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
  readonly rules: ScheduleRules;
  /** Takes the page around each clip that a row captured, once the row has its result; null to take none. */
  readonly page: PagesWanted | null;
  /** The folder for results.csv and failed.csv, given the batch id. */
  readonly resultsFolder: (batch: string) => string;
}

export interface BatchEvents extends LoopEvents {
  /** Called when the rows are in the vault, before the first one begins. */
  readonly onBegin: (batch: StoredBatch, counts: RowCounts) => void;
}

export type { BatchRow, BatchStop, RowCounts, RowResult };

export interface BatchReport {
  readonly id: string;
  readonly counts: RowCounts;
  /** How many rows have a capture that is not the best that its platform has. */
  readonly reduced: number;
  /** How many rows have a capture that was found damaged, short or unreadable. */
  readonly unsound: number;
  /** Null if every row is done. */
  readonly stopped: BatchStop | null;
  readonly results: string;
  readonly failed: string | null;
}

/**
 * Captures every row of a list. Stores the list and its rows in the vault before the first row begins, so that the same
 * command continues after any interruption. Each row ends with one result. Throws only for a problem that affects every
 * row: no vault, a missing program, an unreadable list.
 */
export async function runBatch(
  request: BatchRequest,
  world: World,
  events: BatchEvents,
): Promise<BatchReport> {
  const { allowPrivate, allowOldYtDlp, proxy } = request;
  const cookies = request.cookies === null ? null : await readCookieFile(request.cookies, world.signal);
  const fetching = { allowPrivate, allowOldYtDlp, proxy, kept: true };
  const capturing = request.list !== null;
  const resources = await openResources(
    { vault: request.vault, command: "batch", capturing, fetching },
    world,
  );
  try {
    // 1. store the list and its rows in the vault, or load the rows that are left
    const means = meansOf(resources, cookies, world);
    const batch = await inTurn(resources.vault, () => loadBatch(resources.vault, request, means, world));
    const { database } = resources.vault;
    const { id } = batch.record;
    const doubts =
      cookies === null ? [] : cookieNotesOfList(cookies, openAddresses(database, id), world.now());
    events.onBegin({ ...batch, notes: [...batch.notes, ...doubts] }, countRows(database, id));

    if (request.list?.isFetched === true) keepList(request.list, request.resultsFolder(id));

    // 2. work every row that is not done, several at a time
    const stopped = await workRows(request.rules, batch, {
      resources,
      world,
      cookies,
      events,
      page: request.page,
    });

    // 3. write the result of every row as tables
    if (stopped === null) endBatch(database, id, world.now().toISOString());
    const written = writeResults(database, batch, request.resultsFolder(id));
    const counts = countRows(database, id);
    const [reduced, unsound] = [countReduced(database, id), countUnsound(database, id)];
    return { id, counts, reduced, unsound, stopped, ...written };
  } finally {
    events.onHead(await closeResources(resources, world));
  }
}
