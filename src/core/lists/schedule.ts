import { afterMeasuring, afterStoring, type DiskRoom, type RoomRules, unmeasuredRoom } from "./disk-room.js";
import {
  afterAttempt,
  afterStart,
  backOffMs,
  type HostPace,
  type HostSaid,
  msUntilTurn,
  type PaceRules,
  unknownHost,
} from "./host-pace.js";
import {
  afterHearing,
  type HostAnswer,
  isNetworkGone,
  type NetworkMemory,
  silentAt,
  unheardNetwork,
} from "./network-memory.js";
import { type WaitingRow, type WaitingRows, withoutFirst, withWaiting } from "./waiting-rows.js";

/** How the rows of a list share the network, the processors and the disk. */
export interface ScheduleRules extends PaceRules, RoomRules {
  /** Downloads at the same time, over all hosts together. */
  readonly jobs: number;
  /** Stored clips that are worked on at the same time. */
  readonly derivations: number;
  /** Attempts for one row. */
  readonly attempts: number;
  /** How long captures may stay without a signature and outside time, in milliseconds. */
  readonly sealEveryMs: number;
}

/** Why a batch ended before its list did. */
export type BatchStop = "interrupted" | "disk" | "max-disk" | "silence";

/**
 * Everything known about the rows of a batch. Rows are identified by their numbers; times are by a clock that only goes
 * up.
 */
export interface Schedule {
  readonly rules: ScheduleRules;
  readonly waiting: WaitingRows;
  /** Rows that have begun and not ended, in the order in which they came to what they are doing. */
  readonly running: ReadonlyMap<number, RunningRow>;
  readonly paces: ReadonlyMap<string, HostPace>;
  readonly network: NetworkMemory;
  readonly room: DiskRoom;
  /** When to seal the head of the log next; null while it is being sealed. */
  readonly sealAt: number | null;
  readonly interrupted: boolean;
  /** Why every row was told to end; null while rows may go on. */
  readonly halted: BatchStop | null;
}

interface RunningRow {
  /**
   * The host of the row's address, until the row has its first download. Until then no other row of that host begins.
   */
  readonly claims: string | null;
  /** The host that the row asked last. */
  readonly host: string | null;
  readonly doing: Doing;
}

/**
 * What a row does: it works, waits to ask a host, asks it, waits for its next attempt, or waits for or uses a
 * processor.
 */
type Doing =
  | { readonly kind: "work" | "fetch" | "stored" | "derive" }
  | { readonly kind: "ask"; readonly host: string; readonly chance: number }
  | { readonly kind: "rest"; readonly until: number };

/** What happens to the rows. `chance` is a random number from 0 to 1. */
export type ScheduleEvent =
  /** A row wants to ask a host. */
  | { readonly kind: "asked"; readonly row: number; readonly host: string; readonly chance: number }
  /** The host has answered; null if an error of ours came instead, which says nothing about the host. */
  | { readonly kind: "answered"; readonly row: number; readonly answer: HostAnswer | null }
  /** Attempt `number` (from 1) of a row failed for a reason that may pass. */
  | {
      readonly kind: "failed";
      readonly row: number;
      readonly number: number;
      readonly unreachable: boolean;
      readonly chance: number;
    }
  /** A row has a clip to work on (`stored`), or has finished that work (`derived`). */
  | { readonly kind: "stored" | "derived"; readonly row: number }
  /**
   * A row is over. `disk` says what found no room: nothing (`enough`), the clip (`full`), or even the row's result
   * (`crowded`).
   */
  | {
      readonly kind: "ended";
      readonly row: number;
      readonly bytes: number;
      readonly added: readonly WaitingRow[];
      readonly disk: "enough" | "full" | "crowded";
    }
  /** The free and total bytes of the vault's disk. */
  | { readonly kind: "measured"; readonly free: number; readonly total: number }
  | { readonly kind: "sealed" }
  | { readonly kind: "interrupted" }
  /** The time `wakeAt` has come. */
  | { readonly kind: "time" };

/** What the caller must do next. */
export type Decision =
  | RowDecision
  | { readonly kind: "begin"; readonly row: number }
  /** A row waits for `host`, or for its next attempt. */
  | { readonly kind: "wait"; readonly row: number; readonly host: string | null }
  /** Every row must end what it is doing. */
  | { readonly kind: "halt" }
  /** The disk must be measured. */
  | { readonly kind: "measure" }
  | { readonly kind: "seal" }
  /** No row runs and none will begin. `stop` is null if every row was worked through. */
  | { readonly kind: "finish"; readonly stop: BatchStop | null };

