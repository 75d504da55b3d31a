import { accessSync, constants, existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { printable } from "../../core/words/printable.js";
import type { SystemFolder } from "./jail.js";
import type { RunResult } from "./run-request.js";

/** Whether programs can be locked in on this machine; where not, why, and what to do about it. */
export type JailState =
  | { readonly works: true }
  | { readonly works: false; readonly reason: string; readonly hint: string };

/** What this machine says about user namespaces, as far as it says anything. */
export interface NamespaceFacts {
  /** `1` where AppArmor keeps programs without a profile from making them (Ubuntu). */
  readonly apparmor: string | null;
  /** `0` where only root may make them (Debian's own switch). */
  readonly clone: string | null;
  /** How many a user may have. */
  readonly max: string | null;
  readonly inContainer: boolean;
}

/** Starts `program` without arguments inside a jail to see whether it can be; `needed` are the programs that a jail is made with. */
export async function tryJail(
  program: string,
  needed: readonly string[],
  startLockedIn: (program: string) => Promise<RunResult>,
): Promise<JailState> {
  if (process.platform !== "linux")
    return noJail("there is none outside Linux", "use Linux for hostile clips");
  const missing = needed.find((path) => !isExecutable(path));
  if (missing !== undefined) return missingProgram(basename(missing));
  const { endedBy, exitCode, stderr } = await startLockedIn(program);
  if (endedBy === "not-started") return forbiddenJail(stderr.toString("utf8"), namespaceFacts());
  const started = endedBy === "exited" && exitCode !== null && exitCode !== 126 && exitCode !== 127;
  if (started) return { works: true };
  return noJail(
    `${program} does not start inside it`,
    "use the one of the system's package manager, in /usr",
  );
}

function missingProgram(name: string): JailState {
  const [called, from] = name === "bwrap" ? ["bubblewrap", "bubblewrap"] : [name, "util-linux"];
  return noJail(`${called} is not installed`, `install ${from} with the system's package manager`);
}

/** The state where bubblewrap was started and could not make a jail; `words` is what it printed. */
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
    return "a container must be given user namespaces from outside; or run holdfast outside it";
  return "something on this machine forbids user namespaces: try bwrap --unshare-all --ro-bind / / true";
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

/** The folders beside `/usr` as they are on this system: links where it is merged. */
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

/** The path by which a program is called and, where that is a link, the path it leads to. */
export function pathsOf(program: string): readonly string[] {
  try {
    return [...new Set([program, realpathSync(program)])];
  } catch {
    return [program];
  }
}

/** Whether there is a program at this path that we may start. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
