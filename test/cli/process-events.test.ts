import { expect, test } from "vitest";
import { ProcessEvents } from "../../src/cli/process-events.js";

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "the first %s asks the work to stop, the second is not held back",
  (name) => {
    const before = process.listenerCount(name);
    let told = 0;
    const events = new ProcessEvents(() => (told += 1));
    try {
      expect(process.listenerCount(name)).toBe(before + 1);
      process.emit(name);
      expect(events.signal.aborted).toBe(true);
      process.emit(name);
      expect(told).toBe(1);
      expect(process.listenerCount(name)).toBe(before);
    } finally {
      events.close();
    }
  },
);

test("after a command nothing is listened to", () => {
  const names = ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException", "unhandledRejection"];
  const count = () => names.map((name) => process.listenerCount(name));
  const before = count();
  const events = new ProcessEvents(() => undefined);
  expect(count()).toEqual(before.map((listeners) => listeners + 1));
  events.close();
  expect(count()).toEqual(before);
});
