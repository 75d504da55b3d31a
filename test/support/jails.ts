import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jailState } from "../../src/tools/run/run.ts";
import type { CliRun } from "./cli.ts";

/** What this machine says about jails; found out by making one. */
export const jail = await jailState("/usr/bin/true");

const program = join(import.meta.dirname, "../../bin/holdfast.js");

/**
 * Runs the real program where bubblewrap does not work: `standIn` lies in its place. Where bubblewrap does not work
 * anyway, the machine is left as it is.
 */
export function holdfastWithout(
  standIn: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Omit<CliRun, "lines"> {
  const command = [process.execPath, program, ...argv];
  const hiding = ["/usr/bin/bwrap", "--dev-bind", "/", "/", "--ro-bind", standIn, "/usr/bin/bwrap", "--"];
  const [first = "", ...rest] = jail.works ? [...hiding, ...command] : command;
  const { status, stdout, stderr } = spawnSync(first, rest, {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status: status ?? -1, stdout, stderr };
}

/** How many processes have this text in their command line. */
export function processesNaming(text: string): number {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(text)).length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
