import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { isCaptureId } from "../../audit/digest.js";
import type { LoggedCapture } from "../../audit/log-captures.js";
import { readIntents } from "../journal.js";
import { scratchFolder, storageRootFiles, type VaultLayout } from "../layout.js";
import { readLogFolder } from "../log-folder.js";
import type { Vault } from "../vault.js";
import { withdrawnFolder } from "../withdrawals.js";
import { foundWorkFolders } from "../work-folder.js";
import { unnamedAnnexes, unnamedObjects } from "./unnamed-folders.js";
import { readBytes, strayFindings, vaultFiles } from "./vault-files.js";

/** Something in a vault that no entry names: a crash left it, or somebody put it there. */
export interface Orphan {
  /** Relative to the vault, with forward slashes. */
  readonly path: string;
  /**
   * What is done with it on request (FORMAT.md §8). `finish`: the journal names it. `remove`: it says nothing that is
   * not said elsewhere. `keep`: there may be no other copy of its bytes, so it may be evidence.
   */
  readonly fate: "finish" | "remove" | "keep";
  readonly why: string;
}

type Known = Pick<Vault, "layout" | "database">;

/**
 * All orphans of a vault. Only reads. While another process writes (`isWriting`), `staging` and the journal are its
 * work and are left out.
 */
export function findOrphans(known: Known, isWriting: boolean): readonly Orphan[] {
  const ours = isWriting ? [] : [...interrupted(known), ...staged(known)];
  const temporary = temporaryFiles(known.layout);
  const folders = unnamedFolders(known);
  const listed = new Set([...ours, ...temporary].map(({ path }) => path));
  const isInside = (path: string) => folders.some((folder) => path.startsWith(`${folder.path}/`));
  const strays = strayPaths(known).filter((path) => !listed.has(path) && !isInside(path));
  return [...ours, ...temporary, ...emptyFolders(known.layout), ...folders, ...strays.map(strayFile)];
}

/**
 * Removes the orphans that may be removed, examining each again. A file is unlinked; the only folders that go are
 * staging folders of holdfast and empty ones in `objects/`. The caller must hold the writer lock, and must have logged
 * it first.
 */
export function removeOrphans(layout: VaultLayout, orphans: readonly Orphan[]): void {
  const again = new Set(
    [...stagedFiles(layout), ...temporaryFiles(layout), ...emptyFolders(layout)]
      .filter(({ fate }) => fate === "remove")
      .map(({ path }) => path),
  );
  for (const { path } of orphans.filter((one) => again.has(one.path))) {
    const place = join(layout.root, path);
    if (lstatSync(place).isDirectory()) rmdirSync(place);
    else rmSync(place);
  }
}

function interrupted({ database }: Known): readonly Orphan[] {
  return readIntents({ database }).map(({ capture, event }) => ({
    path: `staging/${capture}`,
    fate: "finish",
    why: `a commit (${event}) that was interrupted: it is finished, or given up where it is not whole`,
  }));
}

function staged({ layout, database }: Known): readonly Orphan[] {
  const journalled = new Set<string>(readIntents({ database }).map(({ capture }) => capture));
  const shared = foundWorkFolders(layout);
  const given = new Set(shared.map(({ path }) => path));
  const attempts = shared.flatMap(({ path, attempts: inside }) =>
    inside.map((name) => `${basename(path)}/${name}`),
  );
  const names = namesIn(layout.staging).filter((name) => !given.has(join(layout.staging, name)));
  const never = "an attempt that was never committed; whatever command writes next removes it too";
  const folders = names
    .filter((name) => !journalled.has(name) && isFolder(join(layout.staging, name)))
    .map((name): Orphan => {
      const path = `staging/${name}`;
      if (name === scratchFolder)
        return { path, fate: "remove", why: "working files of a command that ended" };
      if (name === withdrawnFolder)
        return { path, fate: "remove", why: "files of captures that were withdrawn" };
      if (!isCaptureId(name)) return { path, fate: "keep", why: "a folder that holdfast did not make" };
      return { path, fate: "remove", why: never };
    });
  return [
    ...attempts.map((path): Orphan => ({ path: `staging/${path}`, fate: "remove", why: never })),
    ...shared.map(({ path }): Orphan => {
      return {
        path: `staging/${basename(path)}`,
        fate: "remove",
        why: "working files of a command that ended",
      };
    }),
    ...folders,
    ...stagedFiles(layout),
  ];
}

const halfMade = /^(log\.|(new|rebuilt)\.db(-wal|-shm|-journal)?$)/;

