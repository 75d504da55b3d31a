import type Database from "better-sqlite3";
import type { VaultSettings } from "../settings.js";
import { tokensOf } from "./tokens.js";

/** How asking an authority or calendar has gone so far, and when it is asked again: working state, not evidence. */
export interface AuthorityState {
  readonly name: string;
  /** Failures since the last success. */
  readonly failures: number;
  readonly tried_at: string;
  /** It is not asked before this time; null if nothing keeps it from being asked. */
  readonly next_at: string | null;
  /** Why the last attempt failed, in one line; null if it did not. */
  readonly reason: string | null;
}

/** Undefined if it was never asked. */
export function authorityState(database: Database.Database, name: string): AuthorityState | undefined {
  return database
    .prepare<[string], AuthorityState>(
      "SELECT name, failures, tried_at, next_at, reason FROM authority WHERE name = ?",
    )
    .get(name);
}

export function authorityStates(database: Database.Database): readonly AuthorityState[] {
  return database
    .prepare<[], AuthorityState>(
      "SELECT name, failures, tried_at, next_at, reason FROM authority ORDER BY name",
    )
    .all();
}

/** An authority or calendar that has not answered for a checkpoint, and when it is asked again. */
export interface PendingAnchor {
  readonly authority: string;
  readonly reason: string;
  /** Null if the next command that writes asks it. */
  readonly next_at: string | null;
}

/** The row of the table `authority` for older promises. The parentheses keep it apart from any authority's name. */
export const promisesName = "(promises)";

/**
 * The configured authorities and calendars without a finished token over a checkpoint (FORMAT.md §15). A calendar that
 * has only promised a proof is one of them.
 */
export function pendingAnchors(
  database: Database.Database,
  { authorities = [], calendars = [] }: VaultSettings,
  checkpoint: number,
): readonly PendingAnchor[] {
  const tokens = tokensOf(database, checkpoint);
  const finished = new Set(
    tokens.flatMap(({ status, authority }) => (status === "pending" ? [] : [authority])),
  );
  const promised = new Set(tokens.map(({ authority }) => authority));
  return [...authorities, ...calendars]
    .filter(({ name }) => !finished.has(name))
    .map(({ name }) => {
      const isPromised = promised.has(name);
      const state = authorityState(database, isPromised ? promisesName : name);
      const reason = isPromised
        ? "promised a proof, which takes some hours"
        : (state?.reason ?? "not asked yet");
      return { authority: name, reason, next_at: state?.next_at ?? null };
    });
}

/** Notes the outcome in place of what was noted before. */
export function noteAuthority(database: Database.Database, state: AuthorityState): void {
  database
    .prepare(
      `INSERT OR REPLACE INTO authority (name, failures, tried_at, next_at, reason)
       VALUES (@name, @failures, @tried_at, @next_at, @reason)`,
    )
    .run(state);
}
