import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type Database from "better-sqlite3";
import type { Json } from "../audit/canonical-json.js";
import { sha256 } from "../audit/digest.js";
import { type Entry, type EventName, lineHash } from "../audit/entry.js";
import { encodeEntry } from "../core/capture/new-entry.js";
import { HoldfastError } from "../core/words/error.js";
import { closeWhole, openDatabaseForWriting } from "./database-for-writing.js";
import { syncFile, syncFolder } from "./disk-niceties.js";
import { makeFolder, moveDurably, placeFile } from "./durable.js";
import type { EntryMemory } from "./entry-memory.js";
import { Hold } from "./hold.js";
import { recordReader } from "./index/record-reader.js";
import { rebuildIndex } from "./index/reindex.js";
import { indexEntry } from "./index/rows.js";
import { storageRootFiles, type VaultLayout, vaultLayout } from "./layout.js";
import { appendEntry, glanceAt, lastEntryOf, lastRow, loggedVaultId } from "./log.js";
import { refuseOlderLog } from "./older-log.js";
import { readmeText } from "./readme.js";
import { refuseDatabaseObstacle } from "./refused-database.js";
import { encodeSettings, newSettings, readSettings, type Settings } from "./settings.js";
import { unloggedObjects } from "./unlogged-objects.js";
import { othersAtWork } from "./work-folder.js";
import { takeWriterLock, type WriterLock } from "./writer-lock.js";

/**
 * A vault opened for writing. This process holds its writer lock until `closeVault`, or for one turn at a time once
 * `shareVault` was called (turn.ts).
 */
export interface Vault {
  readonly layout: VaultLayout;
  readonly settings: Settings;
  readonly database: Database.Database;
  readonly hold: Hold;
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  /** Name and version of the program, as entries state it. */
  readonly tool: string;
  /** What this writer remembers about the log, outside the vault. */
  readonly memory: EntryMemory;
}

export interface OpenOptions {
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  readonly tool: string;
  /** Called with what to tell a person who has to wait for another command. */
  readonly onWait: (words: string) => void;
  /** An abort ends the waiting. */
  readonly signal: AbortSignal;
  /** Whether no other command may share the vault meanwhile. */
  readonly alone?: boolean;
  /** The first signing key of a vault that has no entry yet: its public key line (FORMAT.md §13). */
  readonly makeKey: (vaultId: string) => Promise<string>;
  /** The memory of the vault with this id. */
  readonly memory: (vaultId: string) => EntryMemory;
}

/** The version of FORMAT.md that a new vault states (§11). */
const formatVersion = "1.1";

/** How long a second writer waits before it gives up with exit status 6. */
const lockWaitMs = 60_000;

/**
 * Takes the writer lock of a vault. With `alone`, waits too until no other command shares the vault. Calls `onWait` once with
 * what to tell a person. Throws the reason of an aborted signal, and `vault-busy` after a minute.
 */
export async function takeVault(
  layout: VaultLayout,
  { onWait, signal, alone }: Pick<OpenOptions, "onWait" | "signal" | "alone">,
): Promise<WriterLock> {
  const until = performance.now() + lockWaitMs;
  let isTold = false;
  const tellOnce = () => {
    if (!isTold) onWait(waitingFor(othersAtWork(layout, null)));
    isTold = true;
  };
  for (;;) {
    const leftMs = until - performance.now();
    const waitMs = () => (signal.aborted ? 0 : leftMs);
    const lock = await takeWriterLock(layout.writerLock, waitMs, tellOnce).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    const others = alone === true ? othersAtWork(layout, null) : [];
    if (others.length === 0) return lock;
    lock.release();
    tellOnce();
    await new Promise((resolve) => setTimeout(resolve, aloneRetryMs));
    signal.throwIfAborted();
    if (performance.now() < until) continue;
    throw new HoldfastError(
      "vault-busy",
      `this needs the whole vault, and ${others.join(" and ")} works in it`,
      "run the same command again when that is done",
    );
  }
}

const aloneRetryMs = 200;

/** What a person reads who waits. */
export function waitingFor(others: readonly string[]): string {
  const whom = others.length === 0 ? "another holdfast command" : others.join(" and ");
  return `waiting for ${whom}, which is writing to this vault; this command goes on as soon as it is its turn`;
}

/**
 * Opens the vault at `root` for writing, and creates it if there is none yet. Waits for the writer lock. Repairs
 * nothing: `finishInterrupted` in recovery.ts does, and says so in the log.
 */
