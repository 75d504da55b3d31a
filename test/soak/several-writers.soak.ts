import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { appendAtOnce } from "../trials/several-writers.js";
import { soak } from "./rounds.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

soak(
  "several writers lose no entry, and a reader meanwhile finds nothing wrong",
  async ({ seed, random }) => {
    const root = join(folder.path, `seed-${seed}`);
    try {
      return await appendAtOnce(2 + Math.floor(random() * 4), 8, 60, root);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);
