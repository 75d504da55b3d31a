import { describe, expect } from "vitest";
import { failed, verify, write } from "../support/verify-sh.js";
import { damaged, damages, signedAs, signedTexts } from "../trials/package-damages.js";
import { packageListClaims } from "../trials/package-lists.js";
import { stolenKeyClaims } from "../trials/stolen-keys.js";
import { packageClaims } from "../trials/verify-sh-claims.js";
import { shellClaims } from "../trials/verify-sh-shells.js";
import { soak } from "./rounds.js";

const shells = ["dash", "bash"];

soak("verify.sh finds every damage alone, under every shell", async () => {
  const all = [...damages, ...signedTexts.map(signedAs)];
  for (const shell of shells) {
    for (const damage of all) {
      const [title, steps] = damage;
      const outcome = verify(shell, write(damaged([damage])));
      expect([title, outcome.status, failed(outcome).sort()]).toEqual([title, 1, [...steps].sort()]);
    }
  }
  return { damages: all.length * shells.length };
});

describe.each(shells)("verify.sh under %s", { timeout: 300_000 }, (shell) => {
  shellClaims(shell, "each alone");
  packageClaims(shell, "each alone");
});

describe("verify.sh beside the two other verifiers", { timeout: 300_000 }, () => {
  packageListClaims("everything");
  stolenKeyClaims("everything");
});