function stagedFiles({ staging }: VaultLayout): readonly Orphan[] {
  return namesIn(staging)
    .filter((name) => !isFolder(join(staging, name)) && name !== "writer.lock")
    .map((name) => {
      const isHalf = halfMade.test(name) && isFile(join(staging, name));
      return {
        path: `staging/${name}`,
        fate: isHalf ? "remove" : "keep",
        why: isHalf ? "a file on its way into place, made from the log" : "a file that holdfast did not make",
      };
    });
}

/**
 * What `placeFile` leaves if it is killed between writing and renaming: whole or cut, beside the file that it was for.
 */
function temporaryFiles(layout: VaultLayout): readonly Orphan[] {
  const own = [
    "holdfast.json",
    "README.txt",
    ...Object.keys(storageRootFiles).map((name) => `objects/${name}`),
  ];
  const inObjects = objectFolders(layout).flatMap((folder) =>
    ["inventory.json", "inventory.json.sha512"].map((name) => `${folder}/${name}`),
  );
  return [...own, ...inObjects]
    .filter((path) => isFile(join(layout.root, `${path}.new`)))
    .map((path) => {
      const isCopy = sources(layout, path).some((source) => isBeginning(layout, `${path}.new`, source));
      return {
        path: `${path}.new`,
        fate: isCopy ? "remove" : "keep",
        why: isCopy
          ? `a copy, whole or in part, of what is in ${path} or a version of it`
          : "its bytes are nowhere else",
      };
    });
}

/** The file itself, and for an inventory those of all versions. */
function sources(layout: VaultLayout, path: string): readonly string[] {
  if (!path.startsWith("objects/") || !path.includes("/inventory.json")) return [path];
  const folder = dirname(path);
  const versions = namesIn(join(layout.root, folder)).filter((name) => /^v[1-9]\d*$/.test(name));
  return [path, ...versions.map((version) => `${folder}/${version}${path.slice(folder.length)}`)];
}

function isBeginning({ root }: VaultLayout, part: string, whole: string): boolean {
  const [some, all] = [readBytes(join(root, part)), readBytes(join(root, whole))];
  if (some === null || all === null || some.length > all.length) return false;
  return Buffer.compare(some, all.subarray(0, some.length)) === 0;
}

function objectFolders({ objects }: VaultLayout): readonly string[] {
  return tuples(objects).flatMap((tuple) =>
    namesIn(join(objects, tuple))
      .filter((id) => isCaptureId(id) && isFolder(join(objects, tuple, id)))
      .map((id) => `objects/${tuple}/${id}`),
  );
}

function emptyFolders({ objects }: VaultLayout): readonly Orphan[] {
  return tuples(objects)
    .filter((tuple) => namesIn(join(objects, tuple)).length === 0)
    .map((tuple) => ({ path: `objects/${tuple}`, fate: "remove", why: "an empty folder" }));
}

function tuples(objects: string): readonly string[] {
  return namesIn(objects).filter((name) => /^[0-9a-f]{2}$/.test(name) && isFolder(join(objects, name)));
}

function unnamedFolders(known: Known): readonly Orphan[] {
  const journalled = new Set<string>(readIntents(known).map(({ capture }) => capture));
  const kept = (why: string) => (path: string) => ({ path, fate: "keep", why }) as const;
  const isNamed = (path: string) => path.split("/").some((part) => journalled.has(part));
  return [
    ...unnamedObjects(known).map(
      kept("no entry names it, and it may be the only copy: compare with an older vault.db"),
    ),
    ...unnamedAnnexes(known).map(
      kept("an annex that no entry names: it may say who and where of a capture that was lost"),
    ),
  ].filter(({ path }) => !isNamed(path));
}

/** Files that do not belong in a vault. The index is asked which captures there are: a wrong answer only keeps more. */
function strayPaths({ layout, database }: Known): readonly string[] {
  const strays = new Set(readLogFolder(layout).strays);
  const found = strayFindings(vaultFiles(layout), indexedCaptures(database), strays);
  return found.filter(({ code }) => code === "stray").map(({ where }) => where);
}

function indexedCaptures(database: Database.Database): ReadonlyMap<string, LoggedCapture> {
  const rows = database
    .prepare<[], { id: string; entry: number; object: string | null }>(
      "SELECT id, entry, object FROM capture",
    )
    .all();
  return new Map(
    rows.map((row) => [row.id, { ...row, url: null, annexes: [], versions: [], withdrawal: null }]),
  );
}

function strayFile(path: string): Orphan {
  return { path, fate: "keep", why: "it does not belong in a vault, and holdfast did not make it" };
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
