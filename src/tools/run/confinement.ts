import { type Jail, jailArgv } from "./jail.js";
import { doorArgv, placesOfDoor } from "./jail-door.js";
import { isExecutable, pathsOf, systemFolders } from "./jail-state.js";
import type { Limits, RunRequest, Sandbox } from "./run-request.js";

/**
 * The complete environment of every child. It inherits no variable, whether for proxies, plug-ins, preloading or
 * reports.
 */
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

/** The limits that the system enforces on a child, by their prlimit names. */
export function resourceLimits(limits: Limits): Readonly<Record<string, number>> {
  return {
    [limits.reservesMemory ? "data" : "as"]: limits.addressSpaceBytes,
    fsize: limits.fileSizeBytes,
    cpu: limits.cpuSeconds,
    nofile: limits.openFiles ?? 256,
    core: 0,
  };
}

/** A command line and the confinement it gives. */
export interface Confined {
  readonly command: string;
  readonly args: readonly string[];
  readonly sandbox: Sandbox;
}

/**
 * The command line that starts `program` without a jail, under the limits that this machine supports. Pure but for
 * `has`.
 */
export function confinedCommand(
  program: string,
  argv: readonly string[],
  limits: Limits,
  has: (path: string) => boolean = isExecutable,
): Confined {
  if (!has(prlimit)) return { command: program, args: argv, sandbox: "none" };
  const args = limitedArgv(program, argv, limits);
  // A child must not outlive a killed holdfast: it would keep writing into a folder that the next attempt uses.
  if (has(setpriv)) {
    return { command: setpriv, args: ["--pdeathsig", "KILL", "--", prlimit, ...args], sandbox: "prlimit" };
  }
  return { command: prlimit, args, sandbox: "prlimit" };
}

function limitedArgv(program: string, argv: readonly string[], limits: Limits): readonly string[] {
  const bounds = Object.entries(resourceLimits(limits)).map(([name, value]) => `--${name}=${value}`);
  return [...bounds, "--", program, ...argv];
}

/** The programs that make a jail. */
export const bwrap = "/usr/bin/bwrap";

export const prlimit = "/usr/bin/prlimit";

const setpriv = "/usr/bin/setpriv";

/** The parts of a command line inside a jail; `cwd` is writable. Without a program the jail is only held open. */
export type Inmate = Pick<RunRequest, "argv" | "cwd" | "limits" | "env"> & {
  readonly program: string | null;
};

/**
 * The command line that starts a program in a jail, with the limits set inside. Throws if there is neither program nor
 * door.
 */
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
