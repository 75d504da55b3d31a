import type Database from "better-sqlite3";
import { auditLog, type LogAudit, type LoggedCapture } from "../core/audit-log.js";
import { isCaptureId } from "../core/capture-id.js";
import type { Entry } from "../core/entry.js";
import type { Finding } from "../core/finding.js";
import type { Intent } from "./commit.js";
import { schemaDifferences } from "./database.js";
import { schemaProblems } from "./json-schemas.js";
import { objectPath, type VaultLayout } from "./layout.js";
import { readLog } from "./log.js";
import { readIntents } from "./recovery.js";
import { openReplay } from "./replay.js";
import { recordReader } from "./vault.js";

/** What the database of a vault said at one instant. */
export interface Snapshot {
  readonly log: LogAudit;
  readonly findings: readonly Finding[];
  /** Commits that have begun, by capture. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** Captures by id, those included whose very first commit is still in the journal. */
  readonly captures: ReadonlyMap<string, LoggedCapture>;
  /** The last entry that names each capture. */
  readonly lastEntries: ReadonlyMap<string, number>;
}

/** What makes the database unfit to be read as a log: another schema, or damage that SQLite itself sees. */
export function databaseFindings(database: Database.Database): readonly Finding[] {
  try {
    const schema = schemaDifferences(database).map((message) => vaultDb("schema-differs", message));
    if (schema.length > 0) return schema;
    const integrity = database.pragma("integrity_check", { simple: true });
    return integrity === "ok"
      ? []
      : [vaultDb("database-damaged", `SQLite's own check says: ${String(integrity)}`)];
  } catch (error) {
    const words = error instanceof Error ? error.message : "unknown";
    return [vaultDb("database-damaged", `SQLite cannot read it: ${words}`)];
  }
}

/** Log, index and journal as of one instant: read in one transaction, since a writer may be at work. */
export function readSnapshot(layout: VaultLayout, database: Database.Database): Snapshot {
  database.exec("BEGIN");
  try {
    const lastEntries = new Map<string, number>();
    const log = auditLogAndIndex(layout, database, (entry) => {
      if (typeof entry.body.capture === "string") lastEntries.set(entry.body.capture, entry.seq);
    });
    const journal = readJournal(database);
    return {
      log: log.audit,
      findings: [...log.findings, ...journal.findings],
      intents: journal.intents,
      captures: withPending(log.audit.captures, journal.intents),
      lastEntries,
    };
  } finally {
    database.exec("COMMIT");
  }
}

/** Captures that somebody wrote about between two instants: new entries, or a commit begun or finished. */
export function touchedBetween(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const ids = [...after.lastEntries.keys(), ...before.intents.keys(), ...after.intents.keys()];
  const differs = (id: string) =>
    before.lastEntries.get(id) !== after.lastEntries.get(id) ||
    JSON.stringify(before.intents.get(id)) !== JSON.stringify(after.intents.get(id));
  return new Set(ids.filter(differs));
}

function auditLogAndIndex(layout: VaultLayout, database: Database.Database, onEntry: (entry: Entry) => void) {
  const replay = openReplay(recordReader(layout));
  try {
    const audit = auditLog(readLog(database), (entry) => {
      onEntry(entry);
      const wrong = [...entrySchemaFindings(entry), ...placeFindings(entry)];
      // What names a place outside its own object is not looked up.
      return wrong.some(({ code }) => code === "log-object") ? wrong : [...wrong, ...replay.add(entry)];
    });
    return { audit, findings: [...audit.findings, ...replay.compare(database)] };
  } finally {
    replay.close();
  }
}

function entrySchemaFindings(entry: Entry): readonly Finding[] {
  return schemaProblems("entry", entry).map((message) => ({
    code: "entry-schema",
    severity: "error",
    where: `entry:${entry.seq}`,
    message,
  }));
}

/** An entry names an object only by the one path that follows from the capture's id, and versions only by number. */
function placeFindings({ seq, body }: Entry): readonly Finding[] {
  const { capture, object, version } = body;
  if (object === undefined && version === undefined) return [];
  const own = typeof capture === "string" && isCaptureId(capture) ? objectPath(capture) : null;
  const fits = own !== null && object === own && typeof version === "string" && /^v[1-9]\d*$/.test(version);
  if (fits) return [];
  const message = "the object or version it names is not where that capture's would lie";
  return [{ code: "log-object", severity: "error", where: `entry:${seq}`, message }];
}

function readJournal(database: Database.Database): {
  readonly intents: ReadonlyMap<string, Intent>;
  readonly findings: readonly Finding[];
} {
  try {
    return {
      intents: new Map(readIntents({ database }).map((intent) => [intent.capture, intent])),
      findings: [],
    };
  } catch {
    const message = "the journal of unfinished commits holds a row that no commit made";
    return { intents: new Map(), findings: [vaultDb("journal-damaged", message)] };
  }
}

/** A capture whose very first commit is still in the journal is expected as the journal states it. */
function withPending(
  logged: ReadonlyMap<string, LoggedCapture>,
  intents: ReadonlyMap<string, Intent>,
): ReadonlyMap<string, LoggedCapture> {
  const all = new Map(logged);
  for (const [id, intent] of intents) {
    if (all.has(id)) continue;
    const annex = intent.body.annex_sha256;
    all.set(id, {
      id,
      entry: 0,
      object: intent.version === "" ? null : objectPath(id),
      annexSha256: typeof annex === "string" ? annex : null,
      versions: [],
    });
  }
  return all;
}

function vaultDb(code: string, message: string): Finding {
  return { code, severity: "error", where: "vault.db", message };
}
