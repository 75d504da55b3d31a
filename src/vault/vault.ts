import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import type { Json } from "../core/canonical-json.js";
import { sha256 } from "../core/digest.js";
import type { Entry, EventName } from "../core/entry.js";
import { HoldfastError } from "../core/error.js";
import type { CaptureRecord, DerivationRecord } from "../core/record.js";
import { openDatabaseForWriting } from "./database.js";
import { makeFolder, syncFolder, writeNewFile } from "./durable.js";
import { indexEntry, type RecordReader } from "./index-rows.js";
import { storageRootFiles, type VaultLayout, vaultLayout } from "./layout.js";
import { appendEntry, lastEntryOf, lastRow } from "./log.js";
import { readmeText } from "./readme-text.js";
import { encodeSettings, newSettings, readSettings, type Settings } from "./settings.js";
import { takeWriterLock, type WriterLock } from "./writer-lock.js";

/** A vault opened for writing: this process holds its writer lock until `closeVault`. */
export interface Vault {
  readonly layout: VaultLayout;
  readonly settings: Settings;
  readonly database: Database.Database;
  readonly lock: WriterLock;
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  /** Name and version of the program, as entries state it. */
  readonly tool: string;
}

export interface OpenOptions {
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  readonly tool: string;
  readonly onWait: () => void;
}

/** How long a second writer waits before it gives up with exit status 6. */
const lockWaitMs = 15_000;

/**
 * Opens the vault at `root` for writing, creating it where there is none yet. Waits for the writer lock.
 * Does not repair anything: `finishInterrupted` in recovery.ts does, and says so in the log.
 */
export async function openVault(root: string, options: OpenOptions): Promise<Vault> {
  const layout = vaultLayout(root);
  refuseForeignFolder(layout);
  makeFolder(layout.root, 0o700);
  makeFolder(layout.staging, 0o700);
  const lock = await takeWriterLock(layout.writerLock, lockWaitMs, options.onWait);
  try {
    createMissingParts(layout, options);
    const { settings, text } = readSettings(layout.settings);
    const database = openDatabaseForWriting(layout.database, true);
    syncFolder(layout.root);
    const vault: Vault = {
      layout,
      settings,
      database,
      lock,
      now: options.now,
      random: options.random,
      tool: options.tool,
    };
    logSettings(vault, sha256(text));
    return vault;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export function closeVault(vault: Vault): void {
  vault.database.close();
  vault.lock.release();
}

/**
 * Appends one entry and brings the index up to date in one transaction; `also` runs inside it.
 * Once this returns, the entry is on disk.
 */
export function logEntry(
  vault: Vault,
  event: EventName,
  body: Readonly<Record<string, Json>>,
  also: (database: Database.Database) => void = () => undefined,
): Entry {
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
    return entry;
  });
  return append.immediate();
}

/** Reads records from the objects of a vault, for the index. */
export function recordReader(layout: VaultLayout): RecordReader {
  const read = (path: string): unknown => {
    try {
      return JSON.parse(readFileSync(join(layout.root, path), "utf8"));
    } catch {
      return null;
    }
  };
  return {
    record: (object) => {
      const value = read(`${object}/v1/content/record.json`);
      return isRecordLike(value) ? value : null;
    },
    derivation: (object, version) => {
      const value = read(`${object}/${version}/content/derived/derivation.json`);
      return isDerivationLike(value) ? value : null;
    },
  };
}

/** Whether `root` holds a vault. */
export function isVault(root: string): boolean {
  const layout = vaultLayout(root);
  return existsSync(layout.settings) || existsSync(layout.database);
}

function isRecordLike(value: unknown): value is CaptureRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "files" in value &&
    Array.isArray(value.files) &&
    "source" in value
  );
}

function isDerivationLike(value: unknown): value is DerivationRecord {
  return typeof value === "object" && value !== null && "duration" in value && "keyframes" in value;
}

function refuseForeignFolder(layout: VaultLayout): void {
  if (!existsSync(layout.root) || existsSync(layout.settings)) return;
  const ours = new Set(["README.txt", "holdfast.json", "vault.db", "objects", "log", "private", "staging"]);
  const foreign = readdirSync(layout.root).filter((name) => !ours.has(name));
  if (foreign.length === 0) return;
  throw new HoldfastError(
    "no-vault",
    `opening ${layout.root}: this folder holds other files and is no vault`,
    "name an empty or new folder with --vault",
  );
}

/**
 * Goes on with a creation that was interrupted: each part is made only where it is missing. Once there is a database
 * the creation is over, and a part that is missing then is for `verify` to report, not for us to replace.
 */
function createMissingParts(layout: VaultLayout, options: OpenOptions): void {
  if (existsSync(layout.database)) return;
  if (existsSync(layout.objects) && hasObjects(layout)) {
    throw new HoldfastError(
      "no-vault",
      `opening ${layout.root}: it holds captures but vault.db is missing`,
      "put vault.db back from a copy of this vault; nothing was changed",
    );
  }
  for (const folder of [layout.objects, layout.log]) makeFolder(folder);
  makeFolder(layout.private, 0o700);
  for (const [name, text] of Object.entries(storageRootFiles)) {
    const path = join(layout.objects, name);
    if (existsSync(path)) continue;
    makeFolder(join(path, ".."));
    writeNewFile(path, text);
  }
  if (!existsSync(layout.readme)) writeNewFile(layout.readme, readmeText);
  if (!existsSync(layout.settings)) {
    const settings = newSettings(options.now().toISOString(), options.random(16), options.random(5));
    writeNewFile(layout.settings, encodeSettings(settings), 0o644);
  }
  syncFolder(layout.objects);
}

function hasObjects(layout: VaultLayout): boolean {
  return readdirSync(layout.objects).some((name) => /^[0-9a-f]{2}$/.test(name));
}

/** The first entry, or a `settings-changed` entry when a person has edited holdfast.json since the last one. */
function logSettings(vault: Vault, settingsDigest: string): void {
  if (!lastRow(vault.database)) {
    logEntry(vault, "vault-created", {
      vault_id: vault.settings.vault_id,
      settings_sha256: settingsDigest,
      readme_sha256: sha256(readFileSync(vault.layout.readme)),
      schema: "1",
    });
    return;
  }
  const known = lastEntryOf(vault.database, ["vault-created", "settings-changed"]);
  if (known?.body.settings_sha256 === settingsDigest) return;
  logEntry(vault, "settings-changed", { settings_sha256: settingsDigest });
}
