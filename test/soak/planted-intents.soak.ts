import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { makeGround, plantAny } from "../trials/planted-intents.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
const ground = makeGround(folder.path);
afterAll(() => folder.remove());

soak("a planted row of the journal deletes nothing and reaches nothing outside the vault", async ({ seed }) =>
  plantAny(await ground, seed, 20),
);
