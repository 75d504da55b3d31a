import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { msUntilTurn, unknownHost } from "../../../src/core/lists/host-pace.js";
import type { HostAnswer } from "../../../src/core/lists/network-memory.js";
import {
  type Decision,
  openSchedule,
  type Schedule,
  type ScheduleEvent,
  type ScheduleRules,
  type Step,
  step,
} from "../../../src/core/lists/schedule.js";

/** How an attempt goes. `retry`: it failed for a reason that can pass. */
interface PlannedAttempt {
  readonly ms: number;
  readonly answer: HostAnswer | null;
  readonly retry: boolean;
}

/** What a row does once it has begun. */
interface PlannedRow {
  readonly host: string | null;
  readonly attempts: readonly PlannedAttempt[];
  readonly derivesMs: number | null;
  readonly bytes: number;
  readonly adds: readonly PlannedRow[];
}

/** What happens to the whole batch, by the moment at which it happens. */
interface PlannedWorld {
  readonly rows: readonly PlannedRow[];
  readonly chance: number;
  readonly interruptAt: number | null;
  /** Free bytes of the disk from each moment on. */
  readonly disk: readonly (readonly [at: number, free: number])[];
}

/** What a batch did: its events and decisions with their moments, in order. */
type Trace = readonly { readonly at: number; readonly what: ScheduleEvent | Decision }[];

/** Plays a batch by a clock that jumps from one moment at which something happens to the next. */
class Play {
  readonly trace: { at: number; what: ScheduleEvent | Decision }[] = [];
  readonly steps: { before: Schedule; event: ScheduleEvent; made: Step; now: number }[] = [];
  readonly plans = new Map<number, PlannedRow>();
  schedule: Schedule;
  finished: Extract<Decision, { kind: "finish" }> | null = null;
  private readonly world: PlannedWorld;
  private readonly coming: { at: number; event: ScheduleEvent; stale?: () => boolean }[] = [];
  private readonly tried = new Map<number, number>();
  private readonly over = new Set<number>();
  private wakeAt = 0;
  private now = 0;

  constructor(rules: ScheduleRules, world: PlannedWorld) {
    this.world = world;
    const rows = world.rows.map((plan) => this.number(plan));
    this.schedule = openSchedule(rules, rows, 0);
    if (world.interruptAt !== null)
      this.coming.push({ at: world.interruptAt, event: { kind: "interrupted" } });
  }

  private number(plan: PlannedRow) {
    const row = this.plans.size + 1;
    this.plans.set(row, plan);
    return { row, host: plan.host };
  }

