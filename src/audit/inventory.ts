import type { CaptureId } from "./digest.js";
import { faultsOf } from "./finding.js";

/** A file of an OCFL version: its path and both digests in lower-case hex. */
export interface InventoryFile {
  readonly path: string;
  readonly sha256: string;
  readonly sha512: string;
}

export interface InventoryVersion {
  readonly created: string;
  readonly message: string;
  readonly user: { readonly name: string; readonly address?: string };
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

/** The `type` of every inventory. */
export const inventoryType = "https://ocfl.io/1.1/spec/#inventory";

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

/**
 * Reads an inventory strictly. Returns the reasons why it is not one of holdfast's instead of throwing: anybody may
 * have changed the text.
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
  return isInventory(value) ? { inventory: value } : { problems: inventoryProblems(value) };
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

function inventoryProblems(value: unknown): readonly string[] {
  if (!isRecord(value)) return ["inventory.json is not an object"];
  const hasFixity = isRecord(value.fixity) && isDigestLists(value.fixity.sha256, 64);
  const faults = faultsOf([
    [typeof value.id, "string", "id is missing (OCFL E036)"],
    [value.type, inventoryType, "type is not OCFL 1.1 (OCFL E038)"],
    [value.digestAlgorithm, "sha512", "digestAlgorithm is not sha512"],
    [isDigestLists(value.manifest, 128), true, "manifest is not a map of sha512 to paths (OCFL E041)"],
    [hasFixity, true, "fixity has no sha256 block"],
  ]);
  return [...faults, ...versionProblems(value)];
}

function versionProblems(value: Record<string, unknown>): readonly string[] {
  const versions = value.versions;
  if (!isRecord(versions)) return ["versions are missing (OCFL E043)"];
  const count = Object.keys(versions).length;
  if (count === 0 || value.head !== `v${count}`) return ["head is not the last version (OCFL E040)"];
  const manifest = isRecord(value.manifest) ? value.manifest : {};
  return Array.from({ length: count }, (_, at) => `v${at + 1}`).flatMap((name) => {
    const version = versions[name];
    if (!isRecord(version) || typeof version.created !== "string" || !isDigestLists(version.state, 128))
      return [`version ${name} is not complete (OCFL E044)`];
    const isKnown = Object.keys(version.state).every((digest) => digest in manifest);
    return isKnown ? [] : [`version ${name} names a digest the manifest does not hold (OCFL E050)`];
  });
}

function isInventory(value: unknown): value is Inventory {
  return inventoryProblems(value).length === 0;
}

/** The logical folder of the copy that a version brings. Versions are never reused, so no copy replaces another. */
export function publicationFolder(version: string): string {
  return `publication/${version}`;
}

/** The logical folder of the page that a version brings. No page replaces another. */
export function pageFolder(version: string): string {
  return `page/${version}`;
}
