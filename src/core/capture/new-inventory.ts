import type { CaptureId } from "../../audit/digest.js";
import { type Inventory, type InventoryFile, inventoryType } from "../../audit/inventory.js";

/** What a new version says about itself. */
export interface VersionNote {
  readonly created: string;
  readonly message: string;
  readonly user: string;
  /** A URI for `user` that names no person. */
  readonly address: string;
}

/** The URN of a vault: its id as a UUID (RFC 9562 §4). */
export function vaultAddress(vaultId: string): string {
  return `urn:uuid:${vaultId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
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
  const user = { name: note.user, address: note.address };
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
      [version]: { created: note.created, message: note.message, user, state },
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
