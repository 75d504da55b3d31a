import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A step that could not be done. `status` is the exit status; the message says what to type. */
export class SetupFailure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Tells the person something. stdout belongs to what holdfast is asked for. */
export function say(words) {
  console.error(words);
}

/** Runs a command with its output shown on stderr; true when it succeeded. */
export function succeeds(command, args, env, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, env, stdio: ["ignore", 2, 2] });
  return status === 0;
}

/** Runs a command and hands back what it wrote to stdout; what it wrote to stderr is shown. */
export function output(command, args, env) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", "pipe", 2] });
  return { ok: status === 0, text: stdout?.toString("utf8") ?? "" };
}

/** Absolute path of a program on PATH, or null. */
export function onPath(name, env) {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (isAbsolute(folder) && isProgram(path)) return path;
  }
  return null;
}

/** Runs npm as the one that started us, else the one on PATH. */
export function npm(args, env, cwd = root) {
  const script = env.npm_execpath;
  return script?.endsWith(".js")
    ? succeeds(process.execPath, [script, ...args], env, cwd)
    : succeeds("npm", args, env, cwd);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