/** The answer to a waiting row. */
export type RowDecision =
  | { readonly kind: "fetch" | "refuse" | "derive"; readonly row: number }
  | { readonly kind: "retry"; readonly row: number; readonly again: boolean };

export interface Step {
  readonly schedule: Schedule;
  /** In the order in which the caller must carry them out. */
  readonly decisions: readonly Decision[];
  /** After `now`: when the schedule has something to decide even if nothing happens; Infinity for never. */
  readonly wakeAt: number;
}

/** Rows that may wait for their host or their next attempt at the same time; the files of each stay on the disk. */
const maxParked = 64;

/** The schedule of a batch in which nothing has begun. */
export function openSchedule(rules: ScheduleRules, rows: Iterable<WaitingRow>, now: number): Schedule {
  return {
    rules,
    waiting: withWaiting(new Map(), rows),
    running: new Map(),
    paces: new Map(),
    network: unheardNetwork,
    room: unmeasuredRoom(now),
    sealAt: now + rules.sealEveryMs,
    interrupted: false,
    halted: null,
  };
}

/**
 * Takes in what happened at `now` and decides what to do. Each row begins once. No host is asked by more downloads, or
 * sooner, than its pace allows. A row that waits for its host or for its next attempt holds neither a download nor a
 * processor. Once the batch must stop, no row begins, and rows that only wait are told to end.
 */
export function step(before: Schedule, event: ScheduleEvent, now: number): Step {
  const first = afterEvent(before, event, now);
  const last = rounds.reduce((made, decide) => decide(made, now), first);
  return { ...last, wakeAt: nextMoment(last.schedule, now) };
}

interface Made {
  readonly schedule: Schedule;
  readonly decisions: readonly Decision[];
}

function afterEvent(schedule: Schedule, event: ScheduleEvent, now: number): Made {
  const only = (next: Schedule): Made => ({ schedule: next, decisions: [] });
  switch (event.kind) {
    case "asked": {
      const { row, host, chance } = event;
      const next = withDoing(schedule, row, { kind: "ask", host, chance }, host);
      const waits = msUntil(schedule, host, now) > 0;
      return { schedule: next, decisions: waits ? [{ kind: "wait", row, host }] : [] };
    }
    case "answered":
      return only(afterAnswer(withDoing(schedule, event.row, { kind: "work" }), event, now));
    case "failed":
      return afterFailure(schedule, event, now);
    case "stored":
      return only(withDoing(schedule, event.row, { kind: "stored" }));
    case "derived":
      return only(withDoing(schedule, event.row, { kind: "work" }));
    case "ended":
      return only(afterEnd(schedule, event));
    case "measured":
      return only({ ...schedule, room: afterMeasuring(schedule.room, schedule.rules, event, now) });
    case "sealed":
      return only({ ...schedule, sealAt: now + schedule.rules.sealEveryMs });
    case "interrupted":
      return only({ ...schedule, interrupted: true });
    case "time":
      return only(schedule);
  }
}

type EventOf<Kind extends ScheduleEvent["kind"]> = Extract<ScheduleEvent, { readonly kind: Kind }>;

function afterAnswer(schedule: Schedule, { row, answer }: EventOf<"answered">, now: number): Schedule {
  const { host } = rowAtWork(schedule, row);
  if (host === null) return schedule;
  const said: HostSaid = answer?.said ?? { kind: "answered" };
  const pace = afterAttempt(paceOf(schedule, host), schedule.rules, now, said);
  const network = answer === null ? schedule.network : afterHearing(schedule.network, host, answer, now);
  return { ...withPace(schedule, host, pace), network };
}

function afterFailure(schedule: Schedule, event: EventOf<"failed">, now: number): Made {
  const { row, number, unreachable, chance } = event;
  const { rules } = schedule;
  const { host } = rowAtWork(schedule, row);
  // While the whole network is gone, an attempt says nothing about the row.
  const counts = !(unreachable && isNetworkGone(schedule.network));
  // The other rows of a dead site need not repeat the attempts of the first.
  const strikes = host === null ? 0 : paceOf(schedule, host).strikes;
  const tries = unreachable ? Math.max(number, strikes) : number;
  if (isSilent(schedule.network, now) || (counts && tries >= rules.attempts)) {
    return { schedule, decisions: [{ kind: "retry", row, again: false }] };
  }
  const until = now + backOffMs(rules, Math.min(number, 4)) * (0.8 + 0.4 * chance);
  return {
    schedule: withDoing(schedule, row, { kind: "rest", until }),
    decisions: [{ kind: "wait", row, host: null }],
  };
}

