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

test("a first Ctrl-C that means something else for a while is not held back the second time, and a request to end stays one", () => {
  const before = process.listenerCount("SIGINT");
  let told = 0;
  let other = 0;
  const begin = () => {
    const events = new ProcessEvents(() => (told += 1));
    events.instead(() => (other += 1));
    return events;
  };
  const pressed = begin();
  process.emit("SIGINT", "SIGINT");
  expect([other, told, pressed.signal.aborted]).toEqual([1, 0, false]);
  expect(process.listenerCount("SIGINT")).toBe(before);
  pressed.close();
  const asked = begin();
  process.emit("SIGTERM", "SIGTERM");
  expect([other, told, asked.signal.aborted]).toEqual([1, 1, true]);
  asked.close();
});

test("after a command nothing is listened to", () => {
  const names = ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException", "unhandledRejection"];
  const count = () => names.map((name) => process.listenerCount(name));
  const before = count();
  const events = new ProcessEvents(() => undefined);
  expect(count()).toEqual(before.map((listeners) => listeners + 1));
  events.close();
  expect(count()).toEqual(before);
});