  run(): Trace {
    this.take({ kind: "time" });
    while (this.finished === null) {
      const next = this.coming.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || this.wakeAt < next.at) {
        expect(this.wakeAt, "something is to happen").toBeLessThan(Number.POSITIVE_INFINITY);
        this.now = this.wakeAt;
        this.take({ kind: "time" });
      } else {
        this.coming.splice(this.coming.indexOf(next), 1);
        this.now = next.at;
        if (next.stale?.() !== true) this.take(next.event);
      }
      if (this.trace.length > 20_000) throw new Error("the batch does not end");
    }
    return this.trace;
  }

  private take(event: ScheduleEvent): void {
    this.trace.push({ at: this.now, what: event });
    const made = step(this.schedule, event, this.now);
    this.steps.push({ before: this.schedule, event, made, now: this.now });
    this.schedule = made.schedule;
    this.wakeAt = made.wakeAt;
    expect(made.wakeAt).toBeGreaterThan(this.now);
    // Nothing is left to decide until something happens.
    expect(step(made.schedule, { kind: "time" }, this.now).decisions.filter(isNews)).toEqual([]);
    // Nor does anything become due before the moment that was named.
    const later = Math.min(made.wakeAt, this.now + minute);
    for (const at of [(this.now + later) / 2, later - 1e-3])
      if (at > this.now && at < made.wakeAt)
        expect(step(made.schedule, { kind: "time" }, at).decisions.filter(isNews)).toEqual([]);
    for (const decision of made.decisions) {
      this.trace.push({ at: this.now, what: decision });
      this.carryOut(decision);
    }
  }

  private carryOut(decision: Decision): void {
    switch (decision.kind) {
      case "begin":
        this.ask(decision.row);
        break;
      case "fetch":
        this.answer(decision.row);
        break;
      case "retry":
        if (decision.again) this.ask(decision.row);
        else this.end(decision.row);
        break;
      case "refuse":
        this.end(decision.row);
        break;
      case "derive": {
        const ms = this.plan(decision.row).derivesMs ?? 0;
        this.tell(decision.row, { kind: "derived", row: decision.row }, ms);
        this.end(decision.row, ms);
        break;
      }
      case "measure": {
        const free = this.world.disk.findLast(([at]) => at <= this.now)?.[1] ?? 1e12;
        this.tell(0, { kind: "measured", free, total: 1e12 });
        break;
      }
      case "seal":
        this.tell(0, { kind: "sealed" }, 500);
        break;
      case "halt":
        for (const row of this.schedule.running.keys()) this.stop(row);
        break;
      case "finish":
        this.finished = decision;
    }
  }

  /** What a row that works is told by an aborted signal: it ends at once. */
  private stop(row: number): void {
    const { kind } = this.schedule.running.get(row)?.doing ?? { kind: "work" };
    if (kind !== "fetch" && kind !== "derive") return;
    this.over.add(row);
    const last: ScheduleEvent =
      kind === "fetch" ? { kind: "answered", row, answer: null } : { kind: "derived", row };
    this.coming.push({ at: this.now, event: last });
    this.coming.push({ at: this.now, event: ended(row, 0) });
  }

  private ask(row: number): void {
    const { host } = this.plan(row);
    const isHalted = this.schedule.halted !== null;
    if (host === null || isHalted) this.end(row);
    else this.tell(row, { kind: "asked", row, host, chance: this.world.chance });
  }

  private answer(row: number): void {
    const number = (this.tried.get(row) ?? 0) + 1;
    this.tried.set(row, number);
    const { attempts, derivesMs } = this.plan(row);
    const attempt = attempts[number - 1] ?? good;
    this.tell(row, { kind: "answered", row, answer: attempt.answer }, attempt.ms);
    const unreachable = attempt.answer?.said.kind === "unreachable";
    const failed = { kind: "failed", row, number, unreachable, chance: this.world.chance } as const;
    if (attempt.retry) this.tell(row, failed, attempt.ms);
    else if (derivesMs !== null) this.tell(row, { kind: "stored", row }, attempt.ms);
    else this.end(row, attempt.ms);
  }

  private end(row: number, ms = 0): void {
    const { bytes, adds } = this.plan(row);
    const added = this.schedule.halted === null ? adds.map((plan) => this.number(plan)) : [];
    this.tell(row, { ...ended(row, bytes), added }, ms);
  }

  private tell(row: number, event: ScheduleEvent, ms = 0): void {
    this.coming.push({ at: this.now + ms, event, stale: () => this.over.has(row) });
  }

  private plan(row: number): PlannedRow {
    const plan = this.plans.get(row);
    if (!plan) throw new Error(`no row ${row}`);
    return plan;
  }
}

/** The end of a batch is said as often as it is asked for. */
const isNews = ({ kind }: Decision) => kind !== "finish";

const ended = (row: number, bytes: number) =>
  ({ kind: "ended", row, bytes, added: [], disk: "enough" }) as const;

const answered: HostAnswer = { said: { kind: "answered" }, reached: "host" };
const nobody: HostAnswer = { said: { kind: "unreachable" }, reached: "nobody" };
const good: PlannedAttempt = { ms: 1_000, answer: answered, retry: false };
const fault: PlannedAttempt = { ms: 1_000, answer: answered, retry: true };
const slowDown = (askedMs: number): PlannedAttempt => ({
  ...{ ms: 1_000, retry: true },
  answer: { said: { kind: "slow-down", askedMs }, reached: "host" },
});

