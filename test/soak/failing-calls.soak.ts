import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { failCall, whyNoFailingCalls } from "../trials/failing-calls.js";
import { type Command, makeCommands } from "../trials/faulted-commands.js";
import { type Figures, type Round, soak } from "./rounds.js";

const folder = temporaryFolder();
const scratch = join(folder.path, "scratch");
const calls = ["fsync", "fdatasync", "pwrite64", "write", "rename", "linkat", "openat", "ftruncate", "mkdir"];
const errors = ["EIO", "ENOSPC", "EINTR"] as const;
let commands: readonly Command[] = [];

beforeAll(async () => {
  mkdirSync(scratch);
  commands = await makeCommands(folder.path);
});
afterAll(() => folder.remove());

/** Any call of any command, up to its sixtieth. */
async function failAny({ random }: Round): Promise<Figures> {
  if (whyNoFailingCalls() !== null) return { "no strace here": 1 };
  const command = commands[Math.floor(random() * commands.length)]!;
  const call = calls[Math.floor(random() * calls.length)]!;
  const error = errors[Math.floor(random() * errors.length)]!;
  const number = 1 + Math.floor(60 * random() ** 2);
  return { [await failCall(command, { call, error, number }, scratch)]: 1 };
}

soak("a system call that fails costs nothing that was acknowledged", failAny);
