import type { CaptureId } from "./digest.js";

/** A file of an OCFL version: its path and both digests in lower-case hex. */
export interface InventoryFile {
  readonly path: string;
  readonly sha256: string;
  readonly sha512: string;
}

export interface InventoryVersion {
  readonly created: string;
  readonly message: string;
  readonly user: { readonly name: string };
  /** sha512 → logical paths. */
  readonly state: Readonly<Record<string, readonly string[]>>;
}

/** An OCFL 1.1 inventory as holdfast writes it (OCFL §3.5, FORMAT.md §7). */
export interface Inventory {
  readonly id: CaptureId;
  readonly type: "https://ocfl.io/1.1/spec/#inventory";
  readonly digestAlgorithm: "sha512";
  readonly head: string;
  readonly contentDirectory: "content";
  /** sha512 → content paths such as `v1/content/original/track-1.mp4`. */
  readonly manifest: Readonly<Record<string, readonly string[]>>;
  readonly versions: Readonly<Record<string, InventoryVersion>>;
  /** sha256 → content paths. */
  readonly fixity: { readonly sha256: Readonly<Record<string, readonly string[]>> };
}

const inventoryType = "https://ocfl.io/1.1/spec/#inventory";

/** What a new version says about itself. */
export interface VersionNote {
  readonly created: string;
  readonly message: string;
  readonly user: string;
}

/** The inventory of a new object whose version v1 holds exactly `files`. */
export function firstInventory(id: CaptureId, files: readonly InventoryFile[], note: VersionNote): Inventory {
  return grow({ id, previous: null, version: "v1", files, carried: {}, note });
}

/**
 * The inventory after adding a version with `files`. Logical paths of the head are carried over, except those under
 * `replaced` (a folder such as `derived/`), which the new version replaces; their bytes stay in the older version. With null,
 * everything is carried over.
 */
export function nextInventory(
  previous: Inventory,
  files: readonly InventoryFile[],
  replaced: string | null,
  note: VersionNote,
): Inventory {
  const head = previous.versions[previous.head];
  if (!head) throw new RangeError(`inventory of ${previous.id} has no version ${previous.head}`);
  const carried: Record<string, readonly string[]> = {};
  for (const [digest, paths] of Object.entries(head.state)) {
    const kept = paths.filter((path) => replaced === null || !path.startsWith(replaced));
    if (kept.length > 0) carried[digest] = kept;
  }
  return grow({ id: previous.id, previous, version: nextVersion(previous.head), files, carried, note });
}

/** `v1` → `v2`. Version numbers are not zero-padded (OCFL §3.4). */
export function nextVersion(version: string): string {
  return `v${Number(version.slice(1)) + 1}`;
}

/** The bytes written as `inventory.json`. */
export function encodeInventory(inventory: Inventory): string {
  return `${JSON.stringify(inventory, null, 2)}\n`;
}

/** The sidecar `inventory.json.sha512` (OCFL §3.7). */
export function encodeSidecar(digest: string): string {
  return `${digest}  inventory.json\n`;
}

/** Every content path of the inventory with both digests, in manifest order. */
export function contentFiles(inventory: Inventory): readonly InventoryFile[] {
  const sha256ByPath = new Map<string, string>();
  for (const [digest, paths] of Object.entries(inventory.fixity.sha256)) {
    for (const path of paths) sha256ByPath.set(path, digest);
  }
  return Object.entries(inventory.manifest).flatMap(([sha512, paths]) =>
    paths.map((path) => ({ path, sha512, sha256: sha256ByPath.get(path) ?? "" })),
  );
}

/** Logical path → content path of the head version. Paths the manifest does not hold are left out. */
export function headContentPaths(inventory: Inventory): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const [digest, logical] of Object.entries(inventory.versions[inventory.head]?.state ?? {})) {
    const content = inventory.manifest[digest] ?? [];
    for (const path of logical) {
      const own = content.find((candidate) => candidate.endsWith(`/content/${path}`)) ?? content[0];
      if (own !== undefined) paths.set(path, own);
    }
  }
  return paths;
}

/**
 * Reads an inventory strictly. Returns the reasons it is not one of ours instead of throwing: the text may have been
 * changed by anybody.
 */