const minute = 60_000;
const hour = 60 * minute;
const rules: ScheduleRules = {
  ...{ jobs: 2, derivations: 2, attempts: 3, perHost: 1, delayMs: 0, firstWaitMs: 10_000 },
  ...{ maxBytes: null, keepFree: 1_000, sealEveryMs: 30 * minute },
};

function row(host: string | null, ...attempts: readonly PlannedAttempt[]): PlannedRow {
  return { host, attempts, derivesMs: null, bytes: 0, adds: [] };
}

function play(
  rows: readonly PlannedRow[],
  change: Partial<ScheduleRules> = {},
  world: Partial<PlannedWorld> = {},
) {
  const played = new Play(
    { ...rules, ...change },
    { rows, chance: 0.5, interruptAt: null, disk: [], ...world },
  );
  const trace = played.run();
  return { trace, stop: played.finished?.stop, rows: played.plans.size };
}

type Kind = (ScheduleEvent | Decision)["kind"];
type Of<K extends Kind, One = ScheduleEvent | Decision> = One extends { readonly kind: infer Own }
  ? K extends Own
    ? One
    : never
  : never;

/** Everything of one kind, with its moment. */
function all<K extends Kind>(trace: Trace, kind: K): { at: number; what: Of<K> }[] {
  const isOfKind = (one: Trace[number]): one is { at: number; what: Of<K> } => one.what.kind === kind;
  return trace.filter(isOfKind);
}

const anyAnswer: fc.Arbitrary<HostAnswer | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(answered) },
  fc.constant(null),
  fc.constant(nobody),
  fc.constant<HostAnswer>({ said: { kind: "unreachable" }, reached: "network" }),
  fc
    .nat({ max: 2 * minute })
    .map<HostAnswer>((askedMs) => ({ said: { kind: "slow-down", askedMs }, reached: "host" })),
);
const anyAttempt = fc.record({ ms: fc.nat({ max: 5_000 }), answer: anyAnswer, retry: fc.boolean() });
const anyHost = fc.constantFrom("a.example", "b.example", "c.example", null);
const anyRow = (adds: fc.Arbitrary<readonly PlannedRow[]>): fc.Arbitrary<PlannedRow> =>
  fc.record({
    host: anyHost,
    attempts: fc.array(anyAttempt, { maxLength: 4 }),
    derivesMs: fc.option(fc.nat({ max: 3_000 })),
    bytes: fc.nat({ max: 400 }),
    adds,
  });
const anyRows = fc.array(anyRow(fc.array(anyRow(fc.constant([])), { maxLength: 2 })), { maxLength: 14 });
const anyRules: fc.Arbitrary<ScheduleRules> = fc.record({
  jobs: fc.integer({ min: 1, max: 3 }),
  derivations: fc.integer({ min: 1, max: 3 }),
  attempts: fc.integer({ min: 1, max: 4 }),
  perHost: fc.integer({ min: 1, max: 2 }),
  delayMs: fc.constantFrom(0, 2_000),
  firstWaitMs: fc.constantFrom(100, 10_000),
  maxBytes: fc.option(fc.nat({ max: 2_000 })),
  keepFree: fc.constant(1_000),
  sealEveryMs: fc.constantFrom(5_000, hour),
});
const anyWorld: fc.Arbitrary<PlannedWorld> = fc.record({
  rows: anyRows,
  // Of a power of two, so that times are exact however they are added.
  chance: fc.nat({ max: 1024 }).map((parts) => parts / 1024),
  interruptAt: fc.option(fc.nat({ max: minute })),
  disk: fc.array(fc.tuple(fc.nat({ max: minute }), fc.nat({ max: 3_000 })), { maxLength: 2 }),
});

/** Any batches at all, and others in each run of the tests: each is played once for all claims about it. */
let batches: readonly { rules: ScheduleRules; world: PlannedWorld; played: Play; trace: Trace }[];
beforeAll(() => {
  batches = fc.sample(fc.tuple(anyRules, anyWorld), 60).map(([anyOfRules, world]) => {
    const played = new Play(anyOfRules, world);
    return { rules: anyOfRules, world, played, trace: told(anyOfRules, world, () => played.run()) };
  });
});

