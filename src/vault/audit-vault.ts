import { join } from "node:path";
import type Database from "better-sqlite3";
import { auditAnnex, type FoundAnnex } from "../core/audit-annex.js";
import {
  auditLog,
  type LogAudit,
  type LoggedCapture,
  type LoggedVersion,
  loggedVersion,
} from "../core/audit-log.js";
import { auditObject, type FoundObject, type MeasuredFile } from "../core/audit-object.js";
import { FormatError } from "../core/format-error.js";
import { parseCanonical } from "../core/canonical-json.js";
import type { Entry } from "../core/entry.js";
import type { Finding } from "../core/finding.js";
import type { Intent } from "./commit.js";
import { schemaDifferences } from "./database.js";
import { readQuietly } from "./digest-file.js";
import { schemaProblems } from "./json-schemas.js";
import { objectPath, type VaultLayout } from "./layout.js";
import { folderOf, ownFileFindings, readText, strayFindings, type VaultListing } from "./listing.js";
import { readLog } from "./log.js";
import { measureFiles } from "./measure.js";
import { readIntents } from "./recovery.js";
import { openReplay } from "./replay.js";
import { recordReader } from "./vault.js";
import type { FoundPath } from "./walk.js";

export interface VaultAudit {
  readonly findings: readonly Finding[];
  readonly log: LogAudit | null;
  readonly files: number;
  readonly bytes: number;
  readonly objects: number;
  readonly annexes: number;
}

export interface AuditOptions {
  readonly quick: boolean;
  /** Only these captures' objects and annexes; the log and the database are always audited. */
  readonly only: ReadonlySet<string> | null;
  readonly onProgress: (files: number, total: number) => void;
}

/**
 * Audits a vault from its stored bytes: log, index, objects, annexes, the vault's own files. Reports everything that
 * is not as recorded and changes nothing. What lies on disk is listed before the database is read, so that a capture
 * committed meanwhile is not taken for a stranger.
 */
export async function auditVault(
  layout: VaultLayout,
  database: Database.Database | null,
  found: VaultListing,
  options: AuditOptions,
): Promise<VaultAudit> {
  const damaged = database === null ? [missingDatabase] : databaseFindings(database);
  if (database === null || damaged.length > 0) {
    return {
      findings: [...damaged, ...ownFileFindings(layout, null)],
      log: null,
      files: 0,
      bytes: 0,
      objects: 0,
      annexes: 0,
    };
  }
  const log = auditLogAndIndex(layout, database);
  const intents = new Map(readIntents({ database }).map((intent) => [intent.capture, intent]));
  const wanted = (id: string) => options.only === null || options.only.has(id);
  const captures = withPending(log.audit.captures, intents);
  const files = [...found.objects, ...found.annexes].filter(
    ({ path, kind }) => kind === "file" && wanted(idIn(path, captures)),
  );
  const measured = await measureAll(layout, files, options);
  const findings = [
    ...log.findings,
    ...ownFileFindings(layout, log.audit),
    ...strayFindings(found, captures),
    ...[...captures.values()]
      .filter(({ id }) => wanted(id))
      .flatMap((capture) => {
        const intent = intents.get(capture.id) ?? null;
        return [
          ...objectFindings(layout, capture, measured, intent),
          ...annexFindings(layout, capture, measured, intent),
        ];
      }),
    ...[...intents.values()].map(intentNote),
  ];
  return {
    findings,
    log: log.audit,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    objects: [...captures.values()].filter(({ id, object }) => object !== null && wanted(id)).length,
    annexes: found.annexes.filter(({ path }) => path.endsWith("/annex.json")).length,
  };
}

const missingDatabase: Finding = {
  code: "database-missing",
  severity: "error",
  where: "vault.db",
  message: "vault.db is missing or is no SQLite database: the log cannot be checked",
};

function databaseFindings(database: Database.Database): readonly Finding[] {
  const finding = (code: string, message: string): Finding => ({
    code,
    severity: "error",
    where: "vault.db",
    message,
  });
  try {
    const schema = schemaDifferences(database).map((message) => finding("schema-differs", message));
    if (schema.length > 0) return schema;
    const integrity = database.pragma("integrity_check", { simple: true });
    return integrity === "ok"
      ? []
      : [finding("database-damaged", `SQLite's own check says: ${String(integrity)}`)];
  } catch (error) {
    return [
      finding(
        "database-damaged",
        `SQLite cannot read it: ${error instanceof Error ? error.message : "unknown"}`,
      ),
    ];
  }
}

