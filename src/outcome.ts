import type { RestsOn } from "./audit/checkpoints.js";
import type { AuthorityTime } from "./audit/authority-times.js";
import type { CheckState, Finding } from "./audit/finding.js";
import type { CaptureQuery, CaptureRowRecord } from "./vault/index/captures.js";

/** What every operation is handed from outside: made in `cli/main.ts` and nowhere else. */
export interface World {
  readonly now: () => Date;
  /** Milliseconds that only ever go up, from any start: for how long something took. */
  readonly monotonic: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly signal: AbortSignal;
  /**
   * The caller's environment; only PATH, HOME, XDG_DATA_HOME, XDG_CONFIG_HOME and HOLDFAST_* are read, and for signing
   * what leads to the person's agent and askpass program (`tools/ssh-keygen.ts`).
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
  readonly stage: "look-up" | "download" | "hash" | "commit" | "derive" | "redact" | "verify" | "wait";
  readonly detail: string;
  readonly done: number | null;
  readonly total: number | null;
  readonly speed: number | null;
  readonly etaSeconds: number | null;
}

/** One line of `archive`, `import` or `batch` with `--json`: schema `cli-output.schema.json#/$defs/captureResult`. */
export interface CaptureResult {
  /** The URL as given, or the file's name for an import. */
  readonly url: string;
  readonly status: "captured" | "already-captured" | "incomplete" | "failed";
  readonly derivation: "done" | "pending" | "failed" | null;
  readonly id: string | null;
  readonly title: string | null;
  /** Relative to the vault; null where nothing was stored. */
  readonly object: string | null;
  readonly files: readonly ResultFile[];
  readonly keyframes: number;
  /** Sequence number of the log entry that states this result. */
  readonly entry: number | null;
  /** One line; null when all went well. */
  readonly reason: string | null;
  readonly hint: string | null;
  readonly uploader: string | null;
  readonly claimed_date: string | null;
  readonly duration: string | null;
}

export interface ResultFile {
  readonly role: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One row of `list`: the index's row without the columns that only the vault itself needs. */
export type CaptureRow = Omit<CaptureRowRecord, "object" | "version" | "annex_sha256"> & {
  /** The name of an imported file by the private annex; null for a fetched one, and where that annex is not here. */
  readonly file_name: string | null;
  /** Whether an outside time-stamp covers its entry; `none` where none does and nobody is configured to be asked. */
  readonly anchor: "stamped" | "pending" | "none";
  /** The earliest time by which, after such a time-stamp, the entry existed; null where there is none. */
  readonly stamped_at: string | null;
};

/** What `list` may be asked. */
export type ListFilter = CaptureQuery;

/** Four questions, each answered by one word; `absent` is never green. */
export type { CheckState };

export interface VerifyReport {
  readonly ok: boolean;
  readonly hashes: CheckState;
  readonly chain: CheckState;
  readonly signature: CheckState;
  readonly tokens: CheckState;
  readonly checked: Readonly<Record<string, number>>;
  /** Keys, authorities and witnesses that the result is worth as much as. */
  readonly rests_on: RestsOn;
  readonly findings: readonly Finding[];
  /** Sentences about what this check can and cannot show, for a person to read. */
  readonly limits: readonly string[];
}

/** The answer of `verify PACKAGE`: as for a vault, and what is in the package. */
export interface PackageReport extends VerifyReport {
  readonly package: {
    readonly path: string;
    /** As entry 1 names the vault; null where there is no entry 1. */
    readonly origin: string | null;
    /** What the package says of itself; null where it says nothing of the kind. */
    readonly profile: "redacted" | "with-annex" | null;
    readonly captures: readonly PackagedCapture[];
  };
}

export interface PackagedCapture {
  readonly id: string;
  /** Files of this capture that entries state, and their bytes by those entries. */
  readonly files: number;
  readonly bytes: number;
  /** Whether the clip came whole, as its newest `derive` entry judges it by decoding; null where nothing here says so. */
  readonly completeness: "whole" | "incomplete" | "unknown" | null;
  /**
   * Authorities whose time-stamps over a checkpoint that the capture's first entry is shown to be in lead to a trusted root,
   * each with its earliest, the earliest first. One that was not traced to such a root says nothing.
   */
  readonly existed_by: readonly AuthorityTime[];
}

/** The answer of `verify FILE`: where these bytes are in the vault. */
export interface FileReport {
  readonly ok: boolean;
  readonly hashes: CheckState;
  readonly chain: CheckState;
  readonly signature: CheckState;
  readonly tokens: CheckState;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly matches: readonly {
    readonly capture: string;
    readonly path: string;
    readonly entry: number;
    readonly since: string;
    readonly requested_url: string | null;
    /** Whether a signed checkpoint covers the entry. */
    readonly signed: boolean;
    /** The earliest time of a time-stamp that leads to a trusted root and is over a checkpoint that covers the entry; null where there is none. */
    readonly not_later_than: string | null;
  }[];
  readonly findings: readonly Finding[];
  /** Keys, authorities and witnesses that the result is worth as much as. */
  readonly rests_on: RestsOn;
  /** Sentences about what this check can and cannot show, for a person to read. */
  readonly limits: readonly string[];
}
