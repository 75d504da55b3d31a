import { HoldfastError } from "./core/error.js";
import type { World } from "./outcome.js";
import type { JailState } from "./tools/jail-state.js";
import { requirePrograms } from "./tools/programs.js";
import { jailState } from "./tools/run.js";

/** The interpreter of ExifTool. */
const perl = "/usr/bin/perl";

/** Whether these programs and ExifTool can be locked in here; else the reason why the first of them cannot. */
export async function mediaJail(programs: readonly string[]): Promise<JailState> {
  for (const program of [perl, ...programs]) {
    const state = await jailState(program);
    if (!state.works) return state;
  }
  return { works: true };
}

/** Throws `program-missing` unless every program that reads a clip can be locked in here. */
export async function requireMediaJail({ env, now }: Pick<World, "env" | "now">): Promise<void> {
  const search = { env, now: now(), allowOldYtDlp: false };
  const found = await requirePrograms(["ffmpeg", "ffprobe"], search);
  const state = await mediaJail([...found.values()].map(({ path }) => path));
  if (state.works) return;
  throw new HoldfastError("program-missing", `programs cannot be locked in: ${state.reason}`, state.hint);
}
