import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { killBatch } from "../trials/killed-batch.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

soak("a batch killed at any moment ends with one result for each row, and each clip once", (round) =>
  killBatch(60, 8, round, folder.path),
);
