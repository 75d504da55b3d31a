import type { Software } from "../core/capture/record.js";
import {
  type InstalledModule,
  installedModules,
  isChanged,
  isListed,
} from "../tools/run/installed-modules.js";
import { isForeignRuntime } from "../tools/run/js-runtime.js";
import type { Program } from "../tools/run/programs.js";
import type { World } from "../world.js";

/** For software that is not a single file, or whose digest would reveal where it is installed. */
export const noDigest = { sha256: null, sha256_of: null } as const;

/** Follows the name of software that is no longer as set-up installed it. */
const changed = "changed since set-up";

/**
 * The software that a record names: holdfast, Node.js, each program, and the modules of a yt-dlp that set-up installed.
 */
export function statedSoftware(world: World, programs: readonly Program[]): readonly Software[] {
  const [name = "holdfast", version = ""] = world.tool.split("/");
  return [
    { name, version, ...noDigest },
    { name: "node", version: process.versions.node, ...noDigest },
    ...programs.flatMap((program) => {
      const modules = program.name === "yt-dlp" ? installedModules(program, world.env) : [];
      return [describeProgram(program, modules), ...describeModules(modules)];
    }),
  ];
}

function describeProgram(program: Program, modules: readonly InstalledModule[]): Software {
  const remarks = [
    ...(program.name === "node" ? ["JavaScript runtime of yt-dlp"] : []),
    ...(isForeignRuntime(program) ? [changed] : []),
    ...(program.old ? ["older than the safe minimum, allowed by a flag"] : []),
    ...(modules.some((module) => module.name === program.name && isChanged(module)) ? [changed] : []),
  ];
  const name = remarks.length === 0 ? program.name : `${program.name} (${remarks.join("; ")})`;
  return { name, version: program.version, ...statedDigest(program) };
}

/**
 * The modules from holdfast's own list that the downloader imports. For any others a record states only that they exist:
 * their names and bytes could identify a place or a person (FORMAT.md §5.5).
 */
function describeModules(modules: readonly InstalledModule[]): readonly Software[] {
  const listed = modules.filter((module) => isListed(module) && module.name !== "yt-dlp");
  const others = modules.filter((module) => !isListed(module) && isChanged(module)).length;
  const stated = listed.map((module) => ({
    name: isChanged(module) ? `${module.name} (${changed})` : module.name,
    version: module.version ?? "",
    ...(module.content_sha256 === null ? noDigest : contentOf(module.content_sha256)),
  }));
  if (others === 0) return stated;
  return [
    ...stated,
    { name: `others among the modules of yt-dlp: ${others} (${changed})`, version: "", ...noDigest },
  ];
}

function contentOf(sha256: string): Pick<Software, "sha256" | "sha256_of"> {
  return { sha256, sha256_of: "package-content" };
}

/** The digest for a record; null if a reader could use it to guess local paths (FORMAT.md §5.5). */
function statedDigest(program: Program): Pick<Software, "sha256" | "sha256_of"> {
  if (program.package_sha256 !== null) return contentOf(program.package_sha256);
  return program.sha256_tells_no_place ? { sha256: program.sha256, sha256_of: "file" } : noDigest;
}