/** Holds `claim` against what each batch did. */
function always(
  claim: (trace: Trace, rules: ScheduleRules, world: PlannedWorld, played: Play) => void,
): void {
  for (const { rules: ofBatch, world, played, trace } of batches)
    told(ofBatch, world, () => claim(trace, ofBatch, world, played));
}

/** What fails names the batch, so that it can be played again. */
function told<T>(ofBatch: ScheduleRules, world: PlannedWorld, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Error(`${error}\n${JSON.stringify([ofBatch, world])}`, { cause: error });
  }
}

describe("whatever the rows do", () => {
  it("each begins at most once, and where nothing stops the batch each begins and ends", () => {
    always((trace, _rules, _world, { finished, plans }) => {
      const begun = all(trace, "begin").map(({ what }) => what.row);
      expect(new Set(begun).size).toBe(begun.length);
      if (finished?.stop === null) {
        expect(begun.toSorted((a, b) => a - b)).toEqual([...plans.keys()]);
        expect(all(trace, "ended")).toHaveLength(begun.length);
      }
    });
  });

  it("the batch ends, and never stands still with nothing to wait for", () => {
    always((trace) => expect(all(trace, "finish")).toHaveLength(1));
  });

  it("no more downloads run than were asked for, in all and of one host, and no more clips are worked on", () => {
    always((trace, { jobs, perHost, derivations }, _world, { plans }) => {
      const doing = new Map<number, Kind>();
      for (const { what } of trace) {
        if (what.kind === "fetch" || what.kind === "derive") doing.set(what.row, what.kind);
        else if (what.kind === "answered" || what.kind === "derived") doing.delete(what.row);
        const fetching = [...doing]
          .filter(([, kind]) => kind === "fetch")
          .map(([row]) => plans.get(row)?.host);
        expect(fetching.length).toBeLessThanOrEqual(jobs);
        for (const host of fetching)
          expect(fetching.filter((other) => other === host).length).toBeLessThanOrEqual(perHost);
        expect(doing.size - fetching.length).toBeLessThanOrEqual(derivations);
      }
    });
  });

  it("a host is asked no sooner after a start than the delay, and not before it allowed it again", () => {
    always((trace, { delayMs }, { chance }, { plans }) => {
      const notBefore = new Map<string | null | undefined, number>();
      for (const { at, what } of trace) {
        if (what.kind !== "fetch" && what.kind !== "answered") continue;
        const host = plans.get(what.row)?.host;
        const before = notBefore.get(host) ?? 0;
        if (what.kind === "fetch") {
          expect(at).toBeGreaterThanOrEqual(before);
          notBefore.set(host, Math.max(before, at + (delayMs ?? 0) * (0.5 + chance)));
        } else if (what.kind === "answered" && what.answer?.said.kind === "slow-down") {
          notBefore.set(host, Math.max(before, at + what.answer.said.askedMs));
        }
      }
    });
  });

  it("hosts take turns: no row begins while a host that may be asked as well has waited longer", () => {
    always((_trace, openRules, _world, { steps }) => {
      const order = [...(steps[0]?.before.waiting.keys() ?? [])];
      for (const { before, event, made, now } of steps) {
        const { running, paces } = made.schedule;
        const added = event.kind === "ended" ? event.added.map(({ host }) => host) : [];
        order.push(...new Set(added.filter((host) => !before.waiting.has(host))));
        const begun = made.decisions.filter((one) => one.kind === "begin").map(({ row }) => row);
        for (const [index, number] of begun.entries()) {
          const host = running.get(number)?.host ?? null;
          const later = begun.slice(index);
          const claimed = [...running]
            .filter(([row]) => !later.includes(row))
            .map(([, { claims }]) => claims);
          const isFree = (other: string | null) =>
            other === null ||
            (!claimed.includes(other) && msUntilTurn(paces.get(other) ?? unknownHost, openRules, now) === 0);
          const place = order.indexOf(host);
          expect(place).toBeGreaterThanOrEqual(0);
          expect(order.slice(0, place).filter(isFree)).toEqual([]);
          order.splice(place, 1);
          const isLeft = later.slice(1).some((row) => (running.get(row)?.host ?? null) === host);
          if (isLeft || made.schedule.waiting.has(host)) order.push(host);
        }
      }
    });
  });

  it("no row begins after an interrupt, nor once as much is stored as was allowed", () => {
    always((trace, { maxBytes }) => {
      let stored = 0;
      let isInterrupted = false;
      for (const { what } of trace) {
        if (what.kind === "interrupted") isInterrupted = true;
        if (what.kind === "ended") stored += what.bytes;
        if (what.kind === "begin")
          expect([isInterrupted, maxBytes !== null && stored >= maxBytes]).toEqual([false, false]);
      }
    });
  });

  it("no row begins before the disk was measured, a minute after it last was, or once it had less than must stay free", () => {
    always((trace, { keepFree }) => {
      let measuredAt = Number.NEGATIVE_INFINITY;
      let wasFull = false;
      for (const { at, what } of trace) {
        if (what.kind === "measured") {
          measuredAt = at;
          wasFull ||= what.free < (keepFree ?? 0);
        }
        if (what.kind === "begin") expect([at - measuredAt <= minute, wasFull]).toEqual([true, false]);
      }
    });
  });

  it("an attempt is made again after the wait that its number asks for, and never more often than was asked", () => {
    always((trace, { attempts, firstWaitMs }) => {
      const failedAt = new Map<number, { at: number; number: number }>();
      const isHaltedFrom = all(trace, "halt")[0]?.at ?? Number.POSITIVE_INFINITY;
      const isReachable = all(trace, "answered").every(({ what }) => what.answer?.reached !== "nobody");
      for (const { at, what } of trace) {
        if (what.kind === "failed") failedAt.set(what.row, { at, number: what.number });
        if (what.kind !== "retry" || !what.again || at >= isHaltedFrom) continue;
        const failed = failedAt.get(what.row);
        expect(at - (failed?.at ?? 0)).toBeGreaterThanOrEqual(
          0.8 * firstWaitMs * 4 ** ((failed?.number ?? 1) - 1),
        );
        if (isReachable) expect(failed?.number).toBeLessThan(attempts);
      }
    });
  });

  it("the head of the log is sealed as often as was asked while rows run, one sealing at a time", () => {
    always((trace, { sealEveryMs }) => {
      let at = 0;
      let isSealing = false;
      for (const one of trace) {
        if (one.what.kind === "seal") {
          expect([isSealing, one.at - at >= sealEveryMs]).toEqual([false, true]);
          isSealing = true;
        }
        if (one.what.kind === "sealed") [at, isSealing] = [one.at, false];
        if (!isSealing) expect(one.at - at).toBeLessThanOrEqual(sealEveryMs);
      }
      expect(isSealing).toBe(false);
    });
  });
});

