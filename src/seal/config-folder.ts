import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { World } from "../world.js";

/** The user's home folder. */
export function homeFolder(env: World["env"]): string {
  return env.HOME || homedir();
}

/** The user's configuration folder: `$XDG_CONFIG_HOME/holdfast`, else `~/.config/holdfast`. */
export function configFolder(env: World["env"]): string {
  const config = env.XDG_CONFIG_HOME;
  const base = config && isAbsolute(config) ? config : join(homeFolder(env), ".config");
  return join(base, "holdfast");
}
