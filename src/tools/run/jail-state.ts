import { accessSync, constants, existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { printable } from "../../core/words/printable.js";
import type { SystemFolder } from "./jail.js";
import type { RunResult } from "./run-request.js";

/** Whether programs can run in a jail on this machine; if not, why, and what to do about it. */
export type JailState =
  | { readonly works: true }
  | { readonly works: false; readonly reason: string; readonly hint: string };

/** This machine's settings for user namespaces, as far as they can be read. */
export interface NamespaceFacts {
  /** `1` if AppArmor keeps programs without a profile from creating them (Ubuntu). */
  readonly apparmor: string | null;
  /** `0` if only root may create them (a Debian setting). */
  readonly clone: string | null;
  /** How many a user may create. */
  readonly max: string | null;
  readonly inContainer: boolean;
}

/**
 * Starts `program` without arguments inside a jail to see whether that works; `needed` are the programs that make a
 * jail.
 */
export async function tryJail(
  program: string,
  needed: readonly string[],
  startLockedIn: (program: string) => Promise<RunResult>,
): Promise<JailState> {
  if (process.platform !== "linux")
    return noJail("the sandbox works only on Linux", "use Linux for hostile clips");
  const missing = needed.find((path) => !isExecutable(path));
  if (missing !== undefined) return missingProgram(basename(missing));
  const { endedBy, exitCode, stderr } = await startLockedIn(program);
  if (endedBy === "not-started") return forbiddenJail(stderr.toString("utf8"), namespaceFacts());
  const started = endedBy === "exited" && exitCode !== null && exitCode !== 126 && exitCode !== 127;
  if (started) return { works: true };
  return noJail(
    `${program} does not start inside the sandbox`,
    "use the version from the system's package manager, in /usr",
  );
}

function missingProgram(name: string): JailState {
  const [called, from] = name === "bwrap" ? ["bubblewrap", "bubblewrap"] : [name, "util-linux"];
  return noJail(`${called} is not installed`, `install ${from} with the system's package manager`);
}

/** The state when bubblewrap ran but could not make a jail; `words` is its output. */
export function forbiddenJail(words: string, facts: NamespaceFacts): JailState {
  const [first = ""] = words
    .replace(/^bwrap: /, "")
    .trim()
    .split("\n");
  return noJail(`bubblewrap says: ${printable(first, 200)}`, forbiddenHint(facts));
}

function noJail(reason: string, hint: string): JailState {
  return { works: false, reason, hint };
}

function forbiddenHint({ apparmor, clone, max, inContainer }: NamespaceFacts): string {
  if (apparmor === "1")
    return "AppArmor forbids it: load its profile bwrap-userns-restrict (package apparmor-profiles)";
  if (clone === "0") return "the system forbids it: sudo sysctl kernel.unprivileged_userns_clone=1";
  if (max === "0") return "the system forbids it: sudo sysctl user.max_user_namespaces=10000";
  if (inContainer)
    return "allow user namespaces in the container's settings, or run holdfast outside the container";
  return "this machine forbids user namespaces; to see how, try: bwrap --unshare-all --ro-bind / / true";
}

function namespaceFacts(): NamespaceFacts {
  return {
    apparmor: setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    clone: setting("/proc/sys/kernel/unprivileged_userns_clone"),
    max: setting("/proc/sys/user/max_user_namespaces"),
    inContainer: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
  };
}

function setting(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

/** The folders beside `/usr` on this system; links if `/usr` is merged. */
export function systemFolders(): readonly SystemFolder[] {
  return ["/bin", "/sbin", "/lib", "/lib64"]
    .filter((path) => existsSync(path))
    .map((path) => ({ path, link: linkTarget(path) }));
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The path by which a program is called and, if that is a link, the path to which it leads. */
export function pathsOf(program: string): readonly string[] {
  try {
    return [...new Set([program, realpathSync(program)])];
  } catch {
    return [program];
  }
}

/** Whether this path is a program that this process may start. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
