import { KeptWords } from "./kept-words.js";
import type { EndedBy, RunRequest, Started } from "./run-request.js";

/** Collects a running program's output up to its limit; `drained` resolves when stdout and stderr are closed. */
export function collectOutput(started: Started, request: RunRequest, ending: GroupEnding) {
  const stdout: Buffer[] = [];
  const stderr = new KeptWords();
  let stdoutBytes = 0;
  let takenBytes = 0;
  let inHand = false;
  let seenBytes = 0;
  let abandoned = false;
  started.stderr.on("data", (chunk: Buffer) => {
    request.onStderr?.(chunk);
    stderr.push(chunk);
    takenBytes += chunk.length;
  });
  // The two pipes are separate: error messages may still arrive after stdout has ended.
  const closed = new Promise<void>((resolve) => {
    if (started.stderr.closed) resolve();
    else started.stderr.once("close", () => resolve());
  });
  const endByReader = (reason: string) => ending.end("watchdog", reason);
  const taken = (async () => {
    try {
      for await (const chunk of started.stdout) {
        stdoutBytes += chunk.length;
        takenBytes += chunk.length;
        if (stdoutBytes > request.limits.stdoutBytes) {
          ending.end("output-limit", `printed more than ${request.limits.stdoutBytes} bytes`);
          break;
        }
        inHand = true;
        if (request.onStdout) await request.onStdout(chunk, endByReader);
        else stdout.push(chunk);
        inHand = false;
      }
    } catch (error) {
      if (!abandoned)
        ending.end("aborted", error instanceof Error ? error.message : "the output could not be read");
    }
  })();
  const drained = Promise.all([taken, closed]);
  /** Whether nothing has arrived or been in progress since the last call. */
  const isIdle = (): boolean => {
    const idle = !inHand && takenBytes === seenBytes;
    seenBytes = takenBytes;
    return idle;
  };
  const abandon = (): void => {
    abandoned = true;
    started.stdout.destroy();
    started.stderr.destroy();
  };
  return { stdout, stderr, drained, isIdle, abandon };
}

/** Time between asking a program to end and killing it. */
export const graceMs = 3000;

/**
 * Ends the whole process group, first with SIGTERM, then with SIGKILL: some programs ignore SIGTERM while they
 * allocate.
 */
export class GroupEnding {
  by: EndedBy = "exited";
  reason = "exited";
  private killer: NodeJS.Timeout | undefined;
  private readonly kill: Started["kill"];

  constructor(kill: Started["kill"]) {
    this.kill = kill;
  }

  end(by: EndedBy, reason: string): void {
    if (this.by !== "exited") return;
    this.note(by, reason);
    this.kill("SIGTERM");
    this.killer = setTimeout(() => this.kill("SIGKILL"), graceMs);
  }

  note(by: EndedBy, reason: string): void {
    this.by = by;
    this.reason = reason;
  }

  sweep(): void {
    clearTimeout(this.killer);
    this.kill("SIGKILL");
  }
}
