import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { makeDamagedVault } from "../trials/damaged-vault.js";
import { editRows, everyEdit } from "../trials/edited-rows.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const made = makeDamagedVault(folder.path);
afterAll(() => folder.remove());

soak("a value, row or exchange in any table but those of working state is reported", async (round) => {
  const vault = await made;
  return editRows(vault, round, everyEdit(vault), 100);
});
