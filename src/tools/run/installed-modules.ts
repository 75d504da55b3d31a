import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../audit/canonical-json.js";
import { type Program, type ProgramSearch, toolsFolder } from "./programs.js";
import { environmentOf, type FoundModule, modulesIn } from "./python-environment.js";
import { objectOf, readNote, textOf } from "./set-up-notes.js";

/**
 * `as-pinned`: the module, or the file from which set-up installed it, has a digest in holdfast's list.
 * `recorded-not-pinned`: unchanged since set-up, but without a digest in the list. `changed-since-set-up`: changed or
 * removed since set-up. `added-since-set-up`: added since set-up. `not-recorded`: set-up recorded nothing.
 */
export type ModuleState =
  | "as-pinned"
  | "recorded-not-pinned"
  | "changed-since-set-up"
  | "added-since-set-up"
  | "not-recorded";

/** A part of the yt-dlp that set-up installed, compared with set-up's record. */
export interface InstalledModule extends FoundModule {
  /** SHA-256 of the file it was installed from; null if set-up did not see that file. */
  readonly file_sha256: string | null;
  readonly state: ModuleState;
}

const pinned = readNote(fileURLToPath(new URL("../../../bin/setup/pinned-modules.json", import.meta.url)));

/**
 * The parts of `downloader`, each compared with holdfast's list and with set-up's record in the tools folder; empty if
 * set-up did not install it. Whoever can write to the tools folder can change both: this reveals a change, not a careful
 * attacker. The names and versions are untrusted text.
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

/** The installed parts: the packages of holdfast's Python environment, or the one file of a yt-dlp release. */
export function foundModules(
  { path, version, sha256, package_sha256 }: Program,
  tools: string,
): readonly FoundModule[] {
  if (path.startsWith(join(tools, "yt-dlp", "bin"))) {
    const known = package_sha256 === null ? [] : [["yt-dlp", package_sha256] as const];
    return modulesIn(environmentOf(path), new Map(known));
  }
  return [{ name: "yt-dlp", version, content_sha256: sha256 }];
}

/** Whether holdfast's list has the digest of this content. */
export function isPinnedContent({ name, content_sha256 }: FoundModule): boolean {
  if (content_sha256 === null) return false;
  const files = Object.values(objectOf(objectOf(pinned[name]).files));
  return files.some((file) => objectOf(file).content_sha256 === content_sha256);
}

/** Whether holdfast's list names this module: then its name reveals nothing about the user or the machine. */
export function isListed({ name }: FoundModule): boolean {
  return Object.hasOwn(pinned, name);
}

/** Whether it differs from what set-up installed. */
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
