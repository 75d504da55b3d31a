/** An output stream of the program; `process.stdout` and `process.stderr` fit. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Reports write errors of the stream; without a listener, Node.js would end the process. */
  on?(event: "error", listener: (error: Error) => void): unknown;
}

/** Everything that `main` reads from and writes to: it uses no global stream, variable or folder. */
export interface Terminal {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute folder where relative paths start. */
  readonly cwd: string;
  /** The time zone of the user, as IANA names it; UTC if absent. */
  readonly zone?: string;
  /** Asks the user and returns what they typed. Absent if there is nobody to ask. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
}

/** The available terminal columns. A file or a pipe has no limit, so nothing is cut there. */
export function columnsOf(stream: TextStream): number {
  if (stream.isTTY !== true) return Number.POSITIVE_INFINITY;
  return stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80;
}

/** Whether the stream is a terminal that supports escape sequences. */
export function understandsEscapes(stream: TextStream, env: Terminal["env"]): boolean {
  return stream.isTTY === true && env.TERM !== "dumb";
}
