import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contentDigest } from "./module-content.js";

/** A package in a Python environment as it lies there now. */
export interface FoundModule {
  /** Lower case, with hyphens. Of something that no package claims: its own name. */
  readonly name: string;
  /** Null for something that no package claims. */
  readonly version: string | null;
  /** Digest of its own files (FORMAT.md §5.5); null where something of them cannot be read. */
  readonly content_sha256: string | null;
}

/** They come with the environment from Python itself, and yt-dlp imports neither. */
const fromPython: readonly string[] = ["pip", "setuptools"];

/**
 * What an environment below `folder` holds beside what Python put there: its packages, and whatever lies among them
 * that none claims, since Python runs some of that (`sitecustomize.py`) unasked. Empty where there is not exactly one
 * folder of packages. Names and lists in it are whatever pip, or somebody else, wrote there. `known` holds digests that
 * were taken a moment ago, by name.
 */
export function modulesIn(
  folder: string,
  known: ReadonlyMap<string, string> = new Map(),
): readonly FoundModule[] {
  const base = packagesFolder(folder);
  if (base === null) return [];
  const entries = [...namesIn(base)].sort();
  const packages = entries.flatMap((entry) => {
    const [, name, version] = /^(.+)-([^-]+)\.dist-info$/.exec(entry) ?? [];
    if (name === undefined || version === undefined) return [];
    return [{ name: normalName(name), version, own: ownEntries(join(base, entry, "RECORD")) }];
  });
  const claimed = new Set(packages.flatMap(({ own }) => own));
  const unclaimed = entries.filter(
    (entry) => !claimed.has(entry) && !entry.endsWith(".dist-info") && entry !== "__pycache__",
  );
  return [
    ...packages
      .filter(({ name }) => !fromPython.includes(name))
      .map(({ name, version, own }) => ({
        name,
        version,
        content_sha256: known.get(name) ?? contentDigest(base, own),
      })),
    ...unclaimed.map((name) => ({ name, version: null, content_sha256: contentDigest(base, [name]) })),
  ];
}

/** A package's name as PyPI compares names. */
function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function packagesFolder(folder: string): string | null {
  const lib = join(folder, "lib");
  const found = namesIn(lib)
    .filter((name) => /^python3(\.\d+)?$/.test(name))
    .map((python) => join(lib, python, "site-packages"))
    .filter((path) => namesIn(path).length > 0);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The folders and files beside the package's list of files that the list names; not what lies elsewhere (scripts, manuals). */
function ownEntries(list: string): readonly string[] {
  const own = new Set<string>();
  for (const line of read(list).split("\n")) {
    const [entry = "", ...rest] = (line.split(",")[0] ?? "").split("/");
    const isOutside = entry === "" || entry === ".." || entry.endsWith(".dist-info");
    if (isOutside || (entry === "__pycache__" && rest.length > 0)) continue;
    own.add(entry);
  }
  return [...own];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
