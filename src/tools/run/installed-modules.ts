import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../audit/canonical-json.js";
import { type Program, type ProgramSearch, toolsFolder } from "./programs.js";
import { type FoundModule, modulesIn } from "./python-environment.js";
import { objectOf, readNote, textOf } from "./set-up-notes.js";

/**
 * `as-pinned`: what is there, or the file that set-up installed it from, has a digest of our own list.
 * `recorded-not-pinned`: as set-up found it; our list has no digest of it. `changed-since-set-up`: not as set-up found it, or
 * gone. `added-since-set-up`: not there when set-up wrote down what was. `not-recorded`: set-up wrote nothing down.
 */
export type ModuleState =
  | "as-pinned"
  | "recorded-not-pinned"
  | "changed-since-set-up"
  | "added-since-set-up"
  | "not-recorded";

/** A part of the yt-dlp that set-up installed, compared with what set-up wrote down. */
export interface InstalledModule extends FoundModule {
  /** SHA-256 of the file it was installed from; null where set-up did not see that file. */
  readonly file_sha256: string | null;
  readonly state: ModuleState;
}

const pinned = readNote(fileURLToPath(new URL("../../../bin/setup/pinned-modules.json", import.meta.url)));

/**
 * The parts of `downloader`, each compared with our list and with what set-up wrote down in the tools folder; empty where set-up did
 * not install it. Whoever can write in the tools folder can change both: this shows what changed, not what an attacker
 * hid. Names and versions in it are foreign text.
 */
export function installedModules(downloader: Program, env: ProgramSearch["env"]): readonly InstalledModule[] {
  if (downloader.source !== "tools-folder") return [];
  const tools = toolsFolder(env);
  const recorded = objectOf(readNote(join(tools, "modules.json")).modules);
  const found = foundModules(downloader, tools);
  const gone = Object.keys(recorded)
    .filter((name) => !found.some((module) => module.name === name))
    .map((name) => ({ name, version: textOf(objectOf(recorded[name]).version), content_sha256: null }));
  return [...found, ...gone].map((module) => {
    const known = objectOf(recorded[module.name]);
    const state = stateOf(module, known, Object.keys(recorded).length > 0);
    return { ...module, file_sha256: textOf(known.file_sha256), state };
  });
}

/** What is there now: the packages of our Python environment, or the one file of yt-dlp's release. */
export function foundModules(
  { path, version, sha256, package_sha256 }: Program,
  tools: string,
): readonly FoundModule[] {
  const environment = join(tools, "yt-dlp");
  if (path.startsWith(join(environment, "bin"))) {
    const known = package_sha256 === null ? [] : [["yt-dlp", package_sha256] as const];
    return modulesIn(environment, new Map(known));
  }
  return [{ name: "yt-dlp", version, content_sha256: sha256 }];
}

/** Whether our list has the digest of this content. */
export function isPinnedContent({ name, content_sha256 }: FoundModule): boolean {
  if (content_sha256 === null) return false;
  const files = Object.values(objectOf(objectOf(pinned[name]).files));
  return files.some((file) => objectOf(file).content_sha256 === content_sha256);
}

/** Whether our list names this module: it then says nothing of the person or the machine. */
export function isListed({ name }: FoundModule): boolean {
  return Object.hasOwn(pinned, name);
}

/** Whether it is not what set-up left there. */
export function isChanged({ state }: InstalledModule): boolean {
  return state === "changed-since-set-up" || state === "added-since-set-up";
}

function stateOf(module: FoundModule, known: JsonObject, anyRecorded: boolean): ModuleState {
  if (isPinnedContent(module)) return "as-pinned";
  if (Object.keys(known).length === 0) return anyRecorded ? "added-since-set-up" : "not-recorded";
  if (module.content_sha256 === null || known.content_sha256 !== module.content_sha256)
    return "changed-since-set-up";
  return known.pinned === true ? "as-pinned" : "recorded-not-pinned";
}
