/** What every operation receives from outside. `cli/main.ts` makes it, and nothing else does. */
export interface World {
  readonly now: () => Date;
  /** A clock in milliseconds that only goes up, from any start, for measuring durations. */
  readonly monotonic: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly signal: AbortSignal;
  /**
   * The caller's environment. Only PATH, HOME, XDG_DATA_HOME, XDG_CONFIG_HOME and HOLDFAST_* are read, and for signing
   * the variables that lead to the person's agent and askpass program (`tools/run/ssh-keygen.ts`).
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name and version of this program, for instance `holdfast/0.1.0`. */
  readonly tool: string;
  readonly progress: (progress: Progress) => void;
  /** A warning that a person must see whatever else is shown: on stderr, also with `--json` and `--quiet`. */
  readonly tell: (line: string) => void;
}

/** A step of the work on one URL or file, for a progress bar or a line. Sizes in bytes, speed in bytes per second. */
export interface Progress {
  readonly subject: string;
  readonly stage:
    | "look-up"
    | "download"
    | "hash"
    | "commit"
    | "derive"
    | "page"
    | "redact"
    | "verify"
    | "wait";
  readonly detail: string;
  readonly done: number | null;
  readonly total: number | null;
  readonly speed: number | null;
  readonly etaSeconds: number | null;
}

/** Resolves after `ms` milliseconds, or at once when `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
