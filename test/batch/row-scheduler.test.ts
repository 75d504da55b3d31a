import { describe, expect, it } from "vitest";
import { RowScheduler, saidBy } from "../../src/batch/row-scheduler.js";
import { type Attempt, oneByOne, type Pause, soFarOf } from "../../src/capture/scheduler.js";
import { type FailureCode, failureOf } from "../../src/core/capture/failure-codes.js";
import type { ScheduleEvent } from "../../src/core/lists/schedule.js";
import type { FetchedTrack } from "../../src/tools/download/fetch-types.js";

const minute = 60_000;

function attempt(facts: {
  code?: FailureCode;
  status?: number;
  retryAfter?: string;
  reached?: Attempt["reached"];
}): Attempt {
  const { code, status = null, retryAfter = null, reached = "host" } = facts;
  const outcome = code
    ? { kind: "failed", failure: failureOf(code), lastStatus: status, retryAfter }
    : { kind: "media", lastStatus: status, retryAfter };
  return { outcome, reached, namesUnknown: false } as unknown as Attempt;
}

describe("what an attempt says of its host's pace", () => {
  const busy = (retryAfter: string) => attempt({ code: "rate-limited", status: 429, retryAfter });
  const none = { kind: "answered" };

  it.each([
    ["Retry-After in seconds is heard", busy("120"), { kind: "slow-down", askedMs: 2 * minute }],
    ["and as a date", busy(new Date(5 * minute).toUTCString()), { kind: "slow-down", askedMs: 5 * minute }],
    ["one that nobody can read asks for nothing", busy("\u001b[2Jsoon"), { kind: "slow-down", askedMs: 0 }],
    [
      "503 asks for time",
      attempt({ code: "server-error", status: 503, retryAfter: "60" }),
      { kind: "slow-down", askedMs: minute },
    ],
    ["500 does not", attempt({ code: "server-error", status: 500, retryAfter: "60" }), none],
    ["nor does 404", attempt({ code: "not-found", status: 404 }), none],
    ["a success asks for nothing", attempt({ status: 200 }), none],
    [
      "where no host answered, nobody was there",
      attempt({ code: "network", reached: "nobody" }),
      { kind: "unreachable" },
    ],
    [
      "a site that asks for proof of a person is left alone for an hour",
      attempt({ code: "bot-check" }),
      { kind: "slow-down", askedMs: 60 * minute },
    ],
    [
      "and for longer if it asks for more",
      attempt({ code: "bot-check", status: 429, retryAfter: "7200" }),
      { kind: "slow-down", askedMs: 120 * minute },
    ],
    ["a connection that broke off had an answer", attempt({ code: "network", reached: "host" }), none],
  ])("%s", (_claim, told, said) => expect(saidBy(told, new Date(0))).toEqual(said));
});

function waited() {
  const [command, person] = [new AbortController(), new AbortController()];
  const pauses: Pause[] = [];
  const onPause = (pause: Pause) => void pauses.push(pause);
  const patience = { onPause, onOver: () => undefined, enough: person.signal };
  return { scheduler: oneByOne(command.signal, patience), command, person, pauses };
}

describe("one capture after the other", () => {
  it("does not ask a site again at once that asks for proof of a person", async () => {
    const { scheduler, command, pauses } = waited();
    expect(await scheduler.again(1, attempt({ code: "bot-check" }), command.signal, soFarOf("x", []))).toBe(
      false,
    );
    expect(pauses).toEqual([]);
  });

  it("says before each pause what there is, and stops trying when a person or the command has enough", async () => {
    const { scheduler, command, person, pauses } = waited();
    const came = soFarOf("x", [{ bytes: 3, announcedBytes: 8 } as FetchedTrack]);
    person.abort();
    expect([scheduler.enough.aborted, command.signal.aborted]).toEqual([true, false]);
    await scheduler.again(2, attempt({ code: "cut-short" }), scheduler.enough, came);
    expect(await scheduler.again(3, attempt({ code: "cut-short" }), scheduler.enough, came)).toBe(false);
    expect(pauses).toEqual([
      {
        soFar: { subject: "x", bytes: 3, announced: 8 },
        reason: "the transfer broke off before the end",
        ...{ ms: 4000, next: 3, attempts: 3 },
      },
    ]);
    const other = waited();
    other.command.abort();
    expect(other.scheduler.enough.aborted).toBe(true);
  });

  it("announces no whole size where a server announced only that of one file", () => {
    const sizes = (...of: (number | null)[]) =>
      of.map((announcedBytes) => ({ bytes: 1, announcedBytes }) as FetchedTrack);
    expect(soFarOf("x", sizes(5, 6)).announced).toBe(11);
    expect(soFarOf("x", sizes(5, null)).announced).toBeNull();
    expect(soFarOf("x", []).announced).toBeNull();
  });
});

describe("a row", () => {
  const told: ScheduleEvent[] = [];
  const never = new AbortController().signal;
  const world = { now: () => new Date(0), random: () => Uint8Array.of(255), signal: never };
  const scheduler = new RowScheduler(7, (event) => void told.push(event), world);
  const last = () => told.at(-1);

  it("asks its host once the schedule lets it, and tells what came of that", async () => {
    const over = scheduler.fetch("a.example", never);
    expect(last()).toEqual({ kind: "asked", row: 7, host: "a.example", chance: 1 });
    scheduler.decide({ kind: "fetch", row: 7 });
    (await over)(attempt({ status: 200 }));
    expect(last()).toEqual({
      ...{ kind: "answered", row: 7 },
      answer: { said: { kind: "answered" }, reached: "host" },
    });
    (await over)(null);
    expect(last()).toEqual({ kind: "answered", row: 7, answer: null });
  });

  it("that waits is ended with the reason of the interrupt", async () => {
    const stop = new AbortController();
    const held = scheduler.fetch("a.example", stop.signal);
    stop.abort(new Error("enough"));
    scheduler.decide({ kind: "refuse", row: 7 });
    await expect(held).rejects.toThrow("enough");
  });

  it.each([true, false])("tries again where the schedule says so: %s", async (again) => {
    const answer = scheduler.again(2, attempt({ code: "network", reached: "network" }));
    expect(last()).toEqual({ kind: "failed", row: 7, number: 2, unreachable: true, chance: 1 });
    scheduler.decide({ kind: "retry", row: 7, again });
    expect(await answer).toBe(again);
  });

  it("gives its processor back, also where the work on its clip fails", async () => {
    const work = scheduler.derive(() => Promise.reject(new Error("damaged")));
    expect(last()).toEqual({ kind: "stored", row: 7 });
    scheduler.decide({ kind: "derive", row: 7 });
    await expect(work).rejects.toThrow("damaged");
    expect(last()).toEqual({ kind: "derived", row: 7 });
  });
});
