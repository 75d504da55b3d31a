import { homedir } from "node:os";
import { HoldfastError } from "../core/words/error.js";
import { ytDlpJailState } from "../tools/download/yt-dlp-jail.js";
import type { JailState } from "../tools/run/jail-state.js";
import { findProgram, type Program, type ProgramName, requirePrograms } from "../tools/run/programs.js";
import { jailState } from "../tools/run/run.js";
import type { World } from "../world.js";

/** The interpreter that runs ExifTool. */
const perl = "/usr/bin/perl";

/** Whether these programs and ExifTool can run in a jail on this machine; else why the first of them cannot. */
export async function mediaJail(programs: readonly string[]): Promise<JailState> {
  for (const program of [perl, ...programs]) {
    const state = await jailState(program);
    if (!state.works) return state;
  }
  return { works: true };
}

/** Whether this yt-dlp can run in a jail on this machine, with the egress guard as its only way out. */
export async function downloaderJail(path: string): Promise<JailState> {
  const state = await ytDlpJailState(path, homedir());
  return state.works ? { works: true } : state;
}

/** The programs that a command runs on untrusted bytes: those that read clips and, for some commands, the downloader. */
export interface JailNeeds {
  readonly fetching: boolean;
}

/** The programs found, and whether they can run in a jail. */
export interface JailsFound {
  readonly jail: JailState;
  /** Null if the command fetches nothing or no downloader was found. */
  readonly downloader: Program | null;
}

/** Whether every program that a command runs on untrusted bytes can run in a jail. Skips missing programs. */
export async function jailsOf({ fetching }: JailNeeds, { env, now }: Searching): Promise<JailsFound> {
  // Finding yt-dlp reads all of its files, while the first jail is tried.
  const [media, downloader] = await Promise.all([
    mediaJail([]),
    fetching ? findProgram("yt-dlp", { env, now: now() }) : null,
  ]);
  if (!media.works || downloader === null) return { jail: media, downloader };
  return { jail: await downloaderJail(downloader.path), downloader };
}

type Searching = Pick<World, "env" | "now">;

/**
 * Throws `program-missing` unless every program that a command runs on untrusted bytes can run in a jail on this machine.
 * Returns the downloader; null for a command that fetches nothing.
 */
export async function requireJails(
  { fetching }: JailNeeds,
  { env, now }: Searching,
): Promise<Program | null> {
  const names: readonly ProgramName[] = ["ffmpeg", "ffprobe", ...(fetching ? (["yt-dlp"] as const) : [])];
  // Whether an old yt-dlp may be used is decided later.
  const found = await requirePrograms(names, { env, now: now(), allowOldYtDlp: true });
  const downloader = found.get("yt-dlp");
  const readers = [...found.values()].filter((program) => program !== downloader);
  const media = await mediaJail(readers.map(({ path }) => path));
  const state = media.works && downloader ? await downloaderJail(downloader.path) : media;
  if (state.works) return downloader ?? null;
  throw new HoldfastError("program-missing", `starting programs in a sandbox: ${state.reason}`, state.hint);
}
