import { existsSync } from "node:fs";
import type Database from "better-sqlite3";
import { errorAt, type Finding, noteAt } from "../../audit/finding.js";
import type { FindingCode } from "../../audit/finding-codes.js";
import { isMachineFault, olderVersion, schemaDifferences } from "../database.js";
import type { OpenDatabase } from "../database-copy.js";
import { databaseObstacle, databaseState, leftWal } from "../database-files.js";
import type { VaultLayout } from "../layout.js";
import { isReadFailure, openAtRestOrInPlace, type VaultReader, vaultAt } from "../open-database.js";

/** A vault opened for an audit. `reader` is null if the database cannot be used, and a finding says why. */
export interface AuditedVault {
  readonly layout: VaultLayout;
  readonly reader: VaultReader | null;
  /** Why the database cannot be used, or what was read with it. */
  readonly findings: readonly Finding[];
  /** Changes whenever somebody writes to the database; taken before it was opened. */
  readonly state: string;
}

/**
 * Opens a vault for an audit: not even a side file or a timestamp may change, and nothing about the database is taken
 * for granted. Its schema is compared before anything else is read; if it differs, there is no reader.
 */
export function openForAudit(root: string): AuditedVault {
  const layout = vaultAt(root);
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
    return unusable(unreadDatabase(error, words));
  }
}

/** A schema of neither this nor an earlier version makes the database unfit to be read as a log. */
function foreignSchema(database: Database.Database): readonly Finding[] {
  if (olderVersion(database) !== null) return [];
  return schemaDifferences(database).map((message) => ofDatabase("schema-differs", message));
}

/** The finding for a database that cannot be read. A fault of the machine says nothing for or against what is in it. */
function unreadDatabase(error: unknown, message: string): Finding {
  if (!isMachineFault(error)) return ofDatabase("database-damaged", message);
  return noteAt("unreadable", "vault.db", message);
}

/** The same in SQLite's words. */
export function unreadBySqlite(error: unknown): Finding {
  const words = error instanceof Error ? error.message : "unknown";
  return unreadDatabase(error, `SQLite cannot read it: ${words}`);
}

/** A finding about the database as a whole. */
export function ofDatabase(code: FindingCode, message: string): Finding {
  return errorAt(code, "vault.db", message);
}
