import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BatchPace, BatchTurns } from "../src/batch/turns.js";
import { type FailureCode, failureOf } from "../src/core/capture/failure.js";
import type { Attempt } from "../src/capture/turns.js";

const minute = 60_000;
const hour = 60 * minute;
const pace: BatchPace = {
  ...{ jobs: 2, derivations: 2, perHost: 1, delayMs: 0, attempts: 3, firstWaitMs: 10_000 },
};
const noHooks = { onTurn: () => undefined, onWait: () => undefined };
const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Turns by a clock that stands still between two steps, and with the mean of every spread. */
function turnsOf(change: Partial<BatchPace> = {}): BatchTurns {
  const world = { now: () => new Date(), monotonic: () => Date.now(), random: () => Uint8Array.of(127) };
  return new BatchTurns({ ...pace, ...change }, world);
}

function attempt(facts: {
  code?: FailureCode;
  status?: number;
  retryAfter?: string;
  reached?: Attempt["reached"];
}) {
  const { code, status = null, retryAfter = null, reached = "host" } = facts;
  const outcome = code
    ? { kind: "failed", failure: failureOf(code), lastStatus: status, retryAfter }
    : { kind: "media", lastStatus: status, retryAfter };
  return { outcome, reached } as unknown as Attempt;
}
const good = attempt({ status: 200 });
const nobody = attempt({ code: "network", reached: "nobody" });
const busy = (retryAfter?: string) =>
  attempt({ code: "rate-limited", status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) });

/** What became of a promise so far. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let is = false;
  const note = () => {
    is = true;
  };
  promise.then(note, note);
  await vi.advanceTimersByTimeAsync(0);
  return is;
}

/** One row whose attempt number `number` ends with `said`: whether it is given another one, however long that takes. */
async function tryOnce(turns: BatchTurns, host: string, number: number, said: Attempt): Promise<boolean> {
  const row = turns.of(noHooks);
  const again = row.fetch(host, never).then((over) => {
    over(said);
    return row.again(number, said, never);
  });
  while (!(await settled(again))) await vi.advanceTimersByTimeAsync(1_000);
  return again;
}

/** One row that asks a host; `over` ends its attempt. */
async function ask(turns: BatchTurns, host: string, said: Attempt | null): Promise<void> {
  const over = await turns.of(noHooks).fetch(host, never);
  over(said);
}

describe("downloads are shared among the rows of a list", () => {
  it("no more run at the same time than were asked for, and the next begins when one is over", async () => {
    const turns = turnsOf();
    const row = turns.of(noHooks);
    const [first] = [await row.fetch("a.example", never), await row.fetch("b.example", never)];
    const third = row.fetch("c.example", never);
    expect(await settled(third)).toBe(false);
    first?.(good);
    expect(await settled(third)).toBe(true);
  });

  it("a row that waits for its host holds no download: rows of other hosts go on", async () => {
    const turns = turnsOf({ jobs: 1 });
    await ask(turns, "held.example", busy("3600"));
    const held = turns.of(noHooks).fetch("held.example", never);
    expect(await settled(held)).toBe(false);
    expect(turns.parked).toBe(1);
    for (const host of ["a.example", "b.example", "a.example"]) await ask(turns, host, good);
    await vi.advanceTimersByTimeAsync(hour - 1_000);
    expect(await settled(held)).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([await settled(held), turns.parked]).toEqual([true, 0]);
  });

  it("a row that waits for its next attempt holds no download either", async () => {
    const turns = turnsOf({ jobs: 1 });
    const row = turns.of(noHooks);
    (await row.fetch("a.example", never))(attempt({ code: "server-error", status: 500 }));
    const again = row.again(1, attempt({ code: "server-error", status: 500 }), never);
    expect([await settled(again), turns.parked]).toEqual([false, 1]);
    await ask(turns, "b.example", good);
    await vi.advanceTimersByTimeAsync(12_000);
    expect([await again, turns.parked]).toEqual([true, 0]);
  });

  it("a row says that it has its turn only when it has it", async () => {
    const turns = turnsOf({ jobs: 1 });
    const over = await turns.of(noHooks).fetch("a.example", never);
    const told = vi.fn();
    const second = turns.of({ ...noHooks, onTurn: told }).fetch("b.example", never);
    expect(await settled(second)).toBe(false);
    expect(told).not.toHaveBeenCalled();
    over(good);
    await second;
    expect(told).toHaveBeenCalledOnce();
  });

  it("an interrupt ends every wait, and an error of ours gives the download back", async () => {
    const turns = turnsOf({ jobs: 1 });
    await ask(turns, "a.example", null);
    await ask(turns, "held.example", busy("3600"));
    const stop = new AbortController();
    const held = turns.of(noHooks).fetch("held.example", stop.signal);
    expect(await settled(held)).toBe(false);
    stop.abort(new Error("enough"));
    await expect(held).rejects.toThrow("enough");
    await ask(turns, "b.example", good);
  });

  it("no more clips are worked on at the same time than were asked for, and a failure gives the place back", async () => {
    const turns = turnsOf({ derivations: 1 });
    let end = (): void => undefined;
    const first = turns.derive(() => new Promise<void>((resolve) => (end = resolve)));
    const second = turns.derive(() => Promise.reject(new Error("damaged")));
    const third = turns.derive(async () => "done");
    expect(await settled(second)).toBe(false);
    end();
    await first;
    await expect(second).rejects.toThrow("damaged");
    expect(await third).toBe("done");
  });
});

