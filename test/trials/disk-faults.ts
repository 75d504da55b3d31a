import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { type DiskCall, type DiskFault, diskError, withWatchedDisk } from "../support/faulty-disk.js";
import { audit } from "../support/vaults.js";
import { type Command, copyOf, runIn, type Told } from "./faulted-commands.js";

/** What becomes of the program at one step: it is gone, it has a bug there, or the disk has a fault. */
export type StepFault = "killed" | "bug" | DiskFault;

/** Runs the command to its end once and returns its steps, each once, in order. */
export async function stepsOf(command: Command, scratch: string): Promise<readonly string[]> {
  const steps = new Set<string>();
  const folder = copyOf(command.from, join(scratch, "steps"));
  const told = await withWatchedDisk(
    folder,
    (call) => steps.add(call.step),
    () => runIn(folder, command.argv(folder)),
  );
  expect(told.status, told.stderr).toBe(0);
  rmSync(folder, { recursive: true, force: true });
  return [...steps];
}

/**
 * One fault at the first call of one step; after those that `lasts` names every later call has it too. Afterwards what
 * was acknowledged is there, the vault is as recorded, the message names the cause, and the same command finishes.
 */
export async function strike(
  command: Command,
  step: string,
  fault: StepFault,
  scratch: string,
): Promise<void> {
  const folder = copyOf(command.from, join(scratch, "struck"));
  const killed = join(scratch, "killed");
  let [said, before] = ["", ""];
  const onSaid = (text: string) => {
    said += text;
  };
  let struck = false;
  const told = await withWatchedDisk(
    folder,
    (call) => {
      if (struck ? !lasts.has(fault) : call.step !== step) return;
      if (!struck && fault === "killed") {
        // As a kill leaves it; this process goes on, on a folder that nobody looks at.
        copyOf(folder, killed);
        before = said;
      }
      struck = true;
      throw errorOf(fault, call);
    },
    () => runIn(folder, command.argv(folder), onSaid),
  );
  expect(struck, `${command.name} comes to ${step}`).toBe(true);
  const where = `${command.name}, ${fault} at ${step}\n${told.stdout}${told.stderr}`;
  if (fault !== "killed" && fault !== "bug") expectCauseNamed(told, fault, where);
  const left = fault === "killed" ? killed : folder;
  await expectSound(left, fault === "killed" ? before : told.stdout, where);
  await expectFinished(command, left, where);
  for (const path of [folder, killed]) rmSync(path, { recursive: true, force: true });
}

/** A dead program does nothing more, a full or read-only disk stays so; the others pass. */
const lasts: ReadonlySet<StepFault> = new Set(["killed", "ENOSPC", "EROFS"]);

function errorOf(fault: StepFault, call: DiskCall): Error {
  return fault === "bug" || fault === "killed" ? new Error("a bug of the test") : diskError(fault, call);
}

/** What a person reads when the command did not do its work: no stack, no bug, and words for the cause. */
export function expectCauseNamed({ status, stdout, stderr }: Told, fault: DiskFault, where: string): void {
  expect(status, where).not.toBe(70);
  expect(`${stdout}${stderr}`, where).not.toMatch(/^\s+at .*:\d+|this is a bug/m);
  if (status !== 0) expect(`${stdout}${stderr}`, where).toMatch(causes[fault]);
}

const causes: Readonly<Record<DiskFault, RegExp>> = {
  EIO: /EIO|i\/o error|disk reports an error/i,
  ENOSPC: /no space left|disk is full|disk reports an error/i,
  EROFS: /read-?only/i,
  EMFILE: /too many open files|ulimit/i,
  EDQUOT: /quota/i,
  ENOENT: /creating a temporary folder/i,
  EACCES: /permission denied|EACCES|readonly/i,
};

/** Everything acknowledged is there with its digests, and the vault is as recorded. */
export async function expectSound(folder: string, acknowledged: string, where: string): Promise<void> {
  const vault = join(folder, "vault");
  const results = acknowledgedIn(acknowledged);
  if (existsSync(join(vault, "vault.db"))) {
    const { findings } = await audit(vault);
    expect(
      findings.filter(({ severity }) => severity === "error"),
      where,
    ).toEqual([]);
    expect(lastEntry(vault), where).toBeGreaterThanOrEqual(statedEntry(acknowledged));
  } else expect([results, statedEntry(acknowledged)], where).toEqual([[], 0]);
  for (const { object, files } of results) {
    for (const { path, sha256 } of files.filter((file) => file.path.startsWith("original/"))) {
      const bytes = readFileSync(join(vault, object ?? "", "v1/content", path));
      expect(createHash("sha256").update(bytes).digest("hex"), where).toBe(sha256);
    }
  }
}

/** The highest number of an entry that a command said it had written; 0 where it said none. */
function statedEntry(stdout: string): number {
  return Math.max(0, ...[...stdout.matchAll(/"entry":(\d+)/g)].map(([, number]) => Number(number)));
}

function lastEntry(vault: string): number {
  const database = new Database(join(vault, "vault.db"), { readonly: true });
  try {
    return database.prepare<[], number>("SELECT max(seq) FROM entry").pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

/** The captures that a command said were made. */
export function acknowledgedIn(stdout: string): readonly CaptureResult[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith('{"url"'))
    .map((line) => JSON.parse(line) as CaptureResult)
    .filter(({ status }) => status === "captured");
}

/** The same command again does the work, once, and nothing unfinished is left. */
export async function expectFinished(command: Command, folder: string, where: string): Promise<void> {
  command.asHinted?.(folder);
  const again = await runIn(folder, command.argv(folder));
  const refused = again.status === 2 && command.refusesDone?.test(again.stderr) === true;
  if (refused) await runIn(folder, ["checkpoint", "--quiet"]);
  else expect(again.status, `${where}\nagain:\n${again.stdout}${again.stderr}`).toBe(0);
  await expectSound(folder, again.stdout, `${where}, again`);
  const listed = await runIn(folder, ["list", "--json"]);
  const rows = listed.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const captured = rows.filter(({ status }) => status === "captured");
  expect(captured, where).toHaveLength(command.captures);
  expect(
    captured.filter(({ derivation }) => derivation === "failed"),
    where,
  ).toEqual([]);
  const left = readdirSync(join(folder, "vault/staging")).filter(
    (name) => !/^(writer\.lock(-journal)?|scratch)$/.test(name),
  );
  expect(left, where).toEqual([]);
}
