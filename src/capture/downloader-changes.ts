import { type InstalledModule, installedModules, isChanged } from "../tools/run/installed-modules.js";
import type { Program } from "../tools/run/programs.js";
import type { World } from "../world.js";

/** The parts of the downloader changed or added since set-up. Empty if set-up did not install it. */
export function downloaderChanges(
  downloader: Program,
  { env }: Pick<World, "env">,
): readonly InstalledModule[] {
  return installedModules(downloader, env).filter(isChanged);
}
