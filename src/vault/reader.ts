import { existsSync, lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Finding } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";
import { HoldfastError } from "../core/words/error.js";
import {
  damagedDatabase,
  isMachineFault,
  olderVersion,
  openDatabaseForReading,
  refuseOtherSchema,
  schemaDifferences,
} from "./database.js";
import { databaseObstacle, databaseState, leftWal, refuseDatabaseObstacle } from "./database-files.js";
import { copyQuietly, largestText, readQuietly } from "./digest-file.js";
import { isVault, type VaultLayout, vaultLayout } from "./layout.js";
import { isBeingWritten } from "./writer-lock.js";

/** A vault opened for reading; nothing in it is changed. */
export interface VaultReader {
  readonly layout: VaultLayout;
  readonly database: Database.Database;
  /** The file that was opened, the vault's own or a copy; null where the database is in memory. */
  readonly file: string | null;
  close(): void;
}

/**
 * Answers a question about a vault. The schema is compared before anything is read. Throws `no-vault`, or
 * `not-as-recorded` where SQLite or the system cannot read the database.
 */
export function readVault<Answer>(root: string, ask: (reader: VaultReader) => Answer): Answer {
  const layout = existingVault(root);
  let opened: OpenDatabase | null = null;
  try {
    opened = openAtRestOrInPlace(layout);
    refuseOtherSchema(opened.database, layout.database);
    return ask({ layout, ...opened });
  } catch (error) {
    // What the system refuses says nothing of the evidence.
    if (isMachineFault(error)) throw error;
    throw isReadFailure(error) ? damagedDatabase(error, layout.database) : error;
  } finally {
    opened?.close();
  }
}

/** A vault opened for an audit. `reader` is null where the database cannot be used, and a finding says why. */
export interface AuditedVault {
  readonly layout: VaultLayout;
  readonly reader: VaultReader | null;
  /** Why it cannot be used, or what was read with it. */
  readonly findings: readonly Finding[];
  /** Changes whenever somebody writes to the database; taken before it was opened. */
  readonly state: string;
}

/**
 * Opens a vault for an audit: not even a side file or a timestamp may change, and nothing about the database is taken
 * for granted. Its schema is compared before anything else is read, and with another one there is no reader.
 */
export function openForAudit(root: string): AuditedVault {
  const layout = auditableVault(root);
  const state = databaseState(layout);
  const unusable = (...findings: readonly Finding[]): AuditedVault => {
    return { layout, reader: null, findings, state };
  };
  if (!existsSync(layout.database)) {
    return unusable(ofDatabase("database-missing", "vault.db is missing: the log cannot be checked"));
  }
  const obstacle = databaseObstacle(layout);
  if (obstacle !== null) return unusable(obstacle);
  const wal = leftWal(layout);
  let opened: OpenDatabase | null = null;
  try {
    // A writer at work has its side files open already; a reader beside it changes nothing.
    opened = openAtRestOrInPlace(layout, true);
    const foreign = foreignSchema(opened.database);
    if (foreign.length === 0) {
      return { layout, reader: { layout, ...opened }, findings: wal === null ? [] : [wal], state };
    }
    opened.close();
    return unusable(...foreign);
  } catch (error) {
    opened?.close();
    if (!isReadFailure(error)) throw error;
    const words = `it cannot be read: ${error.message.replaceAll(layout.database, "vault.db")}`;
    return unusable(isMachineFault(error) ? unreadDatabase(words) : ofDatabase("database-damaged", words));
  }
}

/** Another schema than that of this or an earlier version makes the database unfit to be read as a log. */
function foreignSchema(database: Database.Database): readonly Finding[] {
  if (olderVersion(database) !== null) return [];
  return schemaDifferences(database).map((message) => ofDatabase("schema-differs", message));
}

/** The system would not let us read it: nothing is said for or against what is in it. */
export function unreadDatabase(message: string): Finding {
  return { code: "unreadable", severity: "note", where: "vault.db", message };
}

function ofDatabase(code: FindingCode, message: string): Finding {
  return { code, severity: "error", where: "vault.db", message };
}

