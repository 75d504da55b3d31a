import type { AuthorityTime } from "../audit/authority-times.js";
import type { EntryList } from "../audit/entry-list.js";
import type { CheckState, Finding } from "../audit/finding.js";
import type { Question } from "../audit/finding-codes.js";
import type { RestsOn } from "../audit/log-facts.js";
import type { World } from "../world.js";

/** The four answers of a check. */
export type Answers = Readonly<Record<Question, CheckState>>;

export interface VerifyReport extends Answers {
  readonly ok: boolean;
  readonly checked: Readonly<Record<string, number>>;
  /** The keys, authorities and witnesses that the result rests on. */
  readonly rests_on: RestsOn;
  readonly findings: readonly Finding[];
}

/** The answer of `verify PACKAGE`: as for a vault, and what is in the package. */
export interface PackageReport extends VerifyReport {
  /** Null if nothing in it was checked. */
  readonly contents: {
    /** The `export-begun` entry in it; null if there is none. */
    readonly list: EntryList | null;
  } | null;
  readonly package: {
    readonly path: string;
    /** As entry 1 names the vault; null if there is no entry 1. */
    readonly origin: string | null;
    /** What the package says of itself; null if it says nothing of the kind. */
    readonly profile: "redacted" | "with-annex" | null;
    readonly captures: readonly PackagedCapture[];
  };
}

export interface PackagedCapture {
  readonly id: string;
  /** Files of this capture that entries state, and their bytes by those entries. */
  readonly files: number;
  readonly bytes: number;
  /**
   * Whether the clip arrived whole, as its newest `derive` entry judges it by decoding; null if nothing here says so.
   */
  readonly completeness: "whole" | "incomplete" | "unknown" | null;
  /**
   * Authorities with time-stamps that lead to a trusted root, over a checkpoint that is shown to hold the capture's
   * first entry, each with its earliest, the earliest first. A time-stamp that was not traced to such a root says
   * nothing.
   */
  readonly existed_by: readonly AuthorityTime[];
}

/** Shows how many of the files have been read. */
export function showFiles({ progress }: World, subject: string, done: number, total: number): void {
  progress({ subject, stage: "verify", detail: "files", done, total, speed: null, etaSeconds: null });
}
