import fc from "fast-check";
import type { Figures, Round } from "../soak/rounds.js";
import { type ForeignReader, inputsOf } from "./foreign-reader.js";
import { listReaders } from "./list-readers.js";
import { logReaders } from "./log-readers.js";
import { packageReaders } from "./package-readers.js";
import { siteReaders } from "./site-readers.js";

/** Every reader of what somebody else wrote. */
export const foreignReaders: readonly ForeignReader[] = [
  ...listReaders,
  ...siteReaders,
  ...logReaders,
  ...packageReaders,
];

/** Gives a reader `runs` inputs that follow from `seed`; throws, with seed and smallest input, at the first fault. */
export function fuzz(reader: ForeignReader, seed: number, runs: number): void {
  fc.assert(
    fc.property(inputsOf(reader), (text) => {
      reader.read(text);
    }),
    { seed, numRuns: runs },
  );
}

const runsInRound = 200;

/** Every reader once more with new inputs; counts how many took longer than a tenth of a second, and than a second. */
export async function fuzzAll({ seed }: Round): Promise<Figures> {
  const figures = { inputs: 0, "over 100 ms": 0, "over 1 s": 0 };
  for (const reader of foreignReaders) {
    const timed = (text: string) => {
      const began = performance.now();
      reader.read(text);
      const took = performance.now() - began;
      figures.inputs += 1;
      if (took > 100) figures["over 100 ms"] += 1;
      if (took > 1000) figures["over 1 s"] += 1;
    };
    fuzz({ ...reader, read: timed }, seed, runsInRound);
  }
  return figures;
}
