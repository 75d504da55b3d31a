import { join } from "node:path";
import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { vectorScenarios } from "../trials/mutant-scenarios.js";
import { mutantsOf, openBench, tryMutant, verifier } from "../trials/mutants.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const opened = vectorScenarios(folder.path).then((scenarios) =>
  openBench(join(folder.path, "build"), scenarios, true),
);
afterAll(() => folder.remove());

/** File → scenarios that found a change of it: tried first for the next one. */
const killers = new Map<string, string[]>();

soak(
  "a verifier with one small mistake in it is caught by the scenarios of test/vectors/damage",
  async (round) => {
    const bench = await opened;
    const all = verifier.flatMap((name) => mutantsOf(bench.dist, name));
    const mutant = all[Math.floor(round.random() * all.length)];
    if (mutant === undefined) return {};
    const known = killers.get(mutant.file) ?? [];
    const verdict = await tryMutant(bench, mutant, known);
    if ("invalid" in verdict) return { "mistakes that are no program": 1 };
    if ("unreached" in verdict) return { "mistakes where no scenario comes": 1 };
    if ("killedBy" in verdict) {
      killers.set(mutant.file, [verdict.killedBy, ...known.filter((name) => name !== verdict.killedBy)]);
      return { mistakes: 1, caught: 1 };
    }
    const { file, at, what, from, to } = mutant;
    return { mistakes: 1, "not caught": 1, [`(${file} at ${at}, ${what}: ${from} is ${to})`]: 1 };
  },
);
