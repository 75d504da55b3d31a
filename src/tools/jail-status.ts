import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { Started } from "./run/run.js";

const childPid = /"child-pid": (\d+)/;

type Process = Pick<Started, "ended" | "kill">;

/**
 * A program inside a jail, seen through bubblewrap's own report (`--json-status-fd`), which the program cannot reach:
 * SIGTERM goes to the program's group, everything else to bubblewrap, with which all inside dies. A jail that could not
 * be set up counts as a program that was not started, and an exit status by which bubblewrap tells of a signal as that signal.
 */
export function followJail(
  report: Readable,
  bubblewrap: Process,
  signalGroup: (pid: number, signal: NodeJS.Signals) => void,
): Process {
  let said = "";
  let over = false;
  const told = new Promise<void>((resolve) => {
    report.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
    });
    report.once("close", resolve);
  });
  const ended = bubblewrap.ended.then(async (end) => {
    over = true;
    if (end.notStarted !== null || end.signal !== null) return end;
    await told;
    const status = numberIn(said, /"exit-code": (\d+)/);
    return status === null ? { ...end, notStarted: "the jail could not be set up" } : endBy(status);
  });
  const kill = (signal: NodeJS.Signals): void => {
    const inside = over || signal !== "SIGTERM" ? null : numberIn(said, childPid);
    if (inside === null) bubblewrap.kill(signal);
    else signalGroup(inside, signal);
  };
  return { ended, kill };
}

/** The process that bubblewrap's report names as the first one inside; null when the report ends before. */
export function firstInside(report: Readable): Promise<number | null> {
  return new Promise((resolve) => {
    let said = "";
    report.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      const pid = numberIn(said, childPid);
      if (pid !== null) resolve(pid);
    });
    report.once("close", () => resolve(null));
  });
}

function endBy(status: number): Awaited<Started["ended"]> {
  const number = status - 128;
  const [signal] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return signal === undefined
    ? { exitCode: status, signal: null, notStarted: null }
    : { exitCode: null, signal, notStarted: null };
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
