import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { type StepFault, stepsOf, strike } from "../trials/disk-faults.js";
import { type Command, makeCommands } from "../trials/faulted-commands.js";
import { type Figures, type Round, soak } from "./rounds.js";

const folder = temporaryFolder();
const scratch = join(folder.path, "scratch");
const faults: readonly StepFault[] = [
  "killed",
  "bug",
  "EIO",
  "ENOSPC",
  "EROFS",
  "EMFILE",
  "EDQUOT",
  "EACCES",
];
let struck: readonly { readonly command: Command; readonly step: string }[] = [];

beforeAll(async () => {
  mkdirSync(scratch);
  const steps = [];
  for (const command of await makeCommands(folder.path))
    for (const step of await stepsOf(command, scratch)) steps.push({ command, step });
  struck = steps;
});
afterAll(() => folder.remove());

/** What no system answers with EACCES: the file was opened, and would have been refused then. */
const onOpenFile = /^(write|read|p?writev?|f?(data)?sync|f?truncate|close)/;

const seen = new Set<string>();

/** Any step of any command with any fault. */
async function strikeAny({ random }: Round): Promise<Figures> {
  const { command, step } = struck[Math.floor(random() * struck.length)]!;
  const drawn = faults[Math.floor(random() * faults.length)]!;
  const fault = drawn === "EACCES" && onOpenFile.test(step) ? "EIO" : drawn;
  await strike(command, step, fault, scratch);
  const isNew = seen.size < seen.add(`${command.name} ${step}`).size;
  return { [fault]: 1, "steps of commands struck": isNew ? 1 : 0 };
}

soak("a fault at any step of a command loses nothing that was acknowledged", strikeAny);
