import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { contentDigest } from "./module-content.js";

/** An installed package of a Python environment. */
export interface FoundModule {
  /** Lower case, with hyphens; the file name of something that no package claims. */
  readonly name: string;
  /** Null for something that no package claims. */
  readonly version: string | null;
  /** Digest of the package's files (FORMAT.md §5.5); null if any of them cannot be read. */
  readonly content_sha256: string | null;
}

/** Python installs these into every environment; yt-dlp imports neither. */
const fromPython: readonly string[] = ["pip", "setuptools"];

/**
 * The contents of the environment below `folder`, except what Python installed itself: its packages, and anything that
 * no package claims, because Python runs some files (`sitecustomize.py`) unasked. Empty unless there is exactly one
 * package folder. Names and file lists are untrusted: anyone who can write there controls them. `known` holds digests
 * taken a moment ago, by name.
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

/**
 * The environment that a script of pip's runs in: the one whose Python its first line names, else the one that it lies in.
 * In a copied folder the two differ.
 */
export function environmentOf(script: string): string {
  const python = /^#!(\/\S+\/bin\/python3?(?:\.\d+)?)\n/.exec(read(script))?.[1];
  const named = python === undefined ? null : dirname(dirname(python));
  return named !== null && existsSync(join(named, "pyvenv.cfg")) ? named : dirname(dirname(script));
}

/** A package name in the normal form that PyPI compares. */
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

/** The folders and files in a package's file list that are in the package folder; not scripts or manuals elsewhere. */
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
