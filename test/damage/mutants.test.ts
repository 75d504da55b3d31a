import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { catchMistake, mistakes } from "../trials/mistakes.js";
import { quickScenarios } from "../trials/mutant-scenarios.js";
import { type MutantBench, openBench, tryMutant } from "../trials/mutants.js";

const folder = temporaryFolder();
let bench: MutantBench;

beforeAll(async () => {
  bench = await openBench(join(folder.path, "build"), await quickScenarios(join(folder.path, "scenarios")));
});
afterAll(() => folder.remove());

/** Of each layer that a check goes through, one; the soak tries every one (test/SOAK.md). */
const inEachLayer: readonly string[] = [
  "does not compare links",
  "does not compare inventories",
  "does not compare segments",
  "believes every signature",
  "asks a database with another schema",
  "believes every proof",
  "does not compare files with entries",
];

describe("a verifier with a mistake in it", () => {
  it.each(inEachLayer)("that %s is caught", async (what) => {
    const mistake = mistakes.find((one) => one.what === what);
    if (mistake === undefined) throw new Error("there is no such mistake");
    await catchMistake(bench, mistake);
  });

  it("and one without a mistake is not: the reports are the same each time", async () => {
    const nothing = { file: "audit/entry.js", what: "nothing", at: 0, from: "", to: "\n" };
    const some = { ...bench, scenarios: bench.scenarios.slice(0, 4), expected: bench.expected.slice(0, 4) };
    expect(await tryMutant(some, nothing)).toEqual({ survived: true });
  });
});
