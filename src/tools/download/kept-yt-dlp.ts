import { confinedCommand } from "../run/confinement.js";
import { keptYtDlpLimits } from "../run/limits.js";
import { run, supervise } from "../run/run.js";
import type { RunRequest, RunResult } from "../run/run-request.js";
import type { Downloader } from "./fetch-types.js";
import { type PreforkInterpreter, startPrefork } from "./prefork-interpreter.js";
import { usualOptions } from "./yt-dlp-args.js";
import { readYtDlpFile } from "./yt-dlp-file.js";

/** Runs yt-dlp, each time as if in a process of its own. */
export interface KeptYtDlp {
  /** Behaves like `run` of run/run.ts, and falls back to it if yt-dlp cannot be kept loaded. */
  readonly run: (request: RunRequest) => Promise<RunResult>;
  /** Ends the interpreter and everything running in it. Later requests run in their own processes. */
  readonly close: () => Promise<void>;
}

/** After this many deaths, an interpreter costs more than it saves. */
const mostDeaths = 3;

/**
 * Loads yt-dlp once, which takes most of a second, and forks a child for each run. A child has its own session, folder,
 * environment and limits, and its crash affects no other. Each run is a process of its own, as usual, if it is unknown
 * what the file would run (`readYtDlpFile`), or if the loaded yt-dlp does not start, states another version than
 * `program` or has died more than three times. Never throws.
 */
export function openKeptYtDlp(program: Downloader): KeptYtDlp {
  const kept = new Kept(program);
  void kept.load();
  return { run: (request) => kept.run(request), close: () => kept.close() };
}

class Kept {
  private readonly program: Downloader;
  private current: PreforkInterpreter | null = null;
  private loading: Promise<PreforkInterpreter | null> | null = null;
  private deaths = 0;
  private usable = true;

  constructor(program: Downloader) {
    this.program = program;
  }

  async run(request: RunRequest): Promise<RunResult> {
    const interpreter = this.canFork(request) ? await orAborted(this.load(), request.signal) : null;
    const forked = interpreter && (await interpreter.fork(request));
    return forked ? supervise(forked.started, request, forked.how) : run(request);
  }

  /** The loaded interpreter; null if there is none and will be none. */
  load(): Promise<PreforkInterpreter | null> {
    if (!this.usable) return Promise.resolve(null);
    this.loading ??= this.loadAnew();
    return this.loading;
  }

  async close(): Promise<void> {
    this.usable = false;
    await this.current?.end();
  }

  private canFork(request: RunRequest): boolean {
    const asksMore = request.stdin !== undefined || request.terminal === true;
    return request.program === this.program.path && !asksMore;
  }

  private noteDeath(): void {
    this.loading = null;
    this.deaths += 1;
    if (this.deaths > mostDeaths) this.usable = false;
  }

  private async loadAnew(): Promise<PreforkInterpreter | null> {
    const interpreter = start(this.program);
    this.current = interpreter;
    const version = await interpreter?.ready;
    if (interpreter === null || typeof version === "string") {
      if (version === this.program.version) {
        void interpreter?.ended.then(() => this.noteDeath());
        return interpreter;
      }
      this.usable = false;
    }
    await interpreter?.end();
    // An interpreter that died while loading may start the next time.
    this.noteDeath();
    return null;
  }
}

function start({ path, version }: Downloader): PreforkInterpreter | null {
  const module = readYtDlpFile(path);
  if (module === null) return null;
  // Without prlimit the record calls a run unconfined, and the system may not end a fork with its parent.
  if (confinedCommand(module.python, [], keptYtDlpLimits).sandbox === "none") return null;
  return startPrefork(module, usualOptions(version));
}

/** Null as soon as the signal aborts: `run` then reports how such a request ends. */
async function orAborted<T>(awaited: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  if (!signal) return awaited;
  let onAbort = () => {};
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) resolve(null);
  });
  try {
    return await Promise.race([awaited, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