function afterEnd(schedule: Schedule, { row, bytes, added, disk }: EventOf<"ended">): Schedule {
  rowAtWork(schedule, row);
  const running = new Map(schedule.running);
  running.delete(row);
  return {
    ...schedule,
    running,
    waiting: added.length === 0 ? schedule.waiting : withWaiting(schedule.waiting, added),
    room: afterStoring(schedule.room, bytes, disk),
  };
}

/**
 * The decisions made after every event, in this order: the row that has waited longest is served before another row
 * begins.
 */
const rounds: readonly ((made: Made, now: number) => Made)[] = [
  halt,
  endWaits,
  grantProcessors,
  grantDownloads,
  measure,
  beginRows,
  finish,
  seal,
];

/**
 * Tells all rows to end as soon as those that still run only wait, or at once after an interruption or on a crowded
 * disk.
 */
function halt(made: Made, now: number): Made {
  const { schedule } = made;
  const stop = stopOf(schedule, now);
  if (stop === null || schedule.halted !== null) return made;
  const atOnce = schedule.interrupted || schedule.room.isCrowded;
  if (!atOnce && countParked(schedule, now) < schedule.running.size) return made;
  return add({ ...made, schedule: { ...schedule, halted: stop } }, { kind: "halt" });
}

/** Ends the pause of each row whose next attempt is due, and every wait once all rows are to end. */
function endWaits(made: Made, now: number): Made {
  const isHalted = made.schedule.halted !== null;
  let next = made;
  for (const [row, { doing }] of made.schedule.running) {
    const isDue = doing.kind === "rest" && (isHalted || doing.until <= now);
    if (!isDue && !(doing.kind === "ask" && isHalted)) continue;
    const schedule = withDoing(next.schedule, row, { kind: "work" });
    next = add({ ...next, schedule }, isDue ? { kind: "retry", row, again: true } : { kind: "refuse", row });
  }
  return next;
}

function grantProcessors(made: Made): Made {
  let free = made.schedule.rules.derivations - countDoing(made.schedule, "derive");
  let next = made;
  for (const [row, { doing }] of made.schedule.running) {
    if (free <= 0) break;
    if (doing.kind !== "stored") continue;
    free -= 1;
    const schedule = withDoing(next.schedule, row, { kind: "derive" });
    next = add({ ...next, schedule }, { kind: "derive", row });
  }
  return next;
}

function grantDownloads(made: Made, now: number): Made {
  const { rules } = made.schedule;
  let free = rules.jobs - countDoing(made.schedule, "fetch");
  let next = made;
  for (const [row, { doing }] of made.schedule.running) {
    if (free <= 0) break;
    if (doing.kind !== "ask" || msUntil(next.schedule, doing.host, now) > 0) continue;
    free -= 1;
    const pace = afterStart(paceOf(next.schedule, doing.host), { ...doing, now }, rules);
    const schedule = withPace(withDoing(next.schedule, row, { kind: "fetch" }, doing.host), doing.host, pace);
    next = add({ ...next, schedule }, { kind: "fetch", row });
  }
  return next;
}

function measure(made: Made, now: number): Made {
  const { room } = made.schedule;
  if (room.measureAt === null || room.measureAt > now) return made;
  const schedule = { ...made.schedule, room: { ...room, measureAt: null } };
  return add({ ...made, schedule }, { kind: "measure" });
}

function beginRows(made: Made, now: number): Made {
  let next = made;
  while (mayBegin(next.schedule, now)) {
    const first = firstToBegin(next.schedule, now);
    if (first === null) break;
    const { row, host } = first;
    const { waiting, running } = next.schedule;
    const begun: RunningRow = { claims: host, host, doing: { kind: "work" } };
    const schedule = {
      ...next.schedule,
      waiting: withoutFirst(waiting, host),
      running: new Map(running).set(row, begun),
    };
    next = add({ ...next, schedule }, { kind: "begin", row });
  }
  return next;
}

function finish(made: Made, now: number): Made {
  const { schedule } = made;
  const { running, sealAt, room, waiting } = schedule;
  if (running.size > 0 || sealAt === null || room.measureAt === null) return made;
  const stop = stopOf(schedule, now);
  return stop === null && waiting.size > 0 ? made : add(made, { kind: "finish", stop });
}

