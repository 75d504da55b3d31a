import { statfsSync } from "node:fs";
import { storageFailure } from "../capture/failed-capture.js";
import type { PagesWanted } from "../capture/page-around.js";
import type { Resources } from "../capture/resources.js";
import { webUrl } from "../core/capture/source-url.js";
import {
  type BatchStop,
  type Decision,
  openSchedule,
  type ScheduleEvent,
  type ScheduleRules,
  step,
} from "../core/lists/schedule.js";
import type { WaitingRow } from "../core/lists/waiting-rows.js";
import { type HeadReport, sealHead } from "../seal/checkpoint.js";
import { openRows } from "../vault/index/batches.js";
import type { World } from "../world.js";
import type { StoredBatch } from "./list.js";
import { type RowEvents, type RowUrl, workRow } from "./row.js";
import { RowScheduler } from "./row-scheduler.js";

export interface LoopEvents extends RowEvents {
  /** Called each time the head of the log was sealed. */
  readonly onHead: (head: HeadReport) => void;
}

/** What the work on the rows needs. */
export interface LoopTools {
  readonly resources: Resources;
  readonly world: World;
  readonly cookies: string | null;
  readonly events: LoopEvents;
  /** Takes the page around each clip that a row captured; null to take none. */
  readonly page: PagesWanted | null;
}

/**
 * Works the unfinished rows of a batch, each as soon as its host, a download and a processor are free. Resolves to the
 * reason why rows were left, or null if none were. Throws an unforeseen error only after every running row has ended.
 */
export function workRows(
  rules: ScheduleRules,
  batch: StoredBatch,
  tools: LoopTools,
): Promise<BatchStop | null> {
  return new RowLoop(batch, tools).run(rules);
}

/** Reports events to the schedule and carries out its decisions. The schedule alone decides what happens when. */
class RowLoop {
  private readonly batch: StoredBatch;
  private readonly tools: LoopTools;
  private readonly inbox: Inbox;
  private readonly running = new Map<number, RowScheduler>();
  private readonly halting = new AbortController();
  private readonly signal: AbortSignal;
  private readonly bugs: unknown[] = [];

  constructor(batch: StoredBatch, tools: LoopTools) {
    this.batch = batch;
    this.tools = tools;
    this.inbox = new Inbox(tools.world);
    this.signal = AbortSignal.any([tools.world.signal, this.halting.signal]);
  }

  async run(rules: ScheduleRules): Promise<BatchStop | null> {
    const { world, resources } = this.tools;
    const rows = [...openRows(resources.vault.database, this.batch.record.id)].map(waitingRow);
    let schedule = openSchedule(rules, rows, world.monotonic());
    let wakeAt = Number.NEGATIVE_INFINITY;
    const interrupt = () => this.inbox.post({ kind: "interrupted" });
    world.signal.addEventListener("abort", interrupt);
    if (world.signal.aborted) interrupt();
    try {
      for (;;) {
        const event = await this.inbox.next(wakeAt);
        const made = step(schedule, event, world.monotonic());
        ({ schedule, wakeAt } = made);
        for (const decision of made.decisions) {
          if (decision.kind === "finish") return this.ending(decision.stop);
          this.carryOut(decision);
        }
      }
    } finally {
      world.signal.removeEventListener("abort", interrupt);
    }
  }

  private carryOut(decision: Exclude<Decision, { readonly kind: "finish" }>): void {
    switch (decision.kind) {
      case "begin":
        void this.begin(decision.row);
        break;
      case "wait":
        this.running.get(decision.row)?.onWait(decision.host);
        break;
      case "halt":
        this.halting.abort();
        break;
      case "measure":
        this.inbox.post({ kind: "measured", ...diskOf(this.tools.resources.vault.layout.root) });
        break;
      case "seal":
        void this.seal();
        break;
      default:
        this.running.get(decision.row)?.decide(decision);
    }
  }

  private async begin(row: number): Promise<void> {
    const { batch, inbox, tools, signal } = this;
    const { resources, cookies, events, page } = tools;
    const job = { request: batch.request, cookies, resources, world: { ...tools.world, signal } };
    const scheduler = new RowScheduler(row, (event) => inbox.post(event), job.world);
    const ended = { kind: "ended", row, bytes: 0, added: [], disk: "enough" } as const;
    this.running.set(row, scheduler);
    try {
      const { bytes, entries, diskFull } = await workRow(job, scheduler, batch, row, events, page);
      inbox.post({ ...ended, bytes, added: entries.map(waitingRow), disk: diskFull ? "full" : "enough" });
    } catch (error) {
      // If even the result could not be written, the row's attempt id finds its capture when the batch continues.
      if (storageFailure(error) !== null) inbox.post({ ...ended, disk: "crowded" });
      else {
        inbox.post(ended);
        this.stopFor(error);
      }
    }
    this.running.delete(row);
  }

  private async seal(): Promise<void> {
    const { resources, world, events } = this.tools;
    try {
      events.onHead(await sealHead(resources.vault, world, resources.seal));
    } catch (error) {
      this.stopFor(error);
    }
    this.inbox.post({ kind: "sealed" });
  }

  /** An unforeseen error ends the batch as an interrupt does. */
  private stopFor(bug: unknown): void {
    this.bugs.push(bug);
    this.inbox.post({ kind: "interrupted" });
  }

  private ending(stop: BatchStop | null): BatchStop | null {
    if (this.bugs.length > 0 && !this.tools.world.signal.aborted) throw this.bugs[0];
    return stop;
  }
}

function waitingRow({ n, url }: RowUrl): WaitingRow {
  return { row: n, host: webUrl(url)?.hostname ?? null };
}

function diskOf(root: string): { readonly free: number; readonly total: number } {
  const { bavail, blocks, bsize } = statfsSync(root);
  return { free: bavail * bsize, total: blocks * bsize };
}

/** The longest delay of a Node.js timer. */
const longestTimerMs = 2 ** 31 - 1;

/** Events in order of arrival. */
class Inbox {
  private readonly events: ScheduleEvent[] = [];
  private readonly clock: Pick<World, "monotonic">;
  private wake: () => void = () => undefined;

  constructor(clock: Pick<World, "monotonic">) {
    this.clock = clock;
  }

  post(event: ScheduleEvent): void {
    this.events.push(event);
    this.wake();
  }

  /** Resolves to the next event, or to a `time` event if `wakeAt` comes first. */
  async next(wakeAt: number): Promise<ScheduleEvent> {
    if (this.events.length === 0) {
      await new Promise<void>((resolve) => {
        const ms = Math.ceil(wakeAt - this.clock.monotonic());
        const timer = setTimeout(resolve, Math.min(Math.max(ms, 0), longestTimerMs));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.events.shift() ?? { kind: "time" };
  }
}