/** Throws `no-vault` where there is no vault with a database. */
export function refuseMissingVault(root: string): void {
  existingVault(root);
}

function existingVault(root: string): VaultLayout {
  const layout = auditableVault(root);
  refuseDatabaseObstacle(layout);
  if (existsSync(layout.database)) return layout;
  throw new HoldfastError(
    "no-vault",
    `opening ${root}: vault.db is missing`,
    "put it back from a copy of this vault, or make it again with 'holdfast rebuild'; an interrupted 'holdfast init' is finished by running it again",
  );
}

function auditableVault(root: string): VaultLayout {
  if (isVault(root)) return vaultLayout(root);
  throw new HoldfastError(
    "no-vault",
    `opening ${root}: there is no vault here`,
    "name one with --vault, or make one with 'holdfast init'",
  );
}

type OpenDatabase = Pick<VaultReader, "database" | "file" | "close">;

/** How often a copy that somebody wrote into meanwhile is made again. */
const copyAttempts = 5;

/**
 * A database at rest is read as a copy, since opening it in place would leave side files behind; one that is being
 * written is opened in place. Only a large one at rest may be opened in place when `traceless` is not asked.
 */
function openAtRestOrInPlace(layout: VaultLayout, traceless = false): OpenDatabase {
  for (let attempt = 0; attempt < copyAttempts; attempt += 1) {
    const hasWal = existsSync(`${layout.database}-wal`);
    const inPlace = hasWal ? !traceless || isBeingWritten(layout.writerLock) : !traceless && !isSmall(layout);
    const opened = (inPlace ? openInPlace(layout) : null) ?? openCopy(layout);
    if (opened) return opened;
  }
  return openDatabase(layout.database);
}

function isSmall(layout: VaultLayout): boolean {
  return (lstatSync(layout.database, { throwIfNoEntry: false })?.size ?? 0) <= largestText;
}

/** Null on a disk that cannot be written to, where SQLite cannot make the side files of WAL mode. */
function openInPlace(layout: VaultLayout): OpenDatabase | null {
  let opened: OpenDatabase | null = null;
  try {
    opened = openDatabase(layout.database);
    opened.database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return opened;
  } catch (error) {
    opened?.close();
    if (error instanceof Database.SqliteError) return null;
    throw error;
  }
}

/** A copy, in memory where it is small; null when somebody wrote to the database while it was made. */
function openCopy(layout: VaultLayout): OpenDatabase | null {
  const before = databaseState(layout);
  let opened: OpenDatabase | null = null;
  try {
    opened = copyDatabase(layout);
  } catch (error) {
    if (databaseState(layout) === before) throw error;
  }
  if (databaseState(layout) === before) return opened;
  opened?.close();
  return null;
}

function copyDatabase(layout: VaultLayout): OpenDatabase {
  const wal = lstatSync(`${layout.database}-wal`, { throwIfNoEntry: false });
  const hasWal = wal !== undefined && wal.size > 0;
  if (!hasWal && isSmall(layout)) return openDatabase(asRollbackMode(readQuietly(layout.database)));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "vault.db");
    copyQuietly(layout.database, copy);
    if (hasWal) copyQuietly(`${layout.database}-wal`, `${copy}-wal`);
    return openDatabase(copy, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function openDatabase(source: string | Buffer, after: () => void = () => undefined): OpenDatabase {
  const database = openDatabaseForReading(source);
  return {
    database,
    file: typeof source === "string" ? source : null,
    close: () => {
      database.close();
      after();
    },
  };
}

/** SQLite cannot open a WAL database from memory; bytes 18 and 19 of the copy say "rollback journal" instead. */
function asRollbackMode(bytes: Buffer): Buffer {
  if (bytes[18] === 2) bytes[18] = 1;
  if (bytes[19] === 2) bytes[19] = 1;
  return bytes;
}

/** What SQLite says of a damaged file, and what the system says of one that may not be read. */
function isReadFailure(error: unknown): error is Error {
  if (error instanceof HoldfastError || !(error instanceof Error)) return false;
  return error instanceof Database.SqliteError || ("syscall" in error && "code" in error);
}
