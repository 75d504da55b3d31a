import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { type StepFault, stepsOf, strike } from "../trials/disk-faults.js";
import { type Command, makeCommands } from "../trials/faulted-commands.js";

const folder = temporaryFolder();
const scratch = join(folder.path, "scratch");
let commands: readonly Command[] = [];

beforeAll(async () => {
  mkdirSync(scratch);
  commands = await makeCommands(folder.path);
});
afterAll(() => folder.remove());

describe("a command that is struck at one of its steps on the disk", () => {
  // Which command, how many of its steps from first to last, with which faults in turn; `npm run soak` strikes every step.
  const struck: readonly [string, number, readonly StepFault[]][] = [
    ["import", 3, ["killed", "EIO", "bug"]],
    ["derive", 3, ["EIO", "killed", "ENOSPC"]],
    ["annotate", 5, ["killed", "EIO", "EROFS"]],
    ["rebuild", 3, ["EIO", "killed", "bug"]],
    ["export to package", 3, ["killed", "EIO", "EMFILE"]],
    ["export to package.tar", 3, ["ENOSPC", "killed", "EIO"]],
  ];
  it.each(struck)(
    "%s keeps what it acknowledged, says what happened, and finishes when it is run again",
    async (name, count, faults) => {
      const command = commands.find((one) => one.name === name);
      if (command === undefined) throw new Error(`no command ${name}`);
      const steps = await stepsOf(command, scratch);
      expect(steps.length).toBeGreaterThan(count);
      const chosen = Array.from(
        { length: count },
        (_, n) => steps[Math.floor(((n + 0.5) * steps.length) / count)],
      );
      for (const [index, step] of chosen.entries())
        await strike(command, step ?? "", faults[index % faults.length] ?? "EIO", scratch);
    },
  );
});
