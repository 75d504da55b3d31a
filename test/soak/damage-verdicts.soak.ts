import type { DamageScenario } from "../support/damage.js";
import { readVectors } from "../support/vectors.js";
import { judge, judgeByHand } from "../trials/damage-verdicts.js";
import { soak } from "./rounds.js";

soak("every scenario of test/vectors/damage is judged alike by three verifiers", async () => {
  const all = readVectors<DamageScenario>("damage");
  for (const scenario of all) {
    await judge(scenario);
    if (scenario.target === "package") judgeByHand(scenario);
  }
  return { scenarios: all.length };
});
