import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onPath, say, succeeds } from "./shell.js";

/** The folder of holdfast's own Python environment. */
export function environment(tools) {
  return join(tools, "yt-dlp");
}

/** Makes a new Python environment, without changing the system's Python. */
export function makeEnvironment({ env, tools }) {
  const python = onPath("python3", env);
  if (python === null) return false;
  mkdirSync(tools, { recursive: true });
  rmSync(environment(tools), { recursive: true, force: true });
  say(
    `making a Python environment in ${environment(tools)}; yt-dlp comes into it with pip, from the index that pip is set to (3 MB, on the disk 50 MB)`,
  );
  return succeeds(python, ["-m", "venv", environment(tools)], env, tools);
}
