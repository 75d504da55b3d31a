import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A failed step of set-up. `status` is the exit status; the message says what to do. */
export class SetupFailure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Prints a message on stderr. stdout is only for the answers of holdfast. */
export function say(words) {
  console.error(words);
}

/** Runs a command and shows its output on stderr; true if it succeeded. */
export function succeeds(command, args, env, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, env, stdio: ["ignore", 2, 2] });
  return status === 0;
}

/** Runs a command and shows nothing; true if it succeeded. */
export function succeedsQuietly(command, args, env, cwd = root) {
  const { status } = spawnSync(command, args, { cwd, env, stdio: "ignore" });
  return status === 0;
}

/** Runs a command, returns its stdout and shows its stderr. */
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

/** Runs the npm that started this process, else the one on PATH. */
export function npm(args, env, cwd = root) {
  const script = env.npm_execpath;
  return script?.endsWith(".js")
    ? succeeds(process.execPath, [script, ...args], env, cwd)
    : succeeds("npm", args, env, cwd);
}

/** The same, but returns what it prints. */
export function npmOutput(args, env) {
  const script = env.npm_execpath;
  return script?.endsWith(".js")
    ? output(process.execPath, [script, ...args], env)
    : output("npm", args, env);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
