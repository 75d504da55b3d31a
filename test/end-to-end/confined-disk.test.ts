import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import {
  confine,
  confinements,
  needsOf,
  onSmallDisk,
  whyNoMounts,
  whyNotConfined,
} from "../trials/confined-disk.js";
import { type FailingCall, failCall, whyNoFailingCalls } from "../trials/failing-calls.js";
import { type Command, makeCommands } from "../trials/faulted-commands.js";

const folder = temporaryFolder();
const scratch = join(folder.path, "scratch");
let commands: readonly Command[] = [];

beforeAll(async () => {
  mkdirSync(scratch);
  commands = await makeCommands(folder.path);
});
afterAll(() => folder.remove());

function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
}

describe("a disk that is full on the way", () => {
  // How far a command comes: parts of what it adds to the disk. `npm run soak` tries every command on disks of any size.
  const sizes: readonly [string, readonly number[]][] = [
    ["import", [0.8]],
    ["derive", [0.4]],
    ["annotate", [0.9]],
    ["export to package.tar", [0.6]],
  ];
  it.for(sizes)(
    "is named by %s, costs nothing that was acknowledged, and the same command finishes when there is room",
    async ([name, parts], { skip }) => {
      const why = whyNoMounts();
      if (why !== null) skip(why);
      const command = commandNamed(name);
      const { before, after } = await needsOf(command, scratch);
      const full = [];
      for (const part of parts)
        full.push(await onSmallDisk(command, Math.round(before + 4 + (after - before) * part), scratch));
      expect(full).toContain(true);
    },
  );
});

describe("a command that is kept from its vault", () => {
  // Of the numbers of open files one that ends it while it starts, and one that ends it at work.
  const tried = confinements().filter(({ name }) => !/with (34|50) open files/.test(name));
  it.for(tried.map((how) => [how.name, how] as const))(
    "%s says so, changes nothing, and works afterwards",
    async ([, how], { skip }) => {
      const why = whyNotConfined(how);
      if (why !== null) skip(why);
      const kept = await confine(commandNamed("annotate"), how, scratch);
      // An annotation needs no temporary folder, and how many files Node opens to load itself is Node's to say.
      if (how.fault === "EROFS" || how.fault === "EACCES") expect(kept).toBe(true);
    },
  );

  it("for want of a temporary folder captures nothing, says so, and works afterwards", async () => {
    const how = confinements().find(({ fault }) => fault === "ENOENT");
    expect(how && (await confine(commandNamed("import"), how, scratch))).toBe(true);
  });
});

describe("a system call that fails", () => {
  // A few; `npm run soak` has any of them fail.
  const calls: readonly FailingCall[] = [
    { call: "fsync", error: "EIO", number: 1 },
    { call: "pwrite64", error: "ENOSPC", number: 2 },
    { call: "rename", error: "EIO", number: 1 },
    { call: "openat", error: "EIO", number: 40 },
  ];
  it.for(calls.map((one) => [one.call, one.number, one.error, one] as const))(
    "%s, its call number %i with %s: nothing is acknowledged that is not there, and the same command finishes",
    async ([, , , failing], { skip }) => {
      const why = whyNoFailingCalls();
      if (why !== null) skip(why);
      expect(await failCall(commandNamed("annotate"), failing, scratch)).toBe("failed");
    },
  );
});
