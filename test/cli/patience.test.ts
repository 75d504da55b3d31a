import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pause } from "../../src/capture/scheduler.js";
import { enoughLine, patienceOf, pauseLine } from "../../src/cli/patience.js";
import { ProcessEvents } from "../../src/cli/process-events.js";
import { Screen } from "../../src/cli/screen.js";
import { openSession } from "../../src/cli/session.js";
import { hostileTexts, steeringIn } from "../support/hostile-texts.js";
import { testWorld } from "../support/vaults.js";
import { capturedTerminal } from "./terminal-double.js";

const cut: Pause = {
  soFar: { subject: "https://video.example/8", bytes: 16_384, announced: 63_004 },
  reason: "the transfer broke off before the end",
  ...{ ms: 4000, next: 3, attempts: 3 },
};
const empty: Pause = {
  soFar: { subject: "https://video.example/8", bytes: 0, announced: null },
  reason: "the server sent no bytes",
  ...{ ms: 1000, next: 2, attempts: 3 },
};

describe("the line about a pause", () => {
  test("says what came, why it is not the whole, when and how often it is tried again, and what Ctrl-C does", () => {
    expect(pauseLine(cut)).toBe(
      "https://video.example/8: the transfer broke off before the end; 16.4 kB of 63.0 kB have come so far; trying again in 4 seconds, 1 attempt left; Ctrl-C keeps what came",
    );
    expect(pauseLine({ ...cut, soFar: { ...cut.soFar, announced: null } })).toContain(
      "; 16.4 kB have come so far; ",
    );
  });

  test("promises to keep nothing where nothing came", () => {
    expect(pauseLine(empty)).toBe(
      "https://video.example/8: the server sent no bytes; nothing has come so far; trying again in 1 second, 2 attempts left; Ctrl-C leaves it at that",
    );
    expect(enoughLine(cut)).toContain("what came is being stored");
    expect(enoughLine(empty)).not.toContain("stored");
  });

  test("stays one printable line, whatever address and reason say", () => {
    for (const { text } of hostileTexts) {
      const line = pauseLine({ ...cut, reason: text, soFar: { ...cut.soFar, subject: text } });
      expect(line).not.toContain("\n");
      expect(steeringIn(line)).toBeNull();
    }
  });
});

describe("whoever waits", () => {
  let events: ProcessEvents;
  let interrupted = 0;
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    interrupted = 0;
    events = new ProcessEvents(() => (interrupted += 1));
  });
  afterEach(() => {
    events.close();
    vi.useRealTimers();
  });

  function wait(columns: number | undefined, options: { quiet?: boolean; json?: boolean } = {}) {
    const io = capturedTerminal(columns === undefined ? {} : { columns });
    const screen = new Screen(io, () => new Date(), false);
    const world = {
      ...testWorld(),
      monotonic: () => Date.now(),
      progress: screen.progress.bind(screen),
    };
    const session = openSession({ color: false, ...options }, io, world, screen, (other) =>
      events.instead(other),
    );
    return { io, patience: patienceOf(session) };
  }

  test("sees on a terminal the seconds that are left, then that the next attempt is at work", () => {
    const { io, patience } = wait(120);
    patience.onPause(cut);
    const shown = () => io.written.stderr.split("\r\u001b[2K").at(-1);
    expect(shown()).toMatch(/^waiting, for attempt 3 of 3 {2}0:04 left/);
    vi.advanceTimersByTime(1500);
    expect(shown()).toMatch(/^waiting, for attempt 3 of 3 {2}0:03 left/);
    vi.advanceTimersByTime(2750);
    expect(shown()).toMatch(/^looking up, attempt 3 of 3/);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("reads one line in a file, and nothing on stdout", () => {
    const { io, patience } = wait(undefined, { json: true });
    patience.onPause(cut);
    vi.advanceTimersByTime(60_000);
    expect(io.written).toMatchObject({ stdout: "", stderr: `${pauseLine(cut)}\n` });
  });

  test("reads nothing of it with --quiet, until Ctrl-C is heard", () => {
    const { io, patience } = wait(undefined, { quiet: true });
    patience.onPause(cut);
    expect(io.written.stderr).toBe("");
    process.emit("SIGINT", "SIGINT");
    expect(io.written.stderr).toBe(`holdfast: ${enoughLine(cut)}\n`);
  });

  test("ends the attempts with Ctrl-C and not the command, and nothing counts on", () => {
    const { io, patience } = wait(120);
    patience.onPause(cut);
    process.emit("SIGINT", "SIGINT");
    expect([patience.enough.aborted, events.signal.aborted, interrupted]).toEqual([true, false, 0]);
    expect(io.written.stderr).toContain(`holdfast: ${enoughLine(cut)}`);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends the command with Ctrl-C once the attempts are over", () => {
    const { patience } = wait(120);
    patience.onPause(cut);
    patience.onOver();
    expect(vi.getTimerCount()).toBe(0);
    process.emit("SIGINT", "SIGINT");
    expect([patience.enough.aborted, events.signal.aborted, interrupted]).toEqual([false, true, 1]);
  });
});
