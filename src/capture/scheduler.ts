import type { FetchOutcome, ListOutcome } from "../tools/download/fetch-types.js";
import { pause } from "../world.js";

/** Who may go out and who may use the processors, when several captures are made at once. */
export interface Scheduler {
  /**
   * Waits until `host` may be asked. What it resolves to must be called once when the attempt is over, with what came of it,
   * or with null where an error came instead. Rejects with the signal's reason when that is aborted first.
   */
  readonly fetch: (host: string, signal: AbortSignal) => Promise<(attempt: Attempt | null) => void>;
  /**
   * Whether a failed attempt is to be made again; resolves when it is time. `number` counts from 1. Only asked for
   * failures that can pass.
   */
  readonly again: (number: number, attempt: Attempt, signal: AbortSignal) => Promise<boolean>;
  /** Runs the work on one stored clip when a processor is free for it. */
  readonly derive: <Answer>(work: () => Promise<Answer>) => Promise<Answer>;
}

/** What came of asking a host once. */
export interface Attempt<Outcome = FetchOutcome | ListOutcome> {
  readonly outcome: Outcome;
  /**
   * Who answered: a host with as much as a byte; or only the network, which says that there is no such name or that the
   * port is closed; or nobody.
   */
  readonly reached: "host" | "network" | "nobody";
}

/** Pauses before the second and the third attempt. */
const pausesMs: readonly number[] = [1_000, 4_000];

/** One capture after the other, as `archive` makes them: nobody else is waiting. */
export const oneByOne: Scheduler = {
  fetch: async () => () => undefined,
  again: async (number, _attempt, signal) => {
    const pauseMs = pausesMs[number - 1];
    if (pauseMs === undefined) return false;
    await pause(pauseMs, signal);
    return true;
  },
  derive: (work) => work(),
};