export async function openVault(root: string, options: OpenOptions): Promise<Vault> {
  const layout = vaultLayout(root);
  refuseOddParts(layout);
  refuseForeignFolder(layout);
  makeFolder(layout.root, 0o700);
  makeFolder(layout.staging, 0o700);
  const lock = await takeVault(layout, options);
  let database: Database.Database | null = null;
  try {
    createMissingParts(layout, options);
    const { settings, text } = readSettings(layout.settings);
    const { now, random, tool } = options;
    const memory = options.memory(settings.vault_id);
    const base = { layout, settings, hold: new Hold(lock, settings), now, random, tool, memory };
    if (!existsSync(layout.database)) {
      // Committed is what is in the vault, not what is in a file on its way there.
      const onItsWay = { ...memory, afterCommit: () => undefined };
      await placeNewDatabase(layout, (made) =>
        logSettings({ ...base, memory: onItsWay, database: made }, text, options.makeKey),
      );
    }
    database = openDatabaseForWriting(layout.database, !holdsAnything(layout), (opened) =>
      rebuildIndex(opened, recordReader(layout)),
    );
    syncFolder(layout.root);
    refuseOlderLog(layout, database);
    refuseOtherVault(layout, settings, database);
    memory.refuseOther(glanceAt(database));
    const setBack = unloggedObjects({ layout, database });
    if (setBack !== null) memory.refuseSetBack(setBack);
    const { hold } = base;
    const vault: Vault = {
      ...base,
      database,
      get settings() {
        return hold.settings;
      },
    };
    await logSettings(vault, text, options.makeKey);
    memory.settingsLogged(text);
    return vault;
  } catch (error) {
    database?.close();
    lock.release();
    throw error;
  }
}

/** The signed origin is the log's own: holdfast.json can be edited, or come from another vault. */
function refuseOtherVault(layout: VaultLayout, settings: Settings, database: Database.Database): void {
  const logged = loggedVaultId(database);
  if (logged === null || logged === settings.vault_id) return;
  throw new HoldfastError(
    "not-as-recorded",
    `opening ${layout.root}: holdfast.json names vault ${settings.vault_id}, entry 1 of its log ${logged}`,
    "put the vault_id of the log back into holdfast.json; nothing was changed",
  );
}

export function closeVault(vault: Vault): void {
  vault.database.close();
  vault.hold.close();
}

/**
 * Appends one entry and brings the index up to date in one transaction; `also` runs inside it. The entry is remembered
 * outside the vault before it is committed (FORMAT.md §14.1). Once this returns, it is on disk.
 */
export function logEntry(
  vault: Vault,
  event: EventName,
  body: Readonly<Record<string, Json>>,
  also: (database: Database.Database) => void = () => undefined,
): Entry {
  if (!vault.hold.isOwnTurn) throw new Error("an entry was about to be logged out of turn");
  const append = vault.database.transaction(() => {
    const entry = appendEntry(vault.database, {
      at: vault.now().toISOString(),
      event,
      actor: vault.settings.actor,
      tool: vault.tool,
      body,
    });
    indexEntry(vault.database, entry, recordReader(vault.layout));
    also(vault.database);
    const hash = lineHash(encodeEntry(entry));
    vault.memory.beforeCommit(entry.seq, hash);
    return { entry, hash };
  });
  const { entry, hash } = append.immediate();
  // Inside another transaction nothing is committed yet: `atOnce` in index/batches.ts says when it is.
  if (!vault.database.inTransaction) vault.memory.afterCommit(entry.seq, hash);
  return entry;
}

/**
 * Every part of a vault must be a folder or file of its own: through a link, holdfast would write, and clear, somewhere
 * else.
 */
export function refuseOddParts(layout: VaultLayout): void {
  const root = lstatSync(layout.root, { throwIfNoEntry: false });
  if (root && !statSync(layout.root).isDirectory()) throw notAVault(layout, "it is not a folder");
  for (const path of [layout.objects, layout.log, layout.private, layout.staging]) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) throw notAVault(layout, `${basename(path)} in it is not a folder`);
  }
  for (const path of [layout.settings, layout.readme]) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile()) throw notAVault(layout, `${basename(path)} in it is not a regular file`);
  }
  refuseDatabaseObstacle(layout);
}

/**
 * A folder without settings is accepted only if it is empty or holds only an unfinished vault of holdfast's own making.
 */
