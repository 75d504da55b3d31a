import { constants } from "node:fs";
import { access, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { HoldfastError } from "../../core/words/error.js";
import { versionLimits } from "./limits.js";
import { contentDigest } from "./module-content.js";
import { tellsNoPlace } from "./program-bytes.js";
import { sha256OfFile, VersionCache, type VersionFacts } from "./program-versions.js";
import { environmentOf } from "./python-environment.js";
import { run } from "./run.js";

export type ProgramName =
  | "yt-dlp"
  | "node"
  | "ffmpeg"
  | "ffprobe"
  | "exiftool"
  | "bwrap"
  | "prlimit"
  | "chromium";

/** An outside program that was found and stated its version. */
export interface Program {
  readonly name: ProgramName;
  /** Absolute, with links unresolved, because some programs act on the name they are called by. */
  readonly path: string;
  readonly version: string;
  /** SHA-256 of the file to which `path` leads. */
  readonly sha256: string;
  /** Content digest of the installed package that the file starts (FORMAT.md §5.5); null unless there is exactly one. */
  readonly package_sha256: string | null;
  /**
   * Whether a record may state `sha256`. A script can contain a local path, which its digest helps to guess: pip writes
   * the interpreter's path, and with it a user name, into the first line.
   */
  readonly sha256_tells_no_place: boolean;
  /** Whole days since the release date in the version; null if it has none, or if the clock stands before it. */
  readonly released_days_ago: number | null;
  /** Whether this is a yt-dlp older than `minimumYtDlp`: the record must say so. */
  readonly old: boolean;
  readonly source: "path" | "tools-folder" | "bundled";
}

/** Where to look. Of `env`, only PATH, HOME, XDG_DATA_HOME and HOLDFAST_* are read. */
export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** Older versions leak cookies, can be hijacked by a URL and write outside their folder (SECURITY §1.1). */
export const minimumYtDlp = "2026.07.04";

/** yt-dlp runs scripts with no older Node.js. */
export const oldestRuntime = 22;

const questions: Readonly<
  Record<ProgramName, { readonly argv: readonly string[]; readonly answer: RegExp }>
> = {
  "yt-dlp": { argv: ["--ignore-config", "--version"], answer: /^(\d{4}\.\d{2}\.\d{2}\S*)/ },
  node: { argv: ["--version"], answer: /^v(\d+\.\d+\.\d+\S*)/ },
  ffmpeg: { argv: ["-hide_banner", "-version"], answer: /^ffmpeg version (\S+)/ },
  ffprobe: { argv: ["-hide_banner", "-version"], answer: /^ffprobe version (\S+)/ },
  exiftool: { argv: ["-ver"], answer: /^(\d+\.\d+\S*)/ },
  bwrap: { argv: ["--version"], answer: /^bubblewrap (\S+)/ },
  prlimit: { argv: ["--version"], answer: /util-linux (\S+)/ },
  chromium: { argv: ["--version"], answer: /^Chromium (\S+)/ },
};

/** Where distributions put Chromium itself: what is on PATH is a script, which would read settings and choose flags. */
const chromiumPlaces = [
  "/usr/lib/chromium/chromium",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/usr/lib64/chromium/chromium",
];

/** The folder with holdfast's own copies of programs: `$HOLDFAST_TOOLS`, else below the XDG data folder. */
export function toolsFolder(env: ProgramSearch["env"]): string {
  if (env.HOLDFAST_TOOLS) return env.HOLDFAST_TOOLS;
  const data = env.XDG_DATA_HOME;
  const base = data && isAbsolute(data) ? data : join(env.HOME || homedir(), ".local", "share");
  return join(base, "holdfast", "tools");
}

/**
 * Finds a program and asks it for its version. Of several yt-dlps on PATH and in the tools folder, chooses the newest,
 * even if it is too old (`old` is then true); of the others, the first that answers. Null if there is none. Skips a
 * program that does not work instead of throwing.
 */
export async function findProgram(name: ProgramName, search: ProgramSearch): Promise<Program | null> {
  const cache = await VersionCache.open(toolsFolder(search.env));
  let best: Program | null = null;
  for (const candidate of await candidates(name, search.env)) {
    const program = await examine(name, candidate, search.now, cache);
    if (program === null) continue;
    if (best === null || compareVersions(program.version, best.version) > 0) best = program;
    if (name !== "yt-dlp") break;
  }
  await cache.save();
  return best;
}

/**
 * Finds every named program. Throws `program-missing`, with a hint on what to type, if one is not found. An old yt-dlp
 * counts as missing unless `allowOldYtDlp` or `HOLDFAST_ALLOW_OLD_YTDLP=1` is set.
 */
export async function requirePrograms<N extends ProgramName>(
  names: readonly N[],
  search: ProgramSearch & { readonly allowOldYtDlp: boolean },
): Promise<ReadonlyMap<N, Program>> {
  const found = new Map<N, Program>();
  for (const name of names) {
    const program = await findProgram(name, search);
    if (program === null)
      throw new HoldfastError("program-missing", `${name} is not installed`, howToGet(name));
    if (program.old && !search.allowOldYtDlp && search.env.HOLDFAST_ALLOW_OLD_YTDLP !== "1") {
      throw new HoldfastError(
        "program-missing",
        `yt-dlp ${program.version} is older than ${minimumYtDlp} and unsafe with hostile pages`,
        "run `npm run setup` to get a newer one, or use --allow-old-yt-dlp, which the record will state",
      );
    }
    found.set(name, program);
  }
  return found;
}

/** The command, in holdfast's folder, that installs the newest yt-dlp. */
export const updateCommand = "npm run setup -- --update-yt-dlp";

/** Tells the user how to get a program. */
export function howToGet(name: ProgramName): string {
  if (name === "exiftool")
    return "run `npm ci` in holdfast's folder and install perl with the system's package manager";
  if (name === "bwrap") return "install bubblewrap with the system's package manager";
  if (name === "prlimit") return "install util-linux with the system's package manager";
  if (name === "chromium")
    return "run `npm run setup -- --browser` in holdfast's folder, which installs the system's package";
  if (name === "node") return "run `npm run setup` in holdfast's folder, which fetches one for yt-dlp alone";
  return "run `npm run setup` in holdfast's folder, which installs it or says what to type";
}

/** Compares versions made of numbers and dots, number by number; positive if `a` is newer. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const right = b.split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

interface Candidate {
  readonly path: string;
  readonly source: Program["source"];
}

async function candidates(name: ProgramName, env: ProgramSearch["env"]): Promise<Candidate[]> {
  const places: Candidate[] = [];
  if (name === "exiftool") places.push(...bundledExiftool());
  if (name === "node") return usable([runtimePlace(env)]);
  if (name === "chromium") return usable(chromiumPlaces.map((path) => ({ path, source: "path" })));
  // A relative PATH entry would run a program from whatever the current folder happens to be.
  for (const folder of (env.PATH ?? "").split(":").filter((entry) => isAbsolute(entry))) {
    places.push({ path: join(folder, name), source: "path" });
  }
  if (name === "yt-dlp") {
    const tools = toolsFolder(env);
    places.push({ path: join(tools, "yt-dlp", "bin", "yt-dlp"), source: "tools-folder" });
    places.push({ path: join(tools, "bin", "yt-dlp"), source: "tools-folder" });
  }
  return usable(places);
}

/** Those of the places that lead to a program, each program once. */
async function usable(places: readonly Candidate[]): Promise<Candidate[]> {
  const seen = new Set<string>();
  const found: Candidate[] = [];
  for (const place of places) {
    const real = await runnableFile(place.path);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    found.push(place);
  }
  return found;
}

/** The Node.js that runs this program if yt-dlp accepts it, else the one that set-up installs for yt-dlp alone. */
function runtimePlace(env: ProgramSearch["env"]): Candidate {
  if (Number.parseInt(process.versions.node, 10) >= oldestRuntime)
    return { path: process.execPath, source: "path" };
  return { path: join(toolsFolder(env), "node", "bin", "node"), source: "tools-folder" };
}

function bundledExiftool(): Candidate[] {
  try {
    const manifest = createRequire(import.meta.url).resolve("exiftool-vendored.pl/package.json");
    return [{ path: join(dirname(manifest), "bin", "exiftool"), source: "bundled" }];
  } catch {
    return [];
  }
}

async function runnableFile(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    const real = await realpath(path);
    return (await stat(real)).isFile() ? real : null;
  } catch {
    return null;
  }
}

