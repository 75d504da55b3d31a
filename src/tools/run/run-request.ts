import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import type { Jail } from "./jail.js";

/** What a child may use. Figures and reasons: SECURITY bounds, one row each in `limits.ts`. */
export interface Limits {
  readonly wallMs: number;
  readonly cpuSeconds: number;
  readonly addressSpaceBytes: number;
  readonly fileSizeBytes: number;
  readonly stdoutBytes: number;
}

export interface RunRequest {
  /** Absolute path of the program. */
  readonly program: string;
  readonly argv: readonly string[];
  /** An empty folder of ours; also the child's TMPDIR. */
  readonly cwd: string;
  readonly limits: Limits;
  /** The program reads a stranger's file: where a jail works here, it sees these, `cwd` (to write in) and nothing else of ours. */
  readonly jail?: Jail;
  /** What the program reads on stdin; without it stdin is empty. */
  readonly stdin?: Uint8Array;
  /** Added to the child's environment, which otherwise holds nothing of ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program asks the person at the terminal: it keeps our session and stdin. Never for a program fed with foreign data. */
  readonly terminal?: boolean;
  /** Receives stdout as it comes; without it stdout is collected up to `limits.stdoutBytes`. */
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>;
  /** Called every second; a returned reason ends the whole process group. */
  readonly watch?: () => string | null;
  readonly signal?: AbortSignal;
}

export type EndedBy = "exited" | "not-started" | "wall-time" | "output-limit" | "aborted" | "watchdog";

export interface RunResult {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly endedBy: EndedBy;
  /** Words for `endedBy`, for instance what the watchdog saw. */
  readonly reason: string;
  readonly stdout: Buffer;
  /** The last MiB; hostile text, never shown raw. */
  readonly stderr: Buffer;
  readonly sandbox: Sandbox;
  /** True for a fork of a kept interpreter, which had the program loaded. */
  readonly forked: boolean;
}

/** A running program with a process group of its own, as `supervise` sees it. */
export interface Started {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How it ended; `notStarted` says why it never ran. Never rejects. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly notStarted: string | null;
  }>;
  /** Sends a signal to the whole group; nothing happens where it is gone. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** A program that is kept open. */
export interface KeptProcess {
  readonly child: ChildProcess;
  readonly sandbox: Sandbox;
}

/** Which confinement a child ran under; goes into the record. */
export type Sandbox = "bwrap" | "prlimit" | "none";
