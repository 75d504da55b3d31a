const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const strays = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Handles events of the whole process while a command runs. The first Ctrl-C or request to end aborts the signal and is
 * told to `onInterrupt`; the second ends the process as if there were no handler, also after a first Ctrl-C that meant something else (`instead`). An uncaught error rejects `stray`: Node.js itself would exit with
 * 1, which means that evidence is not as recorded.
 */
export class ProcessEvents {
  readonly signal: AbortSignal;
  readonly stray: Promise<never>;
  private readonly onSignal: (name: NodeJS.Signals) => void;
  private onStray: (error: unknown) => void = () => {};
  private other: (() => void) | null = null;

  constructor(onInterrupt: () => void) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.stray = new Promise<never>((_resolve, reject) => {
      this.onStray = reject;
    });
    // No caller may be waiting for this promise at the moment.
    this.stray.catch(() => {});
    this.onSignal = (name) => {
      this.ignoreSignals();
      if (name === "SIGINT" && this.other !== null) return this.other();
      controller.abort();
      onInterrupt();
    };
    for (const signal of signals) process.on(signal, this.onSignal);
    for (const stray of strays) process.on(stray, this.onStray);
  }

  /** Until the returned function is called, a first Ctrl-C does `other` alone. Other requests to end keep their meaning. */
  instead(other: () => void): () => void {
    this.other = other;
    return () => {
      this.other = null;
    };
  }

  /** Stops listening. */
  close(): void {
    this.ignoreSignals();
    for (const stray of strays) process.removeListener(stray, this.onStray);
  }

  private ignoreSignals(): void {
    for (const signal of signals) process.removeListener(signal, this.onSignal);
  }
}