function refuseForeignFolder(layout: VaultLayout): void {
  if (!existsSync(layout.root) || existsSync(layout.settings)) return;
  if (existsSync(layout.database)) throw notAVault(layout, "holdfast.json is missing");
  const ours = new Set([
    "README.txt",
    "objects",
    "log",
    "private",
    "staging",
    "holdfast.json.new",
    "README.txt.new",
  ]);
  const foreign = readdirSync(layout.root).filter((name) => !ours.has(name));
  const stuff = existsSync(layout.staging)
    ? readdirSync(layout.staging).filter((name) => !/^writer\.lock/.test(name))
    : [];
  if (foreign.length === 0 && stuff.length === 0 && !holdsAnything(layout)) return;
  throw notAVault(layout, "it holds other files");
}

function notAVault(layout: VaultLayout, why: string): HoldfastError {
  const hint = "name an empty or new folder with --vault, or run 'holdfast verify' if this was a vault";
  return new HoldfastError("no-vault", `opening ${layout.root}: this is not a vault: ${why}`, hint);
}

/**
 * Continues a creation that was interrupted: each missing part is made in one step. Once there is a database, the
 * creation is over, and a part that is missing then is for `verify` to report, not for holdfast to replace.
 */
function createMissingParts(layout: VaultLayout, options: OpenOptions): void {
  if (existsSync(layout.database) && statSync(layout.database).size > 0) return;
  if (holdsAnything(layout)) {
    throw new HoldfastError(
      "no-vault",
      `opening ${layout.root}: it holds captures but vault.db is missing or empty`,
      "put vault.db back from a copy of this vault, or move an empty one away and make it again with 'holdfast rebuild'; nothing was changed",
    );
  }
  for (const folder of [layout.objects, layout.log]) makeFolder(folder);
  makeFolder(layout.private, 0o700);
  for (const [name, text] of Object.entries(storageRootFiles)) {
    makeFolder(dirname(join(layout.objects, name)));
    placeOnce(join(layout.objects, name), text);
  }
  placeOnce(layout.readme, readmeText);
  if (!existsSync(layout.settings)) {
    const settings = newSettings(options.now().toISOString(), options.random(16), options.random(5));
    placeFile(layout.settings, encodeSettings(settings), 0o644);
  }
  syncFolder(layout.objects);
}

function placeOnce(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) placeFile(path, text);
}

/**
 * Whether there is a capture, an annex or a piece of log: there must then be a log too, and none is ever begun anew.
 */
function holdsAnything(layout: VaultLayout): boolean {
  const inside = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const known = new Set(Object.keys(storageRootFiles).map((name) => name.split("/")[0]));
  const objects = inside(layout.objects).filter((name) => !known.has(name.replace(/\.new$/, "")));
  return objects.length > 0 || inside(layout.private).length > 0 || inside(layout.log).length > 0;
}

/** A new database comes into place with its schema and its first entry: a reader finds a log, or no database at all. */
async function placeNewDatabase(
  layout: VaultLayout,
  begin: (database: Database.Database) => Promise<void>,
): Promise<void> {
  const staged = join(layout.staging, "new.db");
  const remove = () => {
    for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${staged}${end}`, { force: true });
  };
  remove();
  try {
    const database = openDatabaseForWriting(staged, true, () => undefined);
    try {
      await begin(database);
      closeWhole(database);
    } finally {
      database.close();
    }
    syncFile(staged);
    moveDurably(staged, layout.database);
  } finally {
    remove();
  }
}

/** The first entry, or a `settings-changed` entry when a person has edited holdfast.json since the last one. */
async function logSettings(vault: Vault, text: string, makeKey: OpenOptions["makeKey"]): Promise<void> {
  const settingsDigest = sha256(text);
  if (!lastRow(vault.database)) {
    const { vault_id } = vault.settings;
    logEntry(vault, "vault-created", {
      vault_id,
      public_key: await makeKey(vault_id),
      settings_sha256: settingsDigest,
      readme_sha256: sha256(readFileSync(vault.layout.readme)),
      schema: formatVersion,
    });
    return;
  }
  const known = lastEntryOf(vault.database, ["vault-created", "settings-changed"]);
  const logged = known?.body.settings_sha256;
  vault.memory.settingsSeen(text, typeof logged === "string" ? logged : null);
  if (logged === settingsDigest) return;
  logEntry(vault, "settings-changed", { settings_sha256: settingsDigest });
}
