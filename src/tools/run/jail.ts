import type { Socket } from "node:net";

/** What a program in the jail sees besides the system's own programs. Absolute paths of files and folders. */
export interface Jail {
  /** Visible at the same path, read-only. */
  readonly reads: readonly string[];
  /** Visible at the same path, writable. */
  readonly writes: readonly string[];
  /** The only way to the network; if absent, there is none. */
  readonly door?: Door;
  /** For a program that makes jails of its own inside, which root may not: it runs as a user without rights. */
  readonly nests?: true;
  /** The most that `/tmp`, which is in memory, may hold; half of the machine's memory if absent. */
  readonly tmpBytes?: number;
}

/** A folder beside `/usr` with programs or libraries: a link into `/usr`, or a real folder. */
export interface SystemFolder {
  readonly path: string;
  /** The target of the link; null for a real folder. */
  readonly link: string | null;
}

export interface JailedCommand {
  /** Absolute paths of the program, as called and as resolved. The jail shows those outside `/usr` read-only. */
  readonly program: readonly string[];
  /** The command line inside, beginning with the absolute path of a program. */
  readonly command: readonly string[];
  /** The working folder: one of `jail.writes`, or `/tmp`, which the jail provides. */
  readonly cwd: string;
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly jail: Jail;
  readonly systemFolders: readonly SystemFolder[];
}

/**
 * The arguments for bubblewrap (SECURITY §4.2): no network, no view of other processes, no capabilities, nothing of the
 * user's, and no files but the system's programs and what `jail` names. Everything inside ends with bubblewrap, and
 * bubblewrap ends with the process that started it. Pure.
 */
export function jailArgv(request: JailedCommand): readonly string[] {
  const { program, command, cwd, env, jail, systemFolders } = request;
  return [
    "--unshare-all",
    ...(jail.nests ? ["--uid", "1000", "--gid", "1000"] : []),
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    ...Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--cap-drop", "ALL"],
    ...["--ro-bind", "/usr", "/usr"],
    ...systemFolders.flatMap(({ path, link }) =>
      link === null ? ["--ro-bind", path, path] : ["--symlink", link, path],
    ),
    ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    // On Debian, some of ffmpeg's libraries are found through this folder.
    ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
    ...["--proc", "/proc", "--dev", "/dev"],
    ...(jail.tmpBytes === undefined ? [] : ["--size", String(jail.tmpBytes)]),
    ...["--tmpfs", "/tmp"],
    ...binds({ ...jail, reads: [...program.filter((path) => !isSeen(path, jail)), ...jail.reads] }),
    ...["--remount-ro", "/", "--chdir", cwd, "--", ...command],
  ];
}

/** Whether every jail shows this path, and its libraries with it. */
export function isOfTheSystem(path: string): boolean {
  return path.startsWith("/usr/");
}

/**
 * Whether a program is in a folder that the jail shows anyway. It may still be a link to a path that is not shown yet.
 */
function isSeen(program: string, { reads }: Jail): boolean {
  return isOfTheSystem(program) || reads.some((folder) => program.startsWith(`${folder}/`));
}

/** Binds deeper paths later, so that a read-only file inside a writable folder stays read-only, and the reverse. */
function binds({ reads, writes }: Jail): readonly string[] {
  const places = [
    ...writes.map((path) => ({ path, how: "--bind" })),
    ...reads.map((path) => ({ path, how: "--ro-bind" })),
  ];
  return places.sort((a, b) => a.path.length - b.path.length).flatMap(({ path, how }) => [how, path, path]);
}

/** The only way out of a jail: a port inside it on which this process listens. The jail has no other network. */
export interface Door {
  /** Absolute path of the Python that opens the door from inside. */
  readonly python: string;
  /** Receives each connection. */
  readonly receive: (caller: Socket) => void;
}
