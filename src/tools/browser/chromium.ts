import { PassThrough } from "node:stream";
import type { RunRecord } from "../../core/capture/record.js";
import { textAt } from "../../core/page/foreign-fields.js";
import { printable } from "../../core/words/printable.js";
import type { Door } from "../run/jail.js";
import { isExecutable } from "../run/jail-state.js";
import { run } from "../run/run.js";
import { describeRun } from "../run/run-description.js";
import type { RunResult } from "../run/run-request.js";
import { chromiumArgv, chromiumRun, userAgentOf, type VisitLimits } from "./chromium-command.js";
import { DevTools } from "./devtools.js";
import { isLockedIn, isRenderer, memoryOf, processTree } from "./process-tree.js";

/** The browser: the program itself, not a script that starts it. */
export interface ChromiumProgram {
  readonly path: string;
  readonly version: string;
}

export interface ChromiumRequest {
  readonly chromium: ChromiumProgram;
  readonly door: Door;
  /** An empty folder of holdfast's; absolute. */
  readonly scratch: string;
  readonly limits: VisitLimits;
  readonly signal: AbortSignal;
  /** Why the browser must end now; asked each second. */
  readonly mustEnd: () => string | null;
}

/** A running browser. `close` must be called. */
export interface Chromium {
  readonly devtools: DevTools;
  readonly browser: string;
  readonly userAgent: string;
  /** Whether it was started so that it locks in its own processes. */
  readonly ownSandbox: boolean;
  /** Whether its processes that draw pages are locked in by it; null if there is none, or the system does not tell. */
  readonly isLockedIn: () => boolean | null;
  /** Resolves when the browser and all its processes have ended. */
  readonly ended: Promise<ChromiumEnd>;
  /** Ends it and says how it ran. */
  readonly close: () => Promise<ChromiumEnd>;
}

/** How the browser ended, and its run for the record. */
export interface ChromiumEnd {
  readonly result: RunResult;
  readonly run: RunRecord;
  readonly because: "closed" | "memory" | "bound" | "wall-time" | "interrupted" | "itself";
}

export interface NotStarted {
  readonly code: "browser-missing" | "browser-not-started" | "interrupted";
  readonly reason: string;
  readonly run: RunRecord | null;
}

/**
 * Starts Chromium in a jail, with its own sandbox inside, and waits until it answers. Only where the machine lets nobody
 * make namespaces in a jail it is started without a sandbox of its own, which `ownSandbox` says. Never without the jail.
 */
export async function startChromium(request: ChromiumRequest): Promise<Chromium | NotStarted> {
  if (!isExecutable(request.chromium.path))
    return { code: "browser-missing", reason: `${request.chromium.path} is not a program`, run: null };
  const first = await tryToStart(request, true);
  if (!("code" in first) || !first.lacksNamespaces) return first;
  return tryToStart(request, false);
}

type Refused = NotStarted & { readonly lacksNamespaces: boolean };

/** How long the browser may take to end after it was asked to. */
const closingMs = 3000;

async function tryToStart(request: ChromiumRequest, ownSandbox: boolean): Promise<Chromium | Refused> {
  const { chromium, scratch, signal } = request;
  const own = chromiumArgv(userAgentOf(chromium.version), ownSandbox);
  const started = spawn(request, own);
  const { devtools } = started;
  let closing = false;
  const ended = started.result.then((result): ChromiumEnd => {
    const because = closing ? "closed" : signal.aborted ? "interrupted" : started.because(result);
    return { result, run: describeRun(chromium.path, own, result, [[scratch, "<scratch>"]]), because };
  });
  const about = await devtools.send("Browser.getVersion").catch(() => null);
  if (about === null) {
    started.kill();
    return refusal(await ended);
  }
  return {
    devtools,
    browser: textAt(about, "product") ?? chromium.version,
    userAgent: textAt(about, "userAgent") ?? "",
    ownSandbox,
    isLockedIn: () => isLockedIn(processTree(started.pid()), isRenderer),
    ended,
    close: async () => {
      if (closing) return ended;
      closing = true;
      const late = setTimeout(started.kill, closingMs);
      void devtools.send("Browser.close").catch(() => undefined);
      const end = await ended;
      clearTimeout(late);
      return end;
    },
  };
}

/** Why it did not start. A browser that can make no namespaces says so. */
function refusal({ result, run, because }: ChromiumEnd): Refused {
  if (because === "interrupted")
    return { code: "interrupted", reason: "interrupted", run, lacksNamespaces: false };
  const words = result.stderr.toString("utf8");
  const lacksNamespaces = /No usable sandbox|Failed to move to new namespace/.test(words);
  const last = words.trim().split("\n").at(-1) ?? "";
  const how =
    result.endedBy === "exited" ? `ended with status ${result.exitCode ?? result.signal}` : result.reason;
  const reason = `the browser did not start: it ${how}${last === "" ? "" : `; ${printable(last, 300)}`}`;
  return { code: "browser-not-started", reason, run, lacksNamespaces };
}

/** A program that was started, and what can be done with it before it answers. */
interface Spawned {
  readonly devtools: DevTools;
  readonly result: Promise<RunResult>;
  /** 0 until it has started. */
  readonly pid: () => number;
  readonly kill: () => void;
  readonly because: (result: RunResult) => ChromiumEnd["because"];
}

function spawn(request: ChromiumRequest, argv: readonly string[]): Spawned {
  const { scratch, door, limits, signal, mustEnd } = request;
  const killer = new AbortController();
  const input = new PassThrough();
  const devtools = new DevTools(input);
  let pid = 0;
  let memory = false;
  const result = run({
    ...chromiumRun(request.chromium.path, argv, scratch, door, limits),
    signal: AbortSignal.any([signal, killer.signal]),
    watch: () => {
      const bytes = memoryOf(processTree(pid));
      memory = bytes > limits.memoryBytes;
      return memory ? `its processes took ${bytes} bytes of memory` : mustEnd();
    },
    onStarted: (process) => {
      pid = process.pid;
      input.pipe(process.input);
    },
    onStdout: (chunk, end) => {
      if (!devtools.hear(chunk)) end("said what is no message");
    },
  });
  void result.then(() => devtools.end("the browser has ended"));
  return {
    devtools,
    result,
    pid: () => pid,
    kill: () => killer.abort(),
    because: ({ endedBy }) => {
      if (memory) return "memory";
      if (endedBy === "wall-time") return "wall-time";
      return endedBy === "watchdog" || endedBy === "output-limit" ? "bound" : "itself";
    },
  };
}
