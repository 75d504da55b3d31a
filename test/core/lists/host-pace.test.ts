import { describe, expect, it } from "vitest";
import {
  afterAttempt,
  afterStart,
  backOffMs,
  type HostPace,
  type HostSaid,
  msUntilTurn,
  type PaceRules,
  unknownHost,
} from "../../../src/core/lists/host-pace.js";

const host = "video.example";
const atOnce = { host, now: 0, chance: 0 };
const rules: PaceRules = { perHost: 2, delayMs: 2_000, firstWaitMs: 10_000 };
const answered: HostSaid = { kind: "answered" };
const unreachable: HostSaid = { kind: "unreachable" };
const slowDown = (askedMs: number): HostSaid => ({ kind: "slow-down", askedMs });
const hour = 3_600_000;

/** The host after one start and one attempt at `now`, with what it said. */
function asked(pace: HostPace, now: number, said: HostSaid): HostPace {
  return afterAttempt(afterStart(pace, { host, now, chance: 0.5 }, { delayMs: 0 }), rules, now, said);
}

describe("a host is asked no faster than was said", () => {
  it("at once when it was never asked", () => {
    expect(msUntilTurn(unknownHost, rules, 5_000)).toBe(0);
  });

  it.each([
    [0, 1_000],
    [0.5, 2_000],
    [1, 3_000],
  ])("after a start not for the delay, more or less by half (chance %d: %d ms)", (chance, ms) => {
    const pace = afterStart(unknownHost, { host, now: 100, chance }, rules);
    expect(msUntilTurn(pace, rules, 100)).toBe(ms);
    expect(msUntilTurn(pace, rules, 100 + ms)).toBe(0);
  });

  it.each([0, 0.5, 1])(
    "where a site counts requests, 10 to 20 s apart unless a person says otherwise (chance %d)",
    (chance) => {
      for (const slow of ["www.youtube.com", "youtu.be", "www.instagram.com"]) {
        const pace = afterStart(unknownHost, { host: slow, now: 0, chance }, { delayMs: null });
        expect(pace.notBefore).toBe(10_000 + chance * 10_000);
        expect(afterStart(unknownHost, { host: slow, now: 0, chance }, { delayMs: 0 }).notBefore).toBe(0);
      }
      const usual = afterStart(unknownHost, { host, now: 0, chance }, { delayMs: null });
      expect(usual.notBefore).toBe(1_000 + chance * 2_000);
    },
  );

  it("never by more downloads than it may have, and by one more when one is over", () => {
    const one = afterStart(unknownHost, atOnce, rules);
    const two = afterStart(one, { ...atOnce, now: 10_000 }, rules);
    expect(msUntilTurn(one, rules, hour)).toBe(0);
    expect(msUntilTurn(two, rules, hour)).toBe(Number.POSITIVE_INFINITY);
    expect(msUntilTurn(afterAttempt(two, rules, hour, answered), rules, hour)).toBe(0);
  });

  it("an end that has no start leaves nothing negative behind", () => {
    expect(afterAttempt(unknownHost, rules, 0, answered).open).toBe(0);
  });
});

describe("a host that asks to be left alone is left alone by the whole list", () => {
  it("for as long as Retry-After says", () => {
    const pace = asked(unknownHost, 1_000, slowDown(90_000));
    expect(msUntilTurn(pace, rules, 1_000)).toBe(90_000);
    expect(msUntilTurn(pace, rules, 91_000)).toBe(0);
  });

  it("but never for more than a day", () => {
    expect(msUntilTurn(asked(unknownHost, 0, slowDown(1e15)), rules, 0)).toBe(24 * hour);
  });

  it("for four times longer at each refusal that names no time, at most two hours", () => {
    let pace = unknownHost;
    let now = 0;
    const waits = Array.from({ length: 8 }, () => {
      pace = asked(pace, now, slowDown(0));
      const ms = msUntilTurn(pace, rules, now);
      now += ms;
      return ms / 1000;
    });
    expect(waits).toEqual([10, 40, 160, 640, 2_560, 7_200, 7_200, 7_200]);
  });

  it("for less time when it cannot be reached: at most a minute", () => {
    let pace = unknownHost;
    for (let strike = 0; strike < 12; strike += 1) pace = asked(pace, 0, unreachable);
    expect(msUntilTurn(pace, rules, 0)).toBe(60_000);
  });

  it("an answer to another row does not shorten what it asked for", () => {
    const both = afterStart(afterStart(unknownHost, atOnce, rules), atOnce, rules);
    const told = afterAttempt(both, rules, 0, slowDown(hour));
    expect(msUntilTurn(afterAttempt(told, rules, 10, answered), rules, 10)).toBe(hour - 10);
  });

  it("a shorter wait that comes later does not shorten a longer one", () => {
    const both = afterStart(afterStart(unknownHost, atOnce, rules), atOnce, rules);
    const told = afterAttempt(both, rules, 0, slowDown(hour));
    expect(msUntilTurn(afterAttempt(told, rules, 0, slowDown(1_000)), rules, 0)).toBe(hour);
  });

  it("and once it answers again its next refusal counts as the first", () => {
    let pace = unknownHost;
    for (let strike = 0; strike < 3; strike += 1) pace = asked(pace, 0, slowDown(0));
    const now = hour;
    pace = asked(asked(pace, now, answered), now, slowDown(0));
    expect(msUntilTurn(pace, rules, now)).toBe(10_000);
  });
});

describe("the wait behind an attempt", () => {
  it("is four times longer each time, at most two hours, and a number for any attempt", () => {
    expect([1, 2, 3, 4].map((attempt) => backOffMs(rules, attempt))).toEqual([
      10_000, 40_000, 160_000, 640_000,
    ]);
    expect([6, 100, 1e9].map((attempt) => backOffMs(rules, attempt))).toEqual([2 * hour, 2 * hour, 2 * hour]);
  });
});