describe("the hosts of a list", () => {
  it("take turns, each in the order of its rows", () => {
    const rows = ["a", "a", "a", "b", "b", "c"].map((name) => row(`${name}.example`));
    const { trace } = play(rows, { jobs: 1, derivations: 5 });
    expect(all(trace, "begin").map(({ what }) => what.row)).toEqual([1, 4, 6, 2, 5, 3]);
  });

  it("have one row each on its way to its first download, however many of others", () => {
    const { trace } = play([row("a.example"), row("a.example"), row("b.example")]);
    const before = trace.slice(
      0,
      trace.findIndex(({ what }) => what.kind === "fetch"),
    );
    expect(all(before, "begin").map(({ what }) => what.row)).toEqual([1, 3]);
  });

  it("that must be left alone hold up no other, and a row that waits for one holds no download", () => {
    const held = row("held.example", slowDown(hour));
    const rows = [held, row("held.example"), ...["a", "b", "a"].map((name) => row(`${name}.example`))];
    const { trace } = play(rows, { jobs: 1 });
    const fetched = all(trace, "fetch").map(({ at, what }) => [what.row, at >= hour]);
    expect(fetched).toEqual([
      [1, false],
      ...[3, 4, 5].map((number) => [number, false]),
      ...[1, 2].map((number) => [number, true]),
    ]);
  });

  it("however many of them are waited for, the next one's row begins", () => {
    const held = Array.from({ length: 6 }, (_, n) => row(`held-${n}.example`, slowDown(hour)));
    const { trace } = play([...held, row("free.example")], { jobs: 1, derivations: 1 });
    const [free] = all(trace, "begin").filter(({ what }) => what.row === 7);
    expect(free?.at).toBeLessThan(minute);
  });

  it("give as many rows that work as there are downloads and processors, and not one more", () => {
    const slow = { ...good, ms: minute };
    const rows = Array.from({ length: 9 }, (_, n) => row(`${n}.example`, slow));
    const { trace } = play(rows, { jobs: 2, derivations: 3 });
    expect(all(trace, "begin").filter(({ at }) => at === 0)).toHaveLength(5);
  });

  it("that are waited for are sixty-four at the most when the next row begins", () => {
    const held = Array.from({ length: 80 }, (_, n) => row(`held-${n}.example`, slowDown(hour)));
    const { trace } = play(held, { jobs: 1, derivations: 1, firstWaitMs: hour });
    const [first] = all(trace, "retry");
    const before = trace.slice(
      0,
      trace.findIndex(({ what }) => what === first?.what),
    );
    const waits = (seen: Trace) => all(seen, "failed").length;
    const atBegin = before.flatMap(({ what }, at) =>
      what.kind === "begin" ? [waits(before.slice(0, at))] : [],
    );
    // The row that begins last sees all but one of those that may wait.
    expect(Math.max(...atBegin)).toBe(63);
  });

  it("that may be asked by two at once are asked by two at once", () => {
    const { trace } = play([row("a.example"), row("a.example"), row("a.example")], { perHost: 2 });
    expect(all(trace, "fetch").map(({ at }) => at)).toEqual([0, 0, 1_000]);
  });

  it("and rows that are no address wait for nobody", () => {
    const { trace } = play([row("a.example", slowDown(hour)), row("a.example"), row(null), row(null)]);
    expect(
      all(trace, "ended")
        .filter(({ at }) => at === 0)
        .map(({ what }) => what.row),
    ).toEqual([3, 4]);
  });

  it("get the rows that a list inside the list added behind their own", () => {
    const list = { ...row("a.example"), adds: [row("b.example"), row("a.example")] };
    const { trace, stop } = play([list, row("a.example"), row("a.example")], { jobs: 1 });
    expect([stop, all(trace, "fetch").map(({ what }) => what.row)]).toEqual([null, [1, 2, 4, 3, 5]]);
  });
});

