import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { Readable } from "node:stream";
import {
  bwrap,
  type Confined,
  childEnvironment,
  confinedCommand,
  jailedCommand,
  prlimit,
} from "./confinement.js";
import { isOfTheSystem, type Jail } from "./jail.js";
import { serveDoor } from "./jail-door.js";
import { type JailState, pathsOf, tryJail } from "./jail-state.js";
import { cutAtEnd, onLifeline } from "./lifeline.js";
import { versionLimits } from "./limits.js";
import { collectOutput, GroupEnding, graceMs } from "./program-output.js";
import type { KeptProcess, RunRequest, RunResult, Started } from "./run-request.js";

/** Decided once per process: if a jail fails later, that run fails instead of continuing without one. */
async function confine(
  request: Pick<RunRequest, "program" | "argv" | "cwd" | "limits" | "env" | "jail">,
): Promise<Confined> {
  const { program, argv, limits, cwd, jail } = request;
  // The caller's only way out is the door of a jail, so without a jail the program must not run.
  if (!jail || !(jail.door || (await jailState(program)).works))
    return confinedCommand(program, argv, limits);
  return jailedCommand(request, { ...jail, writes: [cwd, ...jail.writes] });
}

const jailStates = new Map<string, Promise<JailState>>();

/**
 * Whether `program` starts inside a jail on this machine. Tried once per process, with a program that does nothing. A
 * program outside `/usr` may have its libraries anywhere, so it is started itself, without arguments.
 */
export function jailState(program: string): Promise<JailState> {
  const tried = pathsOf(program).every(isOfTheSystem) ? "/usr/bin/true" : program;
  const state = jailStates.get(tried) ?? tryJail(tried, [bwrap, prlimit], startLockedIn);
  jailStates.set(tried, state);
  return state;
}

/** Starts a program in a jail that shows nothing of the user's. */
function startLockedIn(program: string): Promise<RunResult> {
  return runToTry(program, [], { reads: [], writes: [] });
}

/** Runs a short program of the system's or holdfast's in a jail that shows only `jail`, to see whether it can run. */
export function runToTry(program: string, argv: readonly string[], jail: Jail): Promise<RunResult> {
  const request = { program, argv, cwd: "/tmp", limits: versionLimits, jail };
  return start(request, jailedCommand(request, jail));
}

/** Runs a program to its end. Every program is started here or by `startKept`, and nowhere else. */
export async function run(request: RunRequest): Promise<RunResult> {
  return start(request, await confine(request));
}

function start(request: RunRequest, confined: Confined): Promise<RunResult> {
  const { sandbox } = confined;
  const how = { startedAt: new Date().toISOString(), sandbox, forked: false };
  const terminal = request.terminal === true;
  const stdin = request.stdin || request.onStarted ? "pipe" : terminal ? "inherit" : "ignore";
  const { child, report } = spawnConfined(confined, request, stdin, !terminal);
  // A program that ends without reading all input is judged by its exit, not by the broken pipe.
  child.stdin?.on("error", () => undefined);
  if (request.onStarted && child.stdin && child.pid !== undefined)
    request.onStarted({ input: child.stdin, pid: child.pid });
  else child.stdin?.end(request.stdin);
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("a child without pipes");
  const kill = (signal: NodeJS.Signals) =>
    terminal ? void child.kill(signal) : killGroup(child.pid, signal);
  const whole = { ended: endOf(child), kill };
  const process = report ? followJail(report, whole, killGroup) : whole;
  return supervise({ stdout, stderr, ...process }, request, how);
}

/** A started child, and of a jail bubblewrap's report; `doorOpen` resolves with whether the door of its jail was opened. */
interface Spawned {
  readonly child: ChildProcess;
  readonly report: Readable | null;
  readonly doorOpen: Promise<boolean>;
}

function spawnConfined(
  { command, args, sandbox }: Confined,
  { cwd, env, jail }: Pick<RunRequest, "cwd" | "env" | "jail">,
  stdin: "pipe" | "inherit" | "ignore",
  detached: boolean,
): Spawned {
  const jailed = sandbox === "bwrap";
  const door = jailed ? jail?.door : undefined;
  const words = jailed ? ["--json-status-fd", "3", ...args] : args;
  const channels = [
    stdin,
    "pipe",
    "pipe",
    ...(jailed ? (["pipe"] as const) : []),
    ...(door ? (["ipc"] as const) : []),
  ] as const;
  // A program that shares the terminal shares the group of this process, which nobody may end.
  const tied = jailed && detached;
  const lifeline = channels.length;
  const [first, rest] = tied ? onLifeline([command, ...words], lifeline) : [command, words];
  const child = spawn(first, [...rest], {
    cwd,
    env: { ...childEnvironment(cwd), ...env },
    stdio: [...channels, ...(tied ? (["pipe"] as const) : [])],
    detached,
    shell: false,
  });
  if (tied) cutAtEnd(child, lifeline);
  const third = child.stdio[3];
  const report = jailed && third instanceof Readable ? third : null;
  return { child, report, doorOpen: door ? serveDoor(child, door) : Promise.resolve(false) };
}

