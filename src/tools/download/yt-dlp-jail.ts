import { existsSync, realpathSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { isOfTheSystem, type Jail } from "../run/jail.js";
import { doorPort } from "../run/jail-door.js";
import type { JailState } from "../run/jail-state.js";
import { jailState, runToTry } from "../run/run.js";
import { readYtDlpFile } from "./yt-dlp-file.js";

/** What a jail must show so that yt-dlp starts in it. Absolute paths. */
export interface YtDlpPlaces {
  readonly python: string;
  readonly reads: readonly string[];
}

/** The receiver at the door of a downloader's jail, and what the jail shows besides the run's own folders. */
export interface YtDlpJail extends YtDlpPlaces {
  readonly receive: (caller: Socket) => void;
}

/** Whether a downloader can run in a jail. */
export type YtDlpJailState =
  | { readonly works: true; readonly places: YtDlpPlaces }
  | Extract<JailState, { readonly works: false }>;

/** The jail of one run, which also shows `reads` and `writes`. */
export function jailOfRun(
  { python, reads, receive }: YtDlpJail,
  own: { readonly reads: readonly string[]; readonly writes: readonly string[] },
): Jail {
  return { reads: [...reads, ...own.reads], writes: own.writes, door: { python, receive } };
}

const states = new Map<string, Promise<YtDlpJailState>>();

/**
 * Whether yt-dlp starts in a jail on this machine and reaches the jail's door. Tried once per process, by finding its
 * package there. A zip must contain the package itself, because its Python may have another yt-dlp among its packages.
 * The jail never shows `home` or any folder that contains it.
 */
export function ytDlpJailState(program: string, home: string): Promise<YtDlpJailState> {
  const state = states.get(program) ?? tryPlaces(program, home);
  states.set(program, state);
  return state;
}

async function tryPlaces(program: string, home: string): Promise<YtDlpJailState> {
  const places = placesOf(program, home);
  const tried = [jailState("/usr/bin/true"), places && startsIn(places, program)] as const;
  const [system, starts] = await Promise.all(tried);
  if (!system.works) return system;
  if (places === null) return noJail(`holdfast does not know what ${program} needs to start`);
  return starts ? { works: true, places } : noJail(`${program} does not start inside the sandbox`);
}

async function startsIn(places: YtDlpPlaces, program: string): Promise<boolean> {
  let opened = false;
  const isZip = program === places.reads[0];
  const zip = isZip ? [`import sys; sys.path[:0] = [${JSON.stringify(program)}]`] : [];
  const from = JSON.stringify(isZip ? `${program}/` : "/");
  // A folder of that name without a package has no origin.
  const find = "import importlib.util, _ssl, sys; spec = importlib.util.find_spec('yt_dlp')";
  const judge = `sys.exit(spec is None or not (spec.origin or '').startswith(${from}))`;
  const receive = (caller: Socket) => {
    opened = true;
    caller.destroy();
  };
  // The probe waits until its connection was accepted. `_socket` and `_ssl` are what `socket` and `ssl` need of the
  // system, without the Python that they load.
  const knock = `import _socket; out = _socket.socket(); out.connect(('127.0.0.1', ${doorPort})); out.recv(1)`;
  const script = [...zip, knock, find, judge].join("; ");
  const { endedBy, exitCode } = await runToTry(
    places.python,
    ["-I", "-B", "-c", script],
    jailOfRun({ ...places, receive }, { reads: [], writes: [] }),
  );
  return endedBy === "exited" && exitCode === 0 && opened;
}

function noJail(reason: string): YtDlpJailState {
  return {
    works: false,
    reason,
    hint: "run `npm run setup` in holdfast's folder, which installs a yt-dlp that does",
  };
}

/** Null if it is unknown what the file would load, or if showing that would also show the home folder. */
export function placesOf(program: string, home: string): YtDlpPlaces | null {
  const module = readYtDlpFile(program);
  if (module === null) return null;
  const { python, zip } = module;
  const environment = dirname(dirname(python));
  const own = existsSync(join(environment, "pyvenv.cfg")) ? [environment] : [];
  const base = baseOf(python);
  if (base === null) return null;
  const reads = [...(zip === null ? [] : [zip]), ...own, ...base];
  return reads.some((path) => `${home}/`.startsWith(`${path}/`)) ? null : { python, reads };
}

/** The folder of a Python installed outside `/usr`; null if it does not look like one. */
function baseOf(python: string): readonly string[] | null {
  try {
    const real = realpathSync(python);
    if (isOfTheSystem(real)) return [];
    const folder = dirname(dirname(real));
    return existsSync(join(folder, "lib")) && folder !== "/" ? [folder] : null;
  } catch {
    return null;
  }
}
