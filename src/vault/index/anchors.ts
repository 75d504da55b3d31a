import type Database from "better-sqlite3";
import { HoldfastError } from "../../core/words/error.js";
import type { VaultLayout } from "../layout.js";
import { readSettings, type VaultSettings } from "../settings.js";
import { newestProven, stampedCheckpoints } from "./tokens.js";

/**
 * Which entries were time-stamped and when, by the tokens that the log names. This is the index's word; an audit checks
 * it.
 */
export interface StoredAnchors {
  /** Ascending by size. */
  readonly stamped: readonly { readonly checkpoint: number; readonly gen_time: string }[];
  /** The newest checkpoint with a complete OpenTimestamps proof; 0 without one. */
  readonly proven: number;
  /** Whether any authority or calendar is configured. */
  readonly expected: boolean;
}

interface Reader {
  readonly layout: VaultLayout;
  readonly database: Database.Database;
}

export function readAnchors({ layout, database }: Reader): StoredAnchors {
  const { authorities = [], calendars = [] } = configured(layout);
  const expected = authorities.length + calendars.length > 0;
  return { stamped: stampedCheckpoints(database), proven: newestProven(database), expected };
}

/** The settings of `holdfast.json`; those of a vault without any if it cannot be read, which `verify` reports. */
export function configured(layout: VaultLayout): VaultSettings {
  try {
    return readSettings(layout.settings).settings.settings;
  } catch (error) {
    const unreadable = error instanceof HoldfastError || (error instanceof Error && "code" in error);
    if (unreadable) return {};
    throw error;
  }
}

/**
 * What the oldest stamped checkpoint that covers entry `seq` says about its time. An entry under a complete
 * OpenTimestamps proof alone is stamped without a time: that of the block is not in the proof.
 */
export function anchorOf(
  { stamped, proven, expected }: StoredAnchors,
  seq: number,
): { readonly anchor: "stamped" | "pending" | "none"; readonly stamped_at: string | null } {
  let low = 0;
  let high = stamped.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((stamped[middle]?.checkpoint ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  const time = stamped[low]?.gen_time ?? null;
  if (time !== null) return { anchor: "stamped", stamped_at: time };
  if (proven >= seq) return { anchor: "stamped", stamped_at: null };
  return { anchor: expected ? "pending" : "none", stamped_at: null };
}
