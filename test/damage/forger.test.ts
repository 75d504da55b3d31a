import { afterAll, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import { temporaryFolder } from "../support/vaults.js";
import { forge, makeForgedVault } from "../trials/forger.js";

const folder = temporaryFolder();
const made = makeForgedVault(folder.path);
afterAll(() => folder.remove());

it("what a writer without the key forges is never signed, and never passes a verifier", async () => {
  // `npm run soak` forges as many as there is time for.
  const figures = await forge(await made, roundOf(1), 6);
  expect(figures["of them signed once more"]).toBeGreaterThan(0);
});
