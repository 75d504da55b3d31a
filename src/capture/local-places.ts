import { homedir, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { LocalPlace } from "../core/words/local-paths.js";
import { toolsFolder } from "../tools/run/programs.js";
import type { World } from "../world.js";
import type { Resources } from "./resources.js";

/** The local folders that an error text may name, and their placeholders. */
export function localPlaces(
  resources: Pick<Resources, "vault">,
  world: Pick<World, "env">,
): readonly LocalPlace[] {
  return [
    [resources.vault.layout.root, "<vault>"],
    [toolsFolder(world.env), "<tools>"],
    [fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, ""), "<holdfast>"],
    [world.env.HOME ?? "", "<home>"],
    [homedir(), "<home>"],
    [tmpdir(), "<tmp>"],
  ];
}
