import { constants } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClockCheck } from "../../core/capture/record.js";
import { run } from "./run.js";
import type { Limits, RunResult } from "./run-request.js";

const limits: Limits = {
  wallMs: 1000,
  cpuSeconds: 1,
  addressSpaceBytes: 1024 ** 3,
  fileSizeBytes: 1024 ** 2,
  stdoutBytes: 64 * 1024,
};

/** A time service, how to ask it, and how to read its answer; null for an unusable answer. */
interface TimeService {
  readonly source: string;
  readonly program: string;
  readonly argv: readonly string[];
  readonly read: (stdout: string) => boolean | null;
}

const services: readonly TimeService[] = [
  {
    source: "timedatectl",
    program: "/usr/bin/timedatectl",
    argv: ["show", "-p", "NTPSynchronized", "--value"],
    read: readTimedatectl,
  },
  { source: "chronyc", program: "/usr/bin/chronyc", argv: ["-n", "tracking"], read: readChronyc },
];

/**
 * Asks whether a time service keeps this machine's clock. `checked_at` is `now`, UTC. Takes at most two seconds. If no
 * service answers, the source is `none` and `synchronised` is null, which means unknown, not wrong.
 */
export async function checkClock(now: Date): Promise<ClockCheck> {
  const checked_at = now.toISOString();
  for (const service of services) {
    const synchronised = await ask(service);
    if (synchronised !== null) return { source: service.source, synchronised, checked_at };
  }
  return { source: "none", synchronised: null, checked_at };
}

async function ask(service: TimeService): Promise<boolean | null> {
  const there = await access(service.program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) return null;
  const result = await inScratch((cwd) => run({ program: service.program, argv: service.argv, cwd, limits }));
  if (result.endedBy !== "exited" || result.exitCode !== 0) return null;
  return service.read(result.stdout.toString("utf8"));
}

async function inScratch(work: (cwd: string) => Promise<RunResult>): Promise<RunResult> {
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-clock-"));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Reads the output of `timedatectl show -p NTPSynchronized --value`: `yes`, `no`, or null for anything else. */
export function readTimedatectl(stdout: string): boolean | null {
  const word = stdout.trim();
  return word === "yes" ? true : word === "no" ? false : null;
}

/** Reads the output of `chronyc tracking`: the leap status is `Not synchronised` until a source is selected. */
export function readChronyc(stdout: string): boolean | null {
  const status = /^Leap status\s*:\s*(.+)$/m.exec(stdout)?.[1]?.trim();
  return status === undefined ? null : status !== "Not synchronised";
}
