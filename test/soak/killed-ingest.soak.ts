import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { killIngest } from "../trials/killed-ingest.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

soak("kill -9 of one or two writers at any moment loses nothing that was acknowledged", (round) =>
  killIngest(round.random() < 0.7 ? 1 : 2, 12, round, folder.path),
);
