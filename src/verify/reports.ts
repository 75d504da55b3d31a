import type { AuthorityTime } from "../audit/authority-times.js";
import type { CheckState, Finding } from "../audit/finding.js";
import type { RestsOn } from "../audit/log-facts.js";

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
