/** The two ends a program talks through; `process.stdout` and `process.stderr` fit. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** A stream reports here what it could not write; without a listener Node would end the process. */
  on?(event: "error", listener: (error: Error) => void): unknown;
}

/** Everything the command line reads from and writes to: `main` touches no global stream, variable or folder. */
export interface Terminal {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute folder that relative paths start from. */
  readonly cwd: string;
  /** Asks a person and answers what they typed. Missing where nobody is there to ask. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
}

/** Terminal columns to fit into. A file or a pipe has no width: nothing is cut there. */
export function columnsOf(stream: TextStream): number {
  if (stream.isTTY !== true) return Number.POSITIVE_INFINITY;
  return stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80;
}

/** Whether escape sequences may be written: only to a terminal, and not to one that says it knows none. */
export function understandsEscapes(stream: TextStream, env: Terminal["env"]): boolean {
  return stream.isTTY === true && env.TERM !== "dumb";
}
