import { afterAll } from "vitest";
import { makeAuthority, makePackage } from "../support/packages.js";
import { temporaryFolder } from "../support/vaults.js";
import { damageMember, damageTar } from "../trials/random-packages.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const authority = makeAuthority("First");
const { files } = makePackage({ stamp: authority.stamp });
afterAll(() => {
  folder.remove();
  authority.remove();
});

soak("a package damaged at random never passes, and never ends the check with a crash", async (round) => ({
  ...(await damageMember(round, files, folder.path)),
  ...(await damageTar(round, files, folder.path)),
}));