async function examine(
  name: ProgramName,
  { path, source }: Candidate,
  now: Date,
  cache: VersionCache,
): Promise<Program | null> {
  const real = await realpath(path);
  const package_sha256 = name === "yt-dlp" ? await packageDigest(real) : null;
  const facts = await cache.recall(real, package_sha256, () => lookUp(name, path, real));
  if (facts === null) return null;
  const old = name === "yt-dlp" && compareVersions(facts.version, minimumYtDlp) < 0;
  const released_days_ago = name === "yt-dlp" ? daysSince(facts.version, now) : null;
  // The bundled ExifTool is a script, but it is the same on every machine.
  const sha256_tells_no_place = source === "bundled" || tellsNoPlace(real);
  return { name, path, ...facts, package_sha256, sha256_tells_no_place, released_days_ago, old, source };
}

async function lookUp(name: ProgramName, path: string, real: string): Promise<VersionFacts | null> {
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-version-"));
  try {
    const { argv, answer } = questions[name];
    const limits = name === "chromium" ? { ...versionLimits, reservesMemory: true as const } : versionLimits;
    const result = await run({ program: path, argv, cwd: scratch, limits });
    if (result.endedBy !== "exited" || result.exitCode !== 0) return null;
    const version = answer.exec(result.stdout.toString("utf8"))?.[1]?.slice(0, 100);
    return version === undefined ? null : { version, sha256: await sha256OfFile(real) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Content digest of the yt-dlp package that a script of pip's starts; null unless there is exactly one. */
async function packageDigest(script: string): Promise<string | null> {
  const lib = join(environmentOf(script), "lib");
  const folders: string[] = [];
  for (const python of await names(lib, /^python3(\.\d+)?$/)) {
    for (const packages of await names(join(lib, python), /^(site|dist)-packages$/)) {
      const folder = join(lib, python, packages);
      if ((await names(folder, /^yt_dlp$/)).length > 0) folders.push(folder);
    }
  }
  const only = folders[0];
  return only === undefined || folders.length > 1 ? null : contentDigest(only, ["yt_dlp"]);
}

async function names(folder: string, pattern: RegExp): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((entry) => pattern.test(entry)).sort();
}

/** The day in a version of yt-dlp, as a time; null if it has none. */
export function releaseTime({ version }: Pick<Program, "version">): string | null {
  const [, year, month, day] = /^(\d{4})\.(\d{2})\.(\d{2})/.exec(version) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const released = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return Number.isNaN(released) ? null : new Date(released).toISOString();
}

/** Null also for a clock that stands before the release: it says nothing about the age. */
function daysSince(version: string, now: Date): number | null {
  const released = releaseTime({ version });
  if (released === null) return null;
  const days = Math.floor((now.getTime() - Date.parse(released)) / 86_400_000);
  return days < -1 ? null : Math.max(0, days);
}
