import { describe, expect, it } from "vitest";
import { isConfirmed, type Observed, stateChange } from "../../../src/core/observe/state.js";
import type { Verdict } from "../../../src/core/observe/verdict.js";

const start = Date.parse("2026-12-01T12:00:00.000Z");

/** An observation so many hours after the first, by a structured answer unless said otherwise. */
function seen(verdict: Verdict, hours: number, structured = verdict === "reported-gone"): Observed {
  return { verdict, structured, at: new Date(start + hours * 3_600_000).toISOString() };
}

describe("a post is confirmed to be reported gone", () => {
  it("by two structured answers that are 24 hours apart, and by no less", () => {
    expect(isConfirmed(seen("reported-gone", 24), [seen("reported-gone", 0)])).toBe(true);
    expect(isConfirmed(seen("reported-gone", 23.99), [seen("reported-gone", 0)])).toBe(false);
    expect(isConfirmed(seen("reported-gone", 48), [])).toBe(false);
  });

  it("by no answer that was not structured", () => {
    expect(isConfirmed(seen("reported-gone", 24, false), [seen("reported-gone", 0)])).toBe(false);
    expect(isConfirmed(seen("reported-gone", 24), [seen("reported-gone", 0, false)])).toBe(false);
  });

  it.each(["online", "changed", "restricted"] as const)("not where it was %s between the two", (between) => {
    const earlier = [seen("reported-gone", 0), seen(between, 12)];
    expect(isConfirmed(seen("reported-gone", 24), earlier)).toBe(false);
  });

  it.each(["unknown", "blocked", "unreachable"] as const)(
    "also where one between said nothing of it: %s",
    (between) => {
      const earlier = [seen("reported-gone", 0), seen(between, 12)];
      expect(isConfirmed(seen("reported-gone", 24), earlier)).toBe(true);
    },
  );

  it("not by an answer whose time lies after the newest, as a clock that was wrong leaves it", () => {
    expect(isConfirmed(seen("reported-gone", 0), [seen("reported-gone", 48)])).toBe(false);
  });

  it("never for any other verdict", () => {
    expect(isConfirmed(seen("restricted", 24, true), [seen("reported-gone", 0)])).toBe(false);
  });
});

describe("a change of state is told", () => {
  it("once, when what was there is reported gone, and once more when that is confirmed", () => {
    const online = seen("online", 0);
    const [gone, again, confirmed, after] = [1, 6, 25, 73].map((hours) => seen("reported-gone", hours));
    if (!gone || !again || !confirmed || !after) throw new Error("four observations");
    expect(stateChange(online, [])).toBeNull();
    expect(stateChange(gone, [online])).toEqual({ from: "online", to: "reported-gone", confirmed: false });
    expect(stateChange(again, [online, gone])).toBeNull();
    expect(stateChange(confirmed, [online, gone, again])).toEqual({
      from: "reported-gone",
      to: "reported-gone",
      confirmed: true,
    });
    expect(stateChange(after, [online, gone, again, confirmed])).toBeNull();
  });

  it("at the first observation only where the post is not there as it was captured", () => {
    expect(stateChange(seen("reported-gone", 0), [])).toEqual({
      from: null,
      to: "reported-gone",
      confirmed: false,
    });
    expect(stateChange(seen("changed", 0), [])).toEqual({ from: null, to: "online", confirmed: false });
  });

  it("not by what says nothing of the post, and across it", () => {
    const earlier = [seen("online", 0), seen("blocked", 1)];
    expect(stateChange(seen("unreachable", 2), earlier)).toBeNull();
    expect(stateChange(seen("online", 2), earlier)).toBeNull();
    expect(stateChange(seen("restricted", 2), earlier)).toEqual({
      from: "online",
      to: "restricted",
      confirmed: false,
    });
  });

  it("when a post that was reported gone is there again", () => {
    const change = stateChange(seen("online", 30), [seen("reported-gone", 0)]);
    expect(change).toEqual({ from: "reported-gone", to: "online", confirmed: false });
  });
});
