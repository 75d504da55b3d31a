import { join } from "node:path";
import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { catchMistake, mistakes } from "../trials/mistakes.js";
import { quickScenarios } from "../trials/mutant-scenarios.js";
import { openBench } from "../trials/mutants.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const opened = quickScenarios(join(folder.path, "scenarios")).then((scenarios) =>
  openBench(join(folder.path, "build"), scenarios),
);
afterAll(() => folder.remove());

soak("a verifier with one of the mistakes that somebody could make is caught", async () => {
  const bench = await opened;
  for (const mistake of mistakes) await catchMistake(bench, mistake);
  return { mistakes: mistakes.length };
});
