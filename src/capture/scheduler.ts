import type { FetchOutcome, ListOutcome } from "../tools/download/fetch-types.js";
import { pause } from "../world.js";

/** Decides which of several simultaneous captures may use the network and the processors. */
export interface Scheduler {
  /**
   * Waits until `host` may be contacted. The caller must call the returned function once after the attempt, with its
   * result, or with null after an error. Rejects with the signal's reason if that is aborted first.
   */
  readonly fetch: (host: string, signal: AbortSignal) => Promise<(attempt: Attempt | null) => void>;
  /**
   * Whether to repeat a failed attempt; resolves when it is time. `number` counts from 1. Called only for temporary
   * failures.
   */
  readonly again: (number: number, attempt: Attempt, signal: AbortSignal) => Promise<boolean>;
  /** Runs the work on one stored clip when a processor is free. */
  readonly derive: <Answer>(work: () => Promise<Answer>) => Promise<Answer>;
}

/** The result of contacting a host once. */
export interface Attempt<Outcome = FetchOutcome | ListOutcome> {
  readonly outcome: Outcome;
  /**
   * Who answered: a host, with at least a byte; only the network, for instance that the name does not exist or the port is
   * closed; or nobody.
   */
  readonly reached: "host" | "network" | "nobody";
  /** Whether nothing was asked because no name that was asked for is known here: without a network none is. */
  readonly namesUnknown: boolean;
}

/** Whether the site asks for proof that a person is watching. Who asks again within the hour is only suspected the more. */
export function isSuspected({ outcome }: Pick<Attempt, "outcome">): boolean {
  return outcome.kind === "failed" && outcome.failure.code === "bot-check";
}

/** The pauses before the second and the third attempt. */
const pausesMs: readonly number[] = [1_000, 4_000];

/** One capture after the other, as in `archive`: no other capture is waiting. */
export const oneByOne: Scheduler = {
  fetch: async () => () => undefined,
  again: async (number, attempt, signal) => {
    const pauseMs = pausesMs[number - 1];
    // Somebody waits for the answer, and can see to the network or the spelling at once.
    if (pauseMs === undefined || attempt.namesUnknown || isSuspected(attempt)) return false;
    await pause(pauseMs, signal);
    return true;
  },
  derive: (work) => work(),
};
