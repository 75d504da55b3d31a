import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Jail } from "./jail.js";

/** The resource limits of a child process. `limits.ts` has the figures and the reasons. */
export interface Limits {
  readonly wallMs: number;
  readonly cpuSeconds: number;
  readonly addressSpaceBytes: number;
  /**
   * For a program that reserves far more address space than it uses: `addressSpaceBytes` then bounds its private writable
   * memory.
   */
  readonly reservesMemory?: true;
  /** Files open at once; 256 if not given. */
  readonly openFiles?: number;
  readonly fileSizeBytes: number;
  readonly stdoutBytes: number;
}

export interface RunRequest {
  /** Absolute path of the program. */
  readonly program: string;
  readonly argv: readonly string[];
  /** An empty folder made by holdfast; also the child's TMPDIR. */
  readonly cwd: string;
  readonly limits: Limits;
  /**
   * For a program that reads untrusted files: if a jail works here, it sees only these files and `cwd`, which it may
   * write.
   */
  readonly jail?: Jail;
  /** The program's input on stdin; empty if not given. */
  readonly stdin?: Uint8Array;
  /**
   * Receives the started program for a conversation: its input stays open until it ends or the caller ends it. Not with
   * `stdin`.
   */
  readonly onStarted?: (process: Conversation) => void;
  /** Added to the child's environment, which otherwise inherits nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Lets the program ask the user: it keeps this process's session and stdin. Never for a program that reads untrusted
   * data.
   */
  readonly terminal?: boolean;
  /**
   * Receives stdout as it arrives; if not given, stdout is collected up to `limits.stdoutBytes`. `end` ends the whole
   * process group for a reason, as `watch` does.
   */
  readonly onStdout?: (chunk: Buffer, end: (reason: string) => void) => void | Promise<void>;
  /** Receives stderr as it arrives; its last MiB is collected all the same. */
  readonly onStderr?: (chunk: Buffer) => void;
  /** Called every second; if it returns a reason, the whole process group is ended. */
  readonly watch?: () => string | null;
  readonly signal?: AbortSignal;
}

/** A started program that holdfast talks to over its pipes. */
export interface Conversation {
  readonly input: Writable;
  /** Its first process, of which all others descend; of a jailed program, bubblewrap. */
  readonly pid: number;
}

export type EndedBy = "exited" | "not-started" | "wall-time" | "output-limit" | "aborted" | "watchdog";

export interface RunResult {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly endedBy: EndedBy;
  /** Explains `endedBy`, for instance with what the watchdog saw. */
  readonly reason: string;
  readonly stdout: Buffer;
  /** The last MiB. A hostile page or clip can control this text; never print it raw. */
  readonly stderr: Buffer;
  readonly sandbox: Sandbox;
  /** Whether this was a fork of a kept interpreter with the program already loaded. */
  readonly forked: boolean;
}

/** A running program in its own process group, as `supervise` sees it. */
export interface Started {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How the program ended; `notStarted` says why it never ran. Never rejects. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly notStarted: string | null;
  }>;
  /** Sends a signal to the whole group; does nothing if the group is gone. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** A program that stays open. */
export interface KeptProcess {
  readonly child: ChildProcess;
  readonly sandbox: Sandbox;
}

/** The confinement of a child process, as stated in the record. */
export type Sandbox = "bwrap" | "prlimit" | "none";