function auditLogAndIndex(layout: VaultLayout, database: Database.Database) {
  const replay = openReplay(recordReader(layout));
  try {
    const audit = auditLog(readLog(database), (entry) => [
      ...entrySchemaFindings(entry),
      ...replay.add(entry),
    ]);
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

/** Folder of an object or annex, with a slash at its end → path inside it → what the file is now. */
type MeasuredFolders = ReadonlyMap<string, ReadonlyMap<string, MeasuredFile>>;

async function measureAll(
  layout: VaultLayout,
  files: readonly FoundPath[],
  options: AuditOptions,
): Promise<MeasuredFolders> {
  const largestFirst = [...files].sort((a, b) => b.bytes - a.bytes);
  const paths = largestFirst.map(({ path }) => join(layout.root, path));
  const measured = await measureFiles(paths, options.quick, (done) => options.onProgress(done, files.length));
  const folders = new Map<string, Map<string, MeasuredFile>>();
  for (const [index, { path }] of largestFirst.entries()) {
    const folder = folderOf(path);
    const inside = folders.get(folder) ?? new Map<string, MeasuredFile>();
    inside.set(path.slice(folder.length), measured[index] ?? { problem: "not measured" });
    folders.set(folder, inside);
  }
  return folders;
}

function objectFindings(
  layout: VaultLayout,
  capture: LoggedCapture,
  measured: MeasuredFolders,
  intent: Intent | null,
): readonly Finding[] {
  if (capture.object === null) return [];
  const folder = capture.object;
  const pending = intent ? pendingVersion(intent) : null;
  const files = measured.get(`${folder}/`) ?? new Map<string, MeasuredFile>();
  if (files.size === 0) {
    if (intent && capture.versions.length === 0) return [];
    return [
      {
        code: "object-missing",
        severity: "error",
        where: folder,
        message: `entry ${capture.entry} names this object and it is not there`,
      },
    ];
  }
  const texts = readTexts(join(layout.root, folder), [...files.keys()].filter(isObjectText));
  const found: FoundObject = { folder, files, texts };
  return [...auditObject(capture, found, pending), ...recordFindings(layout, capture, found)];
}

/** record.json and derivation.json: canonical form and schema. Their digests are checked with the other files. */
function recordFindings(layout: VaultLayout, capture: LoggedCapture, found: FoundObject): readonly Finding[] {
  return capture.versions.flatMap(({ version }) => {
    const [path, schema] =
      version === "v1"
        ? ([`${version}/content/record.json`, "record"] as const)
        : ([`${version}/content/derived/derivation.json`, "derivation"] as const);
    if (!found.files.has(path)) return [];
    const where = `${found.folder}/${path}`;
    const finding = (code: string, message: string): Finding => ({ code, severity: "error", where, message });
    try {
      const value = parseCanonical(readQuietly(join(layout.root, where)).toString("utf8"));
      return schemaProblems(schema, value).map((message) => finding(`${schema}-schema`, message));
    } catch (error) {
      if (!(error instanceof FormatError)) return [finding("file-unreadable", "it cannot be read")];
      return [finding(`${schema}-not-canonical`, error.message)];
    }
  });
}

function annexFindings(
  layout: VaultLayout,
  capture: LoggedCapture,
  measured: MeasuredFolders,
  intent: Intent | null,
): readonly Finding[] {
  if (capture.annexSha256 === null) return [];
  const folder = `private/${capture.id}`;
  const files = measured.get(`${folder}/`) ?? new Map<string, MeasuredFile>();
  if (files.size === 0 && intent) return [];
  const text = files.has("annex.json")
    ? readTexts(join(layout.root, folder), ["annex.json"]).get("annex.json")
    : undefined;
  const found: FoundAnnex = { folder, text: text ?? null, files };
  return auditAnnex(capture.annexSha256, found, folder);
}

function idIn(path: string, captures: ReadonlyMap<string, LoggedCapture>): string {
  const id = path.split("/")[path.startsWith("objects/") ? 2 : 1] ?? "";
  return captures.has(id) ? id : "";
}

function isObjectText(path: string): boolean {
  return /^(0=ocfl_object_1\.1|(v\d+\/)?inventory\.json(\.sha512)?)$/.test(path);
}

function readTexts(folder: string, paths: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = readText(join(folder, path));
    if (text !== null) texts.set(path, text);
  }
  return texts;
}

function pendingVersion(intent: Intent): LoggedVersion | null {
  return intent.version === "" ? null : loggedVersion(0, intent.body);
}

function intentNote(intent: Intent): Finding {
  const message = `a commit (${intent.event}) was interrupted; the next command that writes finishes it and logs that`;
  return { code: "commit-interrupted", severity: "note", where: intent.capture, message };
}
