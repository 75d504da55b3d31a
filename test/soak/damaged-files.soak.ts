import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { damageEach, makeDamagedVault } from "../trials/damaged-vault.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const made = makeDamagedVault(folder.path);
afterAll(() => folder.remove());

soak(
  "one byte changed in any file is reported by name; in vault.db it is reported or without effect",
  async (round) => damageEach(await made, round),
);