/** A jail held open without a program in it, for one that holdfast sends in later. */
export interface OpenJail {
  /** The first process in the jail. */
  readonly pid: number;
  /** Ends everything inside the jail. */
  readonly close: () => void;
}

/**
 * Sets up the jail of a request and opens its door; null if that is not possible. The caller must close the jail, which
 * also ends with this process.
 */
export async function openJail(request: RunRequest & { readonly jail: Jail }): Promise<OpenJail | null> {
  const jail = { ...request.jail, writes: [request.cwd, ...request.jail.writes] };
  const confined = jailedCommand({ ...request, program: null }, jail);
  const { child, report, doorOpen } = spawnConfined(confined, { ...request, jail }, "pipe", true);
  child.stdout?.resume();
  child.stderr?.resume();
  const close = () => killGroup(child.pid, "SIGKILL");
  const late = setTimeout(close, versionLimits.wallMs);
  const pid = report ? await firstInside(report) : null;
  const isOpen = await doorOpen;
  clearTimeout(late);
  if (pid !== null && isOpen) return { pid, close };
  close();
  return null;
}

/**
 * Enforces a running program's limits and waits for its whole process group to end. Never throws because of the program:
 * every outcome is a RunResult.
 */
export async function supervise(
  started: Started,
  request: RunRequest,
  how: Pick<RunResult, "startedAt" | "sandbox" | "forked">,
): Promise<RunResult> {
  const ending = new GroupEnding(started.kill);
  const output = collectOutput(started, request, ending);
  const timers = [
    setTimeout(
      () => ending.end("wall-time", `ran longer than ${request.limits.wallMs} ms`),
      request.limits.wallMs,
    ),
  ];
  const watch = request.watch;
  if (watch) {
    timers.push(
      setInterval(() => {
        const reason = watch();
        if (reason !== null) ending.end("watchdog", reason);
      }, 1000),
    );
  }
  const onAbort = () => ending.end("aborted", "interrupted");
  request.signal?.addEventListener("abort", onAbort, { once: true });
  if (request.signal?.aborted) onAbort();

  const { exitCode, signal, notStarted } = await started.ended;
  if (notStarted !== null) ending.note("not-started", notStarted);
  // Processes that the program left running hold the pipes open and must not outlive it.
  ending.sweep();
  // A process that left the group may live on; closing the pipes keeps it from blocking this process.
  const late = setInterval(() => {
    if (output.isIdle() || Date.now() - Date.parse(how.startedAt) > request.limits.wallMs) output.abandon();
  }, graceMs);
  await output.drained;
  clearInterval(late);
  for (const timer of timers) clearTimeout(timer);
  request.signal?.removeEventListener("abort", onAbort);
  return {
    endedAt: new Date().toISOString(),
    exitCode,
    signal,
    endedBy: ending.by,
    reason: ending.reason,
    stdout: Buffer.concat(output.stdout),
    stderr: output.stderr.bytes(),
    ...how,
  };
}

/** Sends a signal to a process group; does nothing if the group is gone or never existed. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is already gone.
  }
}

type KeptRequest = Pick<RunRequest, "program" | "argv" | "cwd" | "limits" | "env">;

/**
 * Starts a program that stays open and communicates over its pipes, under the same rules as `run`: confined, with an
 * environment made from scratch, no shell and its own process group. The caller must end it; if the system supports it,
 * the program also ends with this process.
 */
export function startKept(request: KeptRequest): KeptProcess {
  return keep(request, confinedCommand(request.program, request.argv, request.limits));
}

/** The same for a program that reads untrusted files: it runs in a jail. */
export async function startKeptJailed(request: KeptRequest & { readonly jail: Jail }): Promise<KeptProcess> {
  return keep(request, await confine(request));
}

function keep(request: KeptRequest & Pick<RunRequest, "jail">, confined: Confined): KeptProcess {
  const { child, report } = spawnConfined(confined, request, "pipe", true);
  report?.resume();
  return { child, sandbox: confined.sandbox };
}

/** How long a program that opens something may take to say that it cannot. */
const refusalMs = 5000;

/**
 * Starts a program of the person's desktop with a file of ours and leaves it running, in their own environment: it must
 * find their screen and browser. Never for foreign data as an argument. False if it could not start or failed at once.
 */
export function startAndLeave(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const child = spawn(program, [...argv], { env, stdio: "ignore", detached: true, shell: false });
  child.unref();
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(true), refusalMs);
    void endOf(child).then(({ exitCode }) => {
      clearTimeout(late);
      resolve(exitCode === 0);
    });
  });
}

function endOf(child: ChildProcess): Started["ended"] {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, signal: null, notStarted: error.message }));
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, notStarted: null }));
  });
}

const childPid = /"child-pid": (\d+)/;

type Process = Pick<Started, "ended" | "kill">;

/**
 * Follows a program inside a jail through bubblewrap's report (`--json-status-fd`), which the program cannot reach. Sends
 * SIGTERM to the program's group and every other signal to bubblewrap, which takes everything inside down with it. A jail
 * that could not be set up counts as a program that did not start. An exit status by which bubblewrap reports a signal
 * counts as that signal.
 */
function followJail(
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

/** The first process inside, according to bubblewrap's report; null if the report ends without naming it. */
function firstInside(report: Readable): Promise<number | null> {
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
