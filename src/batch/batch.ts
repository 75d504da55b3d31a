import { type CaptureRequest, readCookies } from "../capture/archive.js";
import { storageFailure } from "../capture/failed-capture.js";
import { closeWorkshop, openWorkshop, type Workshop } from "../capture/workshop.js";
import { type HeadReport, sealHead } from "../seal/checkpoint.js";
import {
  type BatchRow,
  countRows,
  endBatch,
  type RowCounts,
  type RowResult,
} from "../vault/index/batches.js";
import type { World } from "../world.js";
import { type ListBytes, loadBatch, type StoredBatch } from "./list.js";
import { openRoomWatch, openRowQueue, type RoomRules } from "./queue.js";
import { writeResults } from "./results.js";
import { type RowEvents, workRow } from "./row.js";
import { type BatchPace, BatchTurns, type RowHooks } from "./turns.js";

export interface BatchRequest extends CaptureRequest {
  readonly vault: string;
  /** Null to go on with the newest batch that is not finished. */
  readonly list: ListBytes | null;
  readonly resume: boolean;
  /** Path of a Netscape cookie file. */
  readonly cookies: string | null;
  readonly allowOldYtDlp: boolean;
  readonly pace: BatchPace;
  readonly room: RoomRules;
  /** How long what was captured may stay without a signature and outside time, in milliseconds. */
  readonly sealEveryMs: number;
  /** The folder for results.csv and failed.csv, by the id of the batch. */
  readonly resultsFolder: (batch: string) => string;
}

export interface BatchEvents extends RowEvents {
  /** Called when the rows are in the vault and before the first one begins. */
  readonly onBegin: (batch: StoredBatch, counts: RowCounts) => void;
  /** Called each time the head of the log was sealed: now and then, and at the end. */
  readonly onHead: (head: HeadReport) => void;
}

export type { BatchRow, RowCounts, RowResult };

/** Why a batch ended before its list did. */
export type BatchStop = "interrupted" | "disk" | "max-disk" | "silence";

export interface BatchReport {
  readonly id: string;
  readonly counts: RowCounts;
  /** Null when every row is done. */
  readonly stopped: BatchStop | null;
  readonly results: string;
  readonly failed: string | null;
}

/** Rows that may wait for their host or their next attempt at the same time; each keeps what it has on the disk. */
const maxParked = 64;

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
  const workshop = await openWorkshop({ vault: request.vault, fetching }, world);
  try {
    // 1. the list and its rows into the vault, or what is left of them out of it
    const batch = loadBatch(workshop.vault, request, world);
    events.onBegin(batch, countRows(workshop.vault.database, batch.record.id));

    // 2. every row that is not done, several at a time
    const stopped = await workRows(request, batch, { workshop, world, cookies, events });

    // 3. what became of every row, as tables
    const { database } = workshop.vault;
    const { id } = batch.record;
    if (stopped === null) endBatch(database, id, world.now().toISOString());
    const written = writeResults(database, batch, request.resultsFolder(id));
    return { id, counts: countRows(database, id), stopped, ...written };
  } finally {
    events.onHead(await closeWorkshop(workshop, world));
  }
}

interface Tools {
  readonly workshop: Workshop;
  readonly world: World;
  readonly cookies: string | null;
  readonly events: BatchEvents;
}

/** Works the rows that are not done, each as soon as its host, a download and a processor are free for it. */
async function workRows(
  request: BatchRequest,
  batch: StoredBatch,
  { workshop, world, cookies, events }: Tools,
): Promise<BatchStop | null> {
  const turns = new BatchTurns(request.pace, world);
  const queue = openRowQueue(workshop.vault.database, batch.record.id);
  const parking = new AbortController();
  const room = openRoomWatch(workshop.vault.layout.root, request.room, () => parking.abort());
  const signal = AbortSignal.any([world.signal, parking.signal]);
  const bell = new Bell();
  const running = new Set<number>();
  const bugs: unknown[] = [];
  let sealedMs = world.monotonic();

  const start = async (n: number): Promise<void> => {
    running.add(n);
    const job = { request: batch.request, cookies, workshop, world: { ...world, signal } };
    try {
      const turnsOf = (onWait: RowHooks["onWait"]) => turns.of({ onTurn: () => queue.release(n), onWait });
      const { bytes, entries, diskFull } = await workRow(job, turnsOf, batch, n, events);
      room.add(bytes, diskFull);
      for (const entry of entries) queue.add(entry);
    } catch (error) {
      // A row that could not even be noted is found by its attempt when the batch goes on.
      if (storageFailure(error) !== null) room.add(0, true);
      else bugs.push(error);
      parking.abort();
    }
    queue.release(n);
    running.delete(n);
    bell.ring();
  };
  const stopNow = (): BatchStop | null =>
    world.signal.aborted || bugs.length > 0
      ? "interrupted"
      : (room.stop ?? (turns.isSilent ? "silence" : null));
  const mayStart = (): boolean =>
    running.size - turns.parked < request.pace.jobs + request.pace.derivations && turns.parked < maxParked;

  turns.onChange = () => bell.ring();
  try {
    for (;;) {
      const stop = stopNow();
      // Rows that only wait are not waited for.
      if (stop !== null && running.size === turns.parked) parking.abort();
      else if (world.monotonic() - sealedMs >= request.sealEveryMs) {
        events.onHead(await sealHead(workshop.vault, world, workshop.seal));
        sealedMs = world.monotonic();
      }
      const n = stop === null && mayStart() ? queue.take((host) => turns.msUntil(host)) : null;
      if (n !== null) void start(n);
      else if (running.size === 0 && (stop !== null || queue.isEmpty)) {
        if (bugs.length > 0 && !world.signal.aborted) throw bugs[0];
        return stop;
      } else await bell.wait(lookMs);
    }
  } finally {
    room.close();
  }
}

/** How often the hosts' clocks are looked at while nothing else happens. */
const lookMs = 100;

/** Wakes the one who waits. */
class Bell {
  private wake: () => void = () => undefined;
  private rung = false;

  ring(): void {
    this.rung = true;
    this.wake();
  }

  async wait(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
  }
}
