import { describe, expect, it } from "vitest";
import { nextDue } from "../../../src/core/observe/due.js";

const since = new Date("2026-12-01T12:00:00.000Z");
const hours = (count: number) => new Date(since.getTime() + count * 3_600_000);

describe("a post is due", () => {
  it("1 hour, 6 hours, 1, 3 and 7 days after its capture, then every 30 days", () => {
    const times: number[] = [];
    let observed: Date | null = null;
    for (let count = 0; count < 8; count += 1) {
      observed = nextDue({ since, observed });
      times.push((observed.getTime() - since.getTime()) / 3_600_000);
    }
    expect(times).toEqual([1, 6, 24, 72, 168, 168 + 720, 168 + 1440, 168 + 2160]);
  });

  it("once for all times that passed while nobody asked", () => {
    expect(nextDue({ since, observed: hours(30) })).toEqual(hours(72));
    expect(nextDue({ since, observed: hours(1000) })).toEqual(hours(1720));
  });

  it("an hour after a change, whatever was observed before it", () => {
    expect(nextDue({ since: hours(1000), observed: hours(1000) })).toEqual(hours(1001));
    expect(nextDue({ since: hours(1000), observed: hours(900) })).toEqual(hours(1001));
  });
});
