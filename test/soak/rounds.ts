import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { test } from "vitest";

/** One repetition of a trial. All that varies in it comes from its seed, so that a failure can be had again. */
export interface Round {
  readonly seed: number;
  /** The next number of this round's own sequence: 0 included, 1 excluded. */
  readonly random: () => number;
}

/** What a trial counted: name → how often. Sums over all rounds stand in the table of test/README.md. */
export type Figures = Readonly<Record<string, number>>;

/** A round by its seed: the tests run the same trials as `npm run soak`, with seeds 1, 2, 3 … */
export function roundOf(seed: number): Round {
  return { seed, random: sequence(seed) };
}

/**
 * Repeats `trial` until this claim's share of the time is over, at least once, and writes down what it counted. One
 * claim a file. A round that throws ends the claim, and its seed is named: `HOLDFAST_SOAK_ROUND` runs that round alone.
 */
export function soak(claim: string, trial: (round: Round) => Promise<Figures>): void {
  const { HOLDFAST_SOAK_SEED = "1", HOLDFAST_SOAK_MS = "0", HOLDFAST_SOAK_FIGURES } = process.env;
  const only = process.env.HOLDFAST_SOAK_ROUND;
  test(claim, { timeout: 0 }, async () => {
    const until = performance.now() + Number(HOLDFAST_SOAK_MS);
    const sums = new Map<string, number>();
    let rounds = 0;
    let failed: number | null = null;
    try {
      do {
        const seed = only === undefined ? seedOf(HOLDFAST_SOAK_SEED, claim, rounds) : Number(only);
        failed = seed;
        for (const [name, count] of Object.entries(await trial(roundOf(seed))))
          sums.set(name, (sums.get(name) ?? 0) + count);
        failed = null;
        rounds += 1;
      } while (only === undefined && performance.now() < until);
    } catch (error) {
      throw new Error(`round ${failed} of “${claim}” failed`, { cause: error });
    } finally {
      const line = JSON.stringify({ claim, rounds, failed, figures: Object.fromEntries(sums) });
      if (HOLDFAST_SOAK_FIGURES !== undefined) appendFileSync(HOLDFAST_SOAK_FIGURES, `${line}\n`);
    }
  });
}

function seedOf(seed: string, claim: string, round: number): number {
  return createHash("sha256").update(`${seed}\n${claim}\n${round}`).digest().readUInt32BE(0);
}

/** The generator mulberry32: small, and the same everywhere. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
