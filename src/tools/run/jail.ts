import type { Socket } from "node:net";

/** What a program may see of this machine besides the system's own programs. Absolute paths of files and folders. */
export interface Jail {
  /** Seen where they are, never changed. */
  readonly reads: readonly string[];
  /** Seen and written where they are. */
  readonly writes: readonly string[];
  /** The only way to anybody outside; without it there is none. */
  readonly door?: Door;
}

/** One of the folders beside `/usr` that programs are started from: a link into it, or a folder of its own. */
export interface SystemFolder {
  readonly path: string;
  /** Where the link points, null for a folder. */
  readonly link: string | null;
}

export interface JailedCommand {
  /** Absolute paths of the program, by which it is called and where it lies; those outside `/usr` are shown read-only. */
  readonly program: readonly string[];
  /** What is started inside, first the absolute path of a program. */
  readonly command: readonly string[];
  /** The working folder. It must be among `jail.writes`, or `/tmp`, which is the jail's own. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly jail: Jail;
  readonly systemFolders: readonly SystemFolder[];
}

/**
 * The arguments for bubblewrap (SECURITY §4.2): no network, no other process, no capability, nothing of the person who
 * runs holdfast, and of files the system's programs and what `jail` names. Everything inside dies with bubblewrap, and
 * bubblewrap with the process that started it. Pure.
 */
export function jailArgv(request: JailedCommand): readonly string[] {
  const { program, command, cwd, env, jail, systemFolders } = request;
  return [
    "--unshare-all",
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
    // Debian finds some libraries of ffmpeg through it.
    ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...binds({ ...jail, reads: [...program.filter((path) => !isSeen(path, jail)), ...jail.reads] }),
    ...["--remount-ro", "/", "--chdir", cwd, "--", ...command],
  ];
}

/** Whether a path is one that every jail shows, as the libraries beside it. */
export function isOfTheSystem(path: string): boolean {
  return path.startsWith("/usr/");
}

/** Whether a program is in a folder that is seen anyway; there it may be a link to what is not bound yet. */
function isSeen(program: string, { reads }: Jail): boolean {
  return isOfTheSystem(program) || reads.some((folder) => program.startsWith(`${folder}/`));
}

/** What lies deeper is bound later: a file to be read stays read-only inside a folder to be written, and the reverse. */
function binds({ reads, writes }: Jail): readonly string[] {
  const places = [
    ...writes.map((path) => ({ path, how: "--bind" })),
    ...reads.map((path) => ({ path, how: "--ro-bind" })),
  ];
  return places.sort((a, b) => a.path.length - b.path.length).flatMap(({ path, how }) => [how, path, path]);
}

/** The one way out of a jail: a port inside it on which this process listens. There is no other network inside. */
export interface Door {
  /** Absolute path of the Python that opens it, from inside. */
  readonly python: string;
  /** Takes whoever connects. */
  readonly receive: (caller: Socket) => void;
}
