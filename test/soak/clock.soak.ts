import { join } from "node:path";
import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { runClocks } from "../trials/clocks.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

soak("a clock that jumps keeps nothing from being logged in order", async ({ seed, random }) => {
  const times = Array.from({ length: 8 }, () => Math.floor(random() * 2 ** 43));
  await runClocks(times, join(folder.path, `seed-${seed}`), Math.floor(random() * times.length));
  return { times: times.length };
});