export function parseInventory(
  text: string,
): { readonly inventory: Inventory } | { readonly problems: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problems: ["inventory.json is not JSON"] };
  }
  const problems = inventoryProblems(value);
  if (problems.length > 0) return { problems };
  return isInventory(value)
    ? { inventory: value }
    : { problems: ["inventory.json is not an OCFL 1.1 inventory"] };
}

interface Growth {
  readonly id: CaptureId;
  readonly previous: Inventory | null;
  readonly version: string;
  readonly files: readonly InventoryFile[];
  readonly carried: Readonly<Record<string, readonly string[]>>;
  readonly note: VersionNote;
}

function grow(growth: Growth): Inventory {
  const { previous, version, files, note } = growth;
  const manifest = copyLists(previous?.manifest ?? {});
  const fixity = copyLists(previous?.fixity.sha256 ?? {});
  const state = copyLists(growth.carried);
  for (const file of files) {
    const content = `${version}/content/${file.path}`;
    add(manifest, file.sha512, content);
    add(fixity, file.sha256, content);
    add(state, file.sha512, file.path);
  }
  return {
    id: growth.id,
    type: inventoryType,
    digestAlgorithm: "sha512",
    head: version,
    contentDirectory: "content",
    manifest,
    versions: {
      ...previous?.versions,
      [version]: { created: note.created, message: note.message, user: { name: note.user }, state },
    },
    fixity: { sha256: fixity },
  };
}

function copyLists(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, [...list]]));
}

function add(lists: Record<string, string[]>, digest: string, path: string): void {
  const list = lists[digest];
  if (list) list.push(path);
  else lists[digest] = [path];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDigestLists(value: unknown, hexDigits: number): value is Record<string, string[]> {
  if (!isRecord(value)) return false;
  const digest = new RegExp(`^[0-9a-f]{${hexDigits}}$`);
  return Object.entries(value).every(
    ([key, paths]) => digest.test(key) && Array.isArray(paths) && paths.length > 0 && paths.every(isSafePath),
  );
}

/** A relative path with no empty, `.` or `..` part (OCFL E099, E100) and plain ASCII, as holdfast writes them. */
function isSafePath(path: unknown): path is string {
  return (
    typeof path === "string" &&
    /^[A-Za-z0-9._/-]+$/.test(path) &&
    path.split("/").every((part) => !/^\.{0,2}$/.test(part))
  );
}

function inventoryProblems(value: unknown): string[] {
  if (!isRecord(value)) return ["inventory.json is not an object"];
  const problems: string[] = [];
  if (typeof value.id !== "string") problems.push("id is missing (OCFL E036)");
  if (value.type !== inventoryType) problems.push("type is not OCFL 1.1 (OCFL E038)");
  if (value.digestAlgorithm !== "sha512") problems.push("digestAlgorithm is not sha512");
  if (!isDigestLists(value.manifest, 128))
    problems.push("manifest is not a map of sha512 to paths (OCFL E041)");
  if (!isRecord(value.fixity) || !isDigestLists(value.fixity.sha256, 64))
    problems.push("fixity has no sha256 block");
  problems.push(...versionProblems(value));
  return problems;
}

function versionProblems(value: Record<string, unknown>): string[] {
  const versions = value.versions;
  if (!isRecord(versions)) return ["versions are missing (OCFL E043)"];
  const count = Object.keys(versions).length;
  if (count === 0 || value.head !== `v${count}`) return ["head is not the last version (OCFL E040)"];
  const manifest = isRecord(value.manifest) ? value.manifest : {};
  const problems: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const version = versions[`v${number}`];
    if (!isRecord(version) || typeof version.created !== "string" || !isDigestLists(version.state, 128)) {
      problems.push(`version v${number} is not complete (OCFL E044)`);
      continue;
    }
    const unknown = Object.keys(version.state).filter((digest) => !(digest in manifest));
    if (unknown.length > 0)
      problems.push(`version v${number} names a digest the manifest does not hold (OCFL E050)`);
  }
  return problems;
}

function isInventory(value: unknown): value is Inventory {
  return inventoryProblems(value).length === 0;
}

/** The logical folder of the copy that a version brings: versions are never used twice, so no copy replaces another. */
export function publicationFolder(version: string): string {
  return `publication/${version}`;
}
