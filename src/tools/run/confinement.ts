import { type Jail, jailArgv } from "./jail.js";
import { doorArgv, placesOfDoor } from "./jail-door.js";
import { isExecutable, pathsOf, systemFolders } from "./jail-state.js";
import type { Limits, RunRequest, Sandbox } from "./run-request.js";

/** The whole environment of every child. Nothing is inherited: no proxy, plugin, preload or report variable. */
export function childEnvironment(scratch: string): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: "/nonexistent",
    XDG_CONFIG_HOME: "/nonexistent",
    XDG_CACHE_HOME: "/nonexistent",
    TMPDIR: scratch,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    PYTHONNOUSERSITE: "1",
    PYTHONSAFEPATH: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    YTDLP_NO_PLUGINS: "1",
  };
}

/** The limits that the system holds a child to, by the names of prlimit. */
export function resourceLimits(limits: Limits): Readonly<Record<string, number>> {
  return {
    as: limits.addressSpaceBytes,
    fsize: limits.fileSizeBytes,
    cpu: limits.cpuSeconds,
    nofile: 256,
    core: 0,
  };
}

/** A command line together with the confinement that it is. */
export interface Confined {
  readonly command: string;
  readonly args: readonly string[];
  readonly sandbox: Sandbox;
}

/** The command line that starts `program` under what limits this machine offers, without a jail. Pure but for `has`. */
export function confinedCommand(
  program: string,
  argv: readonly string[],
  limits: Limits,
  has: (path: string) => boolean = isExecutable,
): Confined {
  if (!has(prlimit)) return { command: program, args: argv, sandbox: "none" };
  const args = limitedArgv(program, argv, limits);
  // A child must not outlive a killed holdfast: it would go on writing into a folder the next attempt owns.
  if (has(setpriv)) {
    return { command: setpriv, args: ["--pdeathsig", "KILL", "--", prlimit, ...args], sandbox: "prlimit" };
  }
  return { command: prlimit, args, sandbox: "prlimit" };
}

function limitedArgv(program: string, argv: readonly string[], limits: Limits): readonly string[] {
  const bounds = Object.entries(resourceLimits(limits)).map(([name, value]) => `--${name}=${value}`);
  return [...bounds, "--", program, ...argv];
}

/** Programs that a jail is made with. */
export const bwrap = "/usr/bin/bwrap";

export const prlimit = "/usr/bin/prlimit";

const setpriv = "/usr/bin/setpriv";

/** What a command line inside a jail is made of; `cwd` can be written in. Without a program the jail is held open. */
export type Inmate = Pick<RunRequest, "argv" | "cwd" | "limits" | "env"> & {
  readonly program: string | null;
};

/** The same inside a jail, with the limits set inside. Throws for no program and no door. */
export function jailedCommand({ program, argv, cwd, limits, env }: Inmate, jail: Jail): Confined {
  const { door } = jail;
  const started = program === null ? [] : [program, ...argv];
  const [first, ...rest] = door ? doorArgv(door, started) : started;
  if (first === undefined) throw new Error("a jail without a door is held open for nobody");
  const inside = {
    program: [...new Set([program ?? first, first].flatMap(pathsOf))],
    command: [prlimit, ...limitedArgv(first, rest, limits)],
    cwd,
    env: { ...childEnvironment(cwd), ...env },
    jail: door ? { ...jail, reads: [...jail.reads, ...placesOfDoor()] } : jail,
    systemFolders: systemFolders(),
  };
  return { command: bwrap, args: jailArgv(inside), sandbox: "bwrap" };
}
