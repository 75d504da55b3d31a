import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { forge, makeForgedVault } from "../trials/forger.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const made = makeForgedVault(folder.path);
afterAll(() => folder.remove());

soak("what a writer without the key forges is never signed, and never passes a verifier", async (round) =>
  forge(await made, round, 10),
);
