import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { endedAfter } from "../../src/seal/ended-after.js";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

describe("a limit of time for what asks others", () => {
  it("comes however often memory is cleared meanwhile, and says that it was the time", async () => {
    const signal = endedAfter(50, new AbortController().signal);
    const clearing = setInterval(collect, 5);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    clearInterval(clearing);
    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  });

  it("comes at once with an interrupt, before or after, and keeps its reason", () => {
    const person = new AbortController();
    const signal = endedAfter(60_000, person.signal);
    expect(signal.aborted).toBe(false);
    person.abort("Ctrl-C");
    expect([signal.aborted, signal.reason]).toEqual([true, "Ctrl-C"]);
    expect(endedAfter(60_000, person.signal).reason).toBe("Ctrl-C");
  });
});
