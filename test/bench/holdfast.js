import { join } from "node:path";
import { root } from "./machine.js";
import { CannotRun, runWhole } from "./processes.js";

const program = join(root, "bin", "holdfast.js");
/** Loaded before a node program, it tells `runWhole` that process's own peak memory. */
export const ownPeak = join(root, "test", "bench", "own-peak.js");

/** A command of the real command line on `vault`, whose answer is JSON lines. `shown` is what is printed of it. */
export function holdfastCommand(vault, args, shown = args) {
  const { HOLDFAST_VAULT: _, ...env } = process.env;
  return {
    label: ["holdfast", ...shown].join(" "),
    program: process.execPath,
    args: ["--import", ownPeak, program, ...args, "--vault", vault, "--json"],
    cwd: root,
    // The pages are the bench's own, on this machine; its keys lie beside its vaults, and nobody is asked for the time.
    env: {
      ...env,
      HOLDFAST_ALLOW_PRIVATE: "1",
      HOLDFAST_ALLOW_OLD_YTDLP: "1",
      HOLDFAST_OFFLINE: "1",
      HOLDFAST_NEW_VAULT: "1",
      XDG_CONFIG_HOME: `${vault}-config`,
    },
  };
}

/** Imports files and throws unless each became a capture whose derivation is done. Returns the run. */
export async function importInto(vault, files) {
  const run = await runWhole(holdfastCommand(vault, ["import", ...files]));
  const results = jsonLines(run.stdout).filter((line) => "derivation" in line);
  const done = results.filter(({ status, derivation }) => status === "captured" && derivation === "done");
  if (done.length !== files.length) {
    throw new CannotRun(`holdfast import: ${done.length} of ${files.length} files became captures`);
  }
  return run;
}

export function jsonLines(text) {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

/** A ratio over other work than was named would be worth nothing. */
export function expectAll(stdout, status, count) {
  const lines = jsonLines(stdout);
  const good = lines.filter((line) => line.row_status === status && line.derivation === "done");
  if (good.length === count) return;
  throw new CannotRun(
    `holdfast batch: ${good.length} of ${count} rows became ${status}: ${stdout.slice(-500)}`,
  );
}
