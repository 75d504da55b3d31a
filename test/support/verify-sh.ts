import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import {
  allowedSignersOf,
  captureA,
  makeAuthority,
  makePackage,
  type PackageFiles,
  rebag,
  writeFolder,
} from "./packages.js";
import { temporaryFolder } from "./vaults.js";

/*
 * The script of a package, run on packages that are made by hand and as no exporter would make them. What is made here lasts
 * as long as the run: several files of tests that share a process share it.
 */

export const scratch = temporaryFolder();
export const authority = makeAuthority("First");
export const stranger = makeAuthority("Stranger");

const texts = new URL("../../schemas/package/", import.meta.url);
export const script = readFileSync(new URL("verify.sh", texts));
export const guide = readFileSync(new URL("VERIFY.md", texts));

export const clean = withTexts(makePackage({ stamp: authority.stamp }));
export const { log } = clean;
export const video = `data/${captureA}/original/track-1.mp4`;
export const roots = keep("roots.pem", authority.root);
export const signers = keep("signers", allowedSignersOf(log));
export const trust = ["--signers", signers, "--tsa-ca", roots];

type Made = ReturnType<typeof makePackage>;

/** The same package with the texts that every package has. */
export function withTexts(made: Made): Made {
  made.files.set("verify.sh", script).set("VERIFY.md", guide);
  rebag(made.files);
  return made;
}

export function keep(name: string, content: string | Buffer): string {
  const path = join(scratch.path, name);
  writeFileSync(path, content);
  return path;
}

let count = 0;

/** The folder of a package in a place of its own. */
export function write(files: PackageFiles): string {
  count += 1;
  return writeFolder(files, join(scratch.path, `place-${count}`, "package"));
}

/** All that the script may need beside a shell. */
const coreutils =
  "awk base64 basenc cat comm cut date head mkdir mktemp mv paste rm sha256sum sha512sum sort split tail tr uniq wc";
export const needed = [...coreutils.split(" "), "openssl", "ssh-keygen"];

export interface Outcome {
  readonly status: number | null;
  readonly steps: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Runs the script of the repository, with nothing in the environment but where programs are. */
export function verify(shell: string, folder: string, args = trust, path = process.env.PATH): Outcome {
  const tmp = join(dirname(folder), "tmp");
  mkdirSync(tmp, { recursive: true });
  // Another language under one of the shells: what is said must not differ.
  const language = shell === "bash" ? "C.UTF-8" : "C";
  const environment = ["-i", `PATH=${path}`, `LC_ALL=${language}`, `LANG=${language}`, `TMPDIR=${tmp}`];
  const run = spawnSync("env", [...environment, shell, join(folder, "verify.sh"), ...args, folder], {
    cwd: dirname(folder),
    encoding: "utf8",
    input: "",
  });
  expect(readdirSync(tmp)).toEqual([]);
  expect(run.stderr).toBe("");
  const lines = [...run.stdout.matchAll(/^(PASS|FAIL|ABSENT|UNCHECKED) +([a-z]+) {2,}\S/gm)];
  const steps = new Map(lines.map(([, state = "", step = ""]) => [step, state]));
  expect(steps.size).toBe(lines.length);
  return { status: run.status, steps, text: run.stdout };
}

const cleanOutcomes = new Map<string, Outcome>();

/** What it makes of the clean package under a shell, with no other program than it may need: asked once. */
export function cleanOutcome(shell: string): Outcome {
  const known = cleanOutcomes.get(shell) ?? verify(shell, write(clean.files), trust, onlyNeeded(shell));
  cleanOutcomes.set(shell, known);
  return known;
}

/** A folder of nothing but this shell and what the script may need beside it. */
function onlyNeeded(shell: string): string {
  const programs = join(scratch.path, `programs-${shell}`);
  mkdirSync(programs);
  for (const name of [shell, ...needed]) symlinkSync(programPath(name), join(programs, name));
  return programs;
}

export function failed({ steps }: Outcome): string[] {
  return [...steps].filter(([, state]) => state === "FAIL").map(([step]) => step);
}

/** Where a program lies. */
export function programPath(name: string): string {
  return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
}

/** `prelude` is run by the shell that becomes the script's. */
export function runAfter(shell: string, prelude: string, folder: string, as: { uid?: number } = {}) {
  const words = ["-c", `${prelude}; exec "$0" "$@"`, programPath(shell), join(folder, "verify.sh"), folder];
  const { status, stdout, stderr } = spawnSync("sh", words, { ...as, cwd: scratch.path, encoding: "utf8" });
  return { status, said: /^(FAIL|Checked)/m.test(stdout), stderr };
}
