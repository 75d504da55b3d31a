import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import {
  confine,
  confinements,
  needsOf,
  onSmallDisk,
  whyNoMounts,
  whyNotConfined,
} from "../trials/confined-disk.js";
import { type Command, makeCommands } from "../trials/faulted-commands.js";
import { type Figures, type Round, soak } from "./rounds.js";

const folder = temporaryFolder();
const scratch = join(folder.path, "scratch");
let commands: readonly Command[] = [];

beforeAll(async () => {
  mkdirSync(scratch);
  commands = await makeCommands(folder.path);
});
afterAll(() => folder.remove());

/** Any command on a disk of any size, or without anything else that it needs. */
async function confineAny({ random }: Round): Promise<Figures> {
  const command = commands[Math.floor(random() * commands.length)]!;
  if (whyNoMounts() !== null || random() < 0.3) {
    const ways = confinements().filter(
      (how) =>
        whyNotConfined(how) === null &&
        (command.name !== "import" || !["EROFS", "EACCES"].includes(how.fault)),
    );
    const how = ways[Math.floor(random() * ways.length)];
    if (how === undefined) return { "nothing to confine with": 1 };
    return { [(await confine(command, how, scratch)) ? how.fault : "not kept from it"]: 1 };
  }
  const { before, after } = await needsOf(command, scratch);
  const kib = Math.round(before + 4 + (after - before) * random() * 1.1);
  return { [(await onSmallDisk(command, kib, scratch)) ? "full disks" : "large enough disks"]: 1 };
}

soak("a full or forbidden disk, or too few open files, lose nothing that was acknowledged", confineAny);