describe("when the network is gone", () => {
  const silent: PlannedAttempt = { ms: 1_000, answer: nobody, retry: true };
  const many = (count: number) => Array.from({ length: count }, () => silent);

  it("after hosts had answered, no attempt of any row is used up, and the row goes on when it is back", () => {
    const { trace, stop } = play([row("a.example"), row("a.example", ...many(9))], { attempts: 2 });
    expect([stop, all(trace, "fetch").length]).toEqual([null, 11]);
  });

  it("it is also when two sites that were never asked before are silent one after the other", () => {
    const rows = [row("a.example"), ...["b", "c"].map((name) => row(`${name}.example`, ...many(5)))];
    const { trace, stop } = play(rows, { jobs: 1 });
    expect([stop, all(trace, "fetch").length]).toEqual([null, 1 + 6 + 6]);
  });

  it("attempts count for one dead site while nothing else of the list is silent", () => {
    const { trace } = play([row("alive.example"), row("dead.example", ...many(9))]);
    expect(all(trace, "fetch").filter(({ what }) => what.row === 2)).toHaveLength(3);
  });

  it("attempts count where no host has answered at all, and for names that do not exist", () => {
    const none: PlannedAttempt = {
      ...silent,
      answer: { said: { kind: "unreachable" }, reached: "network" },
    };
    const dead = ["a", "b", "c"].map((name) => row(`${name}.example`, ...many(9)));
    expect(all(play(dead).trace, "fetch").length).toBeLessThanOrEqual(9);
    const unknown = ["b", "c"].map((name) => row(`${name}.example`, none, none, none, none));
    expect(all(play([row("a.example"), ...unknown]).trace, "fetch")).toHaveLength(7);
  });

  it("what a dead site's first row has tried is not tried again for each of its other rows", () => {
    const { trace } = play([row("alive.example"), ...many(4).map(() => row("dead.example", ...many(9)))]);
    expect(all(trace, "fetch")).toHaveLength(1 + 3 + 3);
  });

  it("for two hours the batch stops, its rows wait for another day, and one answer before that takes it back", () => {
    const gone = play([row("a.example"), row("a.example", ...many(99)), row("a.example")]);
    expect(gone.stop).toBe("silence");
    expect(gone.trace.at(-1)?.at).toBeGreaterThanOrEqual(2 * hour);
    expect(gone.trace.at(-1)?.at).toBeLessThan(2 * hour + 2 * minute);
    const back = play([row("a.example"), row("a.example", ...many(6)), row("a.example")]);
    expect(back.stop).toBeNull();
  });
});

