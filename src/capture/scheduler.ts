import type { FetchedTrack, FetchOutcome, ListOutcome } from "../tools/download/fetch-types.js";
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
   * failures. `soFar` is what there is of the clip by now.
   */
  readonly again: (number: number, attempt: Attempt, signal: AbortSignal, soFar: SoFar) => Promise<boolean>;
  /** Must be called when no further attempt at a clip will be made. */
  readonly over: () => void;
  /** Aborted when no attempt may go on or begin: by whatever aborts the command, or when what came is enough. */
  readonly enough: AbortSignal;
  /** Runs the work on one stored clip when a processor is free. */
  readonly derive: <Answer>(work: () => Promise<Answer>) => Promise<Answer>;
}

/** What all attempts at a clip have brought so far: the bytes of the best of them. */
export interface SoFar {
  readonly subject: string;
  readonly bytes: number;
  /** What the server announced for the files that came; null if it did not for one of them. */
  readonly announced: number | null;
}

/** `tracks`: those of the attempt that received the most. */
export function soFarOf(subject: string, tracks: readonly FetchedTrack[]): SoFar {
  const announced = tracks.map(({ announcedBytes }) => announcedBytes ?? Number.NaN);
  const total = sum(announced);
  return { subject, bytes: sum(tracks.map(({ bytes }) => bytes)), announced: total > 0 ? total : null };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
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

/** A pause before a further attempt, for the person who waits for it. */
export interface Pause {
  readonly soFar: SoFar;
  /** Why what came is not the whole clip. */
  readonly reason: string;
  readonly ms: number;
  /** The number of the attempt that follows, from 1, and of how many. */
  readonly next: number;
  readonly attempts: number;
}

/** Somebody who waits for a capture. */
export interface Patience {
  /** Called as a pause begins, with the first result, whatever later attempts bring. */
  readonly onPause: (pause: Pause) => void;
  /** Called when no further attempt at a clip will be made. */
  readonly onOver: () => void;
  /** Aborted between the two by a person for whom what came is enough. */
  readonly enough: AbortSignal;
}

/** Nobody waits. */
export const endlessPatience: Patience = {
  onPause: () => undefined,
  onOver: () => undefined,
  enough: new AbortController().signal,
};

/** One capture after the other, as in `archive`: no other capture is waiting, but a person is. */
export function oneByOne(command: AbortSignal, { onPause, onOver, enough }: Patience): Scheduler {
  return {
    fetch: async () => () => undefined,
    again: async (number, attempt, signal, soFar) => {
      const { outcome, namesUnknown } = attempt;
      const ms = pausesMs[number - 1];
      // Somebody waits for the answer, and can see to the network or the spelling at once.
      if (ms === undefined || namesUnknown || isSuspected(attempt) || outcome.kind !== "failed") return false;
      const { reason } = outcome.failure;
      onPause({ soFar, reason, ms, next: number + 1, attempts: pausesMs.length + 1 });
      await pause(ms, signal);
      return true;
    },
    over: onOver,
    enough: AbortSignal.any([command, enough]),
    derive: (work) => work(),
  };
}