function seal(made: Made, now: number): Made {
  const { sealAt } = made.schedule;
  const isOver = made.decisions.some(({ kind }) => kind === "finish");
  if (isOver || sealAt === null || sealAt > now) return made;
  return add({ ...made, schedule: { ...made.schedule, sealAt: null } }, { kind: "seal" });
}

function add({ schedule, decisions }: Made, decision: Decision): Made {
  return { schedule, decisions: [...decisions, decision] };
}

function stopOf(schedule: Schedule, now: number): BatchStop | null {
  const { rules, room, interrupted, halted } = schedule;
  if (interrupted) return "interrupted";
  if (room.isFull) return "disk";
  if (rules.maxBytes !== null && room.storedBytes >= rules.maxBytes) return "max-disk";
  return isSilent(schedule.network, now) ? "silence" : halted;
}

function isSilent(network: NetworkMemory, now: number): boolean {
  const at = silentAt(network);
  return at !== null && at <= now;
}

function mayBegin(schedule: Schedule, now: number): boolean {
  const { rules, running, room, halted } = schedule;
  if (halted !== null || room.measureAt === null || stopOf(schedule, now) !== null) return false;
  const parked = countParked(schedule, now);
  return running.size - parked < rules.jobs + rules.derivations && parked < maxParked;
}

/**
 * Only one row of a host at a time is on its way to its first download, so that the rows behind it are not held up with
 * it.
 */
function firstToBegin(schedule: Schedule, now: number): WaitingRow | null {
  const claimed = claimedHosts(schedule);
  for (const [host, { rows, next }] of schedule.waiting) {
    const isFree = host === null || (!claimed.has(host) && msUntil(schedule, host, now) === 0);
    const row = rows[next];
    if (isFree && row !== undefined) return { row, host };
  }
  return null;
}

function claimedHosts({ running }: Schedule): ReadonlySet<string | null> {
  return new Set([...running.values()].map(({ claims }) => claims));
}

/** The number of rows that only wait. */
function countParked(schedule: Schedule, now: number): number {
  return [...schedule.running.values()].filter(
    ({ doing }) => doing.kind === "rest" || (doing.kind === "ask" && msUntil(schedule, doing.host, now) > 0),
  ).length;
}

function countDoing({ running }: Schedule, kind: Doing["kind"]): number {
  return [...running.values()].filter(({ doing }) => doing.kind === kind).length;
}

function nextMoment(schedule: Schedule, now: number): number {
  const { running, waiting, room, sealAt, network } = schedule;
  const moments = [room.measureAt, sealAt, silentAt(network)];
  for (const { doing } of running.values()) {
    if (doing.kind === "rest") moments.push(doing.until);
    if (doing.kind === "ask") moments.push(now + msUntil(schedule, doing.host, now));
  }
  if (mayBegin(schedule, now)) {
    const claimed = claimedHosts(schedule);
    for (const host of waiting.keys())
      if (host !== null && !claimed.has(host)) moments.push(now + msUntil(schedule, host, now));
  }
  // Whatever is due and was not done waits for an event, not for a time.
  return moments.reduce<number>(
    (first, at) => (at !== null && at > now && at < first ? at : first),
    Number.POSITIVE_INFINITY,
  );
}

function msUntil(schedule: Schedule, host: string, now: number): number {
  return msUntilTurn(paceOf(schedule, host), schedule.rules, now);
}

function paceOf({ paces }: Schedule, host: string): HostPace {
  return paces.get(host) ?? unknownHost;
}

function withPace(schedule: Schedule, host: string, pace: HostPace): Schedule {
  return { ...schedule, paces: new Map(schedule.paces).set(host, pace) };
}

function rowAtWork({ running }: Schedule, row: number): RunningRow {
  const found = running.get(row);
  if (!found) throw new Error(`row ${row} has not begun or is over`);
  return found;
}

/** Puts the row last among those that do the same. With its first download, the row gives up its claim. */
function withDoing(schedule: Schedule, row: number, doing: Doing, host?: string): Schedule {
  const before = rowAtWork(schedule, row);
  const running = new Map(schedule.running);
  running.delete(row);
  const claims = doing.kind === "fetch" ? null : before.claims;
  running.set(row, { claims, host: host ?? before.host, doing });
  return { ...schedule, running };
}