describe("a batch that stops", () => {
  it("tells the rows that only wait to end, once those that work are over", () => {
    const rows = [
      row("a.example", slowDown(hour)),
      row("a.example"),
      { ...row("b.example", { ...good, ms: minute }), bytes: 9 },
    ];
    const { trace, stop } = play(rows, { maxBytes: 9 });
    expect([stop, all(trace, "halt").map(({ at }) => at)]).toEqual(["max-disk", [minute]]);
    expect(trace.at(-1)?.at).toBe(minute);
  });

  it("for want of room lets what runs go on, and puts it aside below half of what must stay free", () => {
    const rows = [
      row("a.example", { ...good, ms: minute }),
      row("b.example", { ...good, ms: minute }),
      row("a.example"),
    ];
    const full = play(
      rows,
      {},
      {
        disk: [
          [0, 3_000],
          [500, 999],
        ],
      },
    );
    expect([full.stop, full.trace.at(-1)?.at]).toEqual(["disk", minute]);
    const crowded = play(
      rows,
      {},
      {
        disk: [
          [0, 3_000],
          [500, 499],
        ],
      },
    );
    expect([crowded.stop, crowded.trace.at(-1)?.at]).toEqual(["disk", 1_000]);
  });

  it("begins nothing where nothing may be stored, or the disk is full from the start", () => {
    expect(all(play([row("a.example")], { maxBytes: 0 }).trace, "begin")).toEqual([]);
    expect(all(play([row("a.example")], {}, { disk: [[0, 999]] }).trace, "begin")).toEqual([]);
  });

  it("without a word of the person keeps as much free as the reserve says", () => {
    const reserve = 5e10;
    const stops = [reserve, reserve - 1].map(
      (free) => play([], { keepFree: null }, { disk: [[0, free]] }).stop,
    );
    expect(stops).toEqual([null, "disk"]);
  });

  it("by an interrupt ends every wait at once", () => {
    const rows = [row("a.example", slowDown(hour)), row("b.example", fault), row("a.example")];
    const { trace, stop } = play(rows, {}, { interruptAt: 5_000 });
    expect([stop, trace.at(-1)?.at]).toEqual(["interrupted", 5_000]);
  });

  it("because a row could not write even its result puts the others aside at once", () => {
    let schedule = openSchedule(
      rules,
      [1, 2].map((number) => ({ row: number, host: `${number}.example` })),
      0,
    );
    const kinds = (event: ScheduleEvent) => {
      const made = step(schedule, event, 0);
      schedule = made.schedule;
      return made.decisions.map(({ kind }) => kind);
    };
    expect(kinds({ kind: "time" })).toEqual(["measure"]);
    expect(kinds({ kind: "measured", free: 1e12, total: 1e12 })).toEqual(["begin", "begin"]);
    expect(kinds({ kind: "asked", row: 2, host: "2.example", chance: 0 })).toEqual(["fetch"]);
    expect(kinds({ ...ended(1, 0), disk: "crowded" })).toEqual(["halt"]);
  });
});
