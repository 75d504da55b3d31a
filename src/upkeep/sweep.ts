import { lstatSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { closeAfterWriting, type HeadReport } from "../seal/checkpoint.js";
import { openAlone } from "../seal/open-vault.js";
import { findOrphans, type Orphan, removeOrphans } from "../vault/check/orphans.js";
import { isBeingWritten } from "../vault/database-files.js";
import { lastRow, linesFrom } from "../vault/log.js";
import { readVault, refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";

/** Something that a crash left, or that nothing in the vault accounts for. */
export interface SweptOrphan extends Orphan {
  /** Path relative to the vault; absolute for a temporary folder. */
  readonly path: string;
  /** Whether this command finished or removed it. */
  readonly done: boolean;
}

export interface SweepReport {
  readonly orphans: readonly SweptOrphan[];
  /** Whether another process is writing: `staging` and the journal hold its work and were not inspected. */
  readonly busy: boolean;
  /** The entries that state what was done; empty if leftovers were only listed. */
  readonly entries: readonly number[];
  /** How the log was sealed; null if leftovers were only listed. */
  readonly head: HeadReport | null;
}

/**
 * Lists what crashes left in the vault and the temporary folder. Changes nothing. Throws `no-vault`, `not-as-recorded`.
 */
export function listOrphans(root: string, world: World): SweepReport {
  const { orphans, busy } = look(root, world);
  return { orphans: orphans.map((one) => ({ ...one, done: false })), busy, entries: [], head: null };
}

/**
 * Finishes and removes what `listOrphans` lists, and logs it. Writes the entry first, because a removal logged twice is
 * better than one not logged. Keeps anything that may be evidence. Throws `no-vault`, `vault-busy`, `not-as-recorded`.
 */
export async function sweepVault(root: string, world: World): Promise<SweepReport> {
  refuseMissingVault(root);
  const { orphans, busy, size } = look(root, world);
  const vault = await openAlone(root, world);
  try {
    removeLogged(vault, world.now());
  } catch (error) {
    closeVault(vault);
    throw error;
  }
  const entries = recoveriesAfter(vault, size);
  // The entry is signed like any other, but a sweep makes no network request.
  const offline = { ...world, env: { ...world.env, HOLDFAST_OFFLINE: "1" } };
  const head = await closeAfterWriting(vault, offline, { proxy: null, allowPrivate: false, force: false });
  const swept = orphans.map((one) => ({
    ...one,
    done: one.fate !== "keep" && isGone(resolve(root, one.path)),
  }));
  return { orphans: swept, busy, entries, head };
}

function look(root: string, world: World) {
  const inVault = readVault(root, ({ layout, database }) => {
    const busy = isBeingWritten(layout);
    return { orphans: findOrphans({ layout, database }, busy), busy, size: lastRow(database)?.seq ?? 0 };
  });
  const outside = leftTemporaryFolders(world.now()).map((one): Orphan => ({ ...one, fate: "remove" }));
  return { ...inVault, orphans: [...inVault.orphans, ...outside] };
}

/** Logs and removes what remains after `finishInterrupted` has dealt with `staging` and the journal. */
function removeLogged(vault: Vault, now: Date): void {
  const orphans = findOrphans(vault, false).filter(({ fate }) => fate === "remove");
  const folders = leftTemporaryFolders(now);
  const words = [
    ...orphans.map(({ path, why }) => `${path} (${why})`),
    // A local path must not be in the log (FORMAT.md §4.4).
    ...folders.map(({ why }) => `a temporary folder outside the vault (${why})`),
  ];
  for (let at = 0; at < words.length; at += pathsPerEntry) {
    const detail = `removed: ${words.slice(at, at + pathsPerEntry).join("; ")}`;
    logEntry(vault, "recovery", { what: "leftovers-removed", capture: null, detail });
  }
  removeOrphans(vault.layout, orphans);
  for (const folder of folders) removeTemporaryFolder(folder);
}

const pathsPerEntry = 50;

/** Numbers of the `recovery` entries after entry `size`, including those of `finishInterrupted`. */
function recoveriesAfter({ database }: Vault, size: number): readonly number[] {
  return [...linesFrom(database, size + 1)].flatMap((line, at) =>
    line.includes('"event":"recovery"') ? [size + 1 + at] : [],
  );
}

function isGone(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

/** A folder that a killed command left in the temporary folder: copies of a database, sockets, scratch files. */
interface TemporaryFolder {
  /** Absolute. */
  readonly path: string;
  readonly why: string;
}

/** holdfast's temporary folders by name, with their contents. */
const contents: Readonly<Record<string, string>> = {
  audit: "a copy of a vault.db being checked",
  clock: "scratch files of a clock check",
  formats: "a copy of the cookies of one site, and pages, of a look at formats",
  kept: "a socket of a yt-dlp kept loaded",
  key: "a message being signed",
  version: "scratch files of a version check",
};

const name = new RegExp(`^holdfast-(${Object.keys(contents).join("|")})-[A-Za-z0-9]{6}$`);

/** No command keeps a folder this long without writing to it or holding a file in it open. */
const oldAfterMs = 24 * 60 * 60 * 1000;

/** This user's temporary folders that have been untouched for a day. */
function leftTemporaryFolders(now: Date): readonly TemporaryFolder[] {
  const folder = tmpdir();
  return readdirSync(folder)
    .sort()
    .flatMap((item) => {
      const kind = name.exec(item)?.[1];
      const path = join(folder, item);
      return kind !== undefined && isLeft(path, now) ? [{ path, why: contents[kind] ?? "" }] : [];
    });
}

/** Removes links in it, never follows them. */
function removeTemporaryFolder({ path }: TemporaryFolder): void {
  rmSync(path, { recursive: true, force: true });
}

/** Other users can create a folder with such a name in the shared temporary folder: only this user's folders count. */
function isLeft(path: string, now: Date): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory() || found.uid !== process.getuid?.()) return false;
  return newestIn(path, found.mtimeMs) < now.getTime() - oldAfterMs;
}

function newestIn(path: string, own: number): number {
  const inside = readdirSync(path).map((item) => lstatSync(join(path, item), { throwIfNoEntry: false }));
  return Math.max(own, ...inside.map((found) => found?.mtimeMs ?? 0));
}