describe("what one host says is heard by all its rows", () => {
  it("Retry-After holds all of them, in seconds or as a date", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", busy("120"));
    expect(turns.msUntil("a.example")).toBe(120_000);
    expect(turns.msUntil("b.example")).toBe(0);
    await ask(turns, "b.example", busy(new Date(5 * minute).toUTCString()));
    expect(turns.msUntil("b.example")).toBe(5 * minute);
  });

  it("503 is such a word, 500 and 404 are none", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", attempt({ code: "server-error", status: 503, retryAfter: "60" }));
    await ask(turns, "b.example", attempt({ code: "server-error", status: 500, retryAfter: "60" }));
    await ask(turns, "c.example", attempt({ code: "not-found", status: 404 }));
    expect(["a", "b", "c"].map((host) => turns.msUntil(`${host}.example`))).toEqual([60_000, 0, 0]);
  });

  it("a Retry-After that nobody can read is none", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", busy("\u001b[2Jsoon"));
    expect(turns.msUntil("a.example")).toBe(pace.firstWaitMs);
  });
});

const fault = attempt({ code: "server-error", status: 500 });

describe("attempts", () => {
  it("are as many as were asked for, with a longer wait behind each", async () => {
    const turns = turnsOf();
    const waits: number[] = [];
    for (const number of [1, 2]) {
      const before = Date.now();
      expect(await tryOnce(turns, "a.example", number, fault)).toBe(true);
      waits.push(Math.round((Date.now() - before) / 1000));
    }
    expect(waits).toEqual([10, 40]);
    expect(await tryOnce(turns, "a.example", 3, fault)).toBe(false);
  });

  it("count for a dead site while others answer", async () => {
    const turns = turnsOf();
    await ask(turns, "alive.example", good);
    expect(await tryOnce(turns, "dead.example", 1, nobody)).toBe(true);
    await ask(turns, "alive.example", good);
    expect(await tryOnce(turns, "dead.example", 3, nobody)).toBe(false);
  });

  it("count for a dead site when nothing else is left of the list, and the batch does not wait for it", async () => {
    const turns = turnsOf();
    await ask(turns, "alive.example", good);
    for (const number of [1, 2]) expect(await tryOnce(turns, "dead.example", number, nobody)).toBe(true);
    expect(await tryOnce(turns, "dead.example", 3, nobody)).toBe(false);
    await vi.advanceTimersByTimeAsync(3 * hour);
    expect(turns.isSilent).toBe(false);
  });

  it("that a dead site's first row has used up are not made again for each of its other rows", async () => {
    const turns = turnsOf();
    await ask(turns, "alive.example", good);
    for (const number of [1, 2, 3]) await tryOnce(turns, "dead.example", number, nobody);
    const before = Date.now();
    expect(await tryOnce(turns, "dead.example", 1, nobody)).toBe(false);
    expect(Date.now() - before).toBeLessThanOrEqual(minute);
    expect(await tryOnce(turns, "dead.example", 1, fault)).toBe(true);
  });

  it("count where no host has answered at all: the list or the proxy is to blame", async () => {
    const turns = turnsOf();
    for (const host of ["a.example", "b.example", "c.example"]) await ask(turns, host, nobody);
    expect(await tryOnce(turns, "a.example", 3, nobody)).toBe(false);
    await vi.advanceTimersByTimeAsync(3 * hour);
    expect(turns.isSilent).toBe(false);
  });

  it("count for names that do not exist and closed ports, however many: the network is there to say so", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", good);
    const none = attempt({ code: "network", reached: "network" });
    for (const host of ["b.example", "c.example", "d.example"]) await ask(turns, host, none);
    expect(await tryOnce(turns, "a.example", 3, none)).toBe(false);
    await vi.advanceTimersByTimeAsync(3 * hour);
    expect(turns.isSilent).toBe(false);
  });
});

describe("when the network is gone", () => {
  it("for an hour, after hosts had answered, no attempt of any row is used up, and the batch goes on", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", good);
    let tries = 0;
    while (Date.now() < hour) {
      tries += 1;
      expect(await tryOnce(turns, "a.example", tries, nobody)).toBe(true);
    }
    expect(tries).toBeGreaterThan(pace.attempts);
    expect(turns.isSilent).toBe(false);
    expect(await tryOnce(turns, "a.example", 1, fault)).toBe(true);
  });

  it("it is also when two sites that were never asked before are silent one after the other", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", good);
    await ask(turns, "b.example", nobody);
    expect(await tryOnce(turns, "c.example", 3, nobody)).toBe(true);
  });

  it("a failure that is an answer counts all the same", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", good);
    await ask(turns, "a.example", nobody);
    const cut = attempt({ code: "cut-short", reached: "host" });
    expect(await tryOnce(turns, "b.example", 3, cut)).toBe(false);
  });

  it("for two hours the batch is told so, and one answer takes it back", async () => {
    const turns = turnsOf();
    await ask(turns, "a.example", good);
    await ask(turns, "a.example", nobody);
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(turns.isSilent).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(turns.isSilent).toBe(true);
    expect(await tryOnce(turns, "a.example", 1, nobody)).toBe(false);
    await ask(turns, "b.example", good);
    expect(turns.isSilent).toBe(false);
  });
});
