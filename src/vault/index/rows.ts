import type Database from "better-sqlite3";
import type { Json } from "../../audit/canonical-json.js";
import type { Entry } from "../../audit/entry.js";
import type { CaptureRecord, DerivationRecord, FileRole } from "../../core/capture/record.js";
import { renditionText } from "../../core/capture/rendition.js";
import { judgeSoundness } from "../../core/capture/soundness.js";
import { webUrl } from "../../core/capture/source-url.js";
import { oneWindow } from "../../core/capture/transfer.js";
import { urlKey } from "../../core/capture/url-key.js";
import type { PublicationRecord } from "../../core/media/publication.js";
import type { PageRecord } from "../../core/page/page-record.js";
import { indexAnnotation, insertText } from "./annotations.js";
import { prepared } from "./statements.js";

/** Reads what entries name, by object path and version; null if it is missing or cannot be read. */
export interface RecordReader {
  record(object: string): CaptureRecord | null;
  derivation(object: string, version: string): DerivationRecord | null;
  publication(object: string, version: string): PublicationRecord | null;
  page(object: string, version: string): PageRecord | null;
}

/**
 * Brings the index up to date with one entry of the log. The index follows from the log and the records alone:
 * replaying every entry into an empty database gives the same rows.
 */
export function indexEntry(database: Database.Database, entry: Entry, reader: RecordReader): void {
  switch (entry.event) {
    case "capture":
      indexCapture(database, entry, reader);
      break;
    case "capture-failed":
      indexFailure(database, entry);
      break;
    case "derive":
      indexDerivation(database, entry, reader);
      break;
    case "redact":
      indexPublication(database, entry, reader);
      break;
    case "page":
      indexPage(database, entry, reader);
      break;
    case "derive-failed":
      prepared(
        database,
        "UPDATE capture SET derivation = 'failed' WHERE id = ? AND derivation IS NOT 'done'",
      ).run(text(entry.body.capture));
      break;
    case "token":
      indexToken(database, entry);
      break;
    case "annotate":
      indexAnnotation(database, entry);
      break;
    case "withdraw":
      indexWithdrawal(database, entry);
      break;
    default:
      break;
  }
}

/**
 * The key under which an earlier capture of the same URL is found; each video of a page with several has its own, behind a
 * blank, which no address holds.
 */
export function captureKey(url: string, parent: CaptureRecord["parent"]): string {
  const key = urlKey(new URL(url));
  return parent && parent.url === url ? `${key} video=${parent.index}` : key;
}

/** The same for the page of an address of which there is no clip: asked for later, the clip is not there yet. */
export function pageKey(url: string): string {
  return `${captureKey(url, null)} page`;
}

function indexCapture(database: Database.Database, entry: Entry, reader: RecordReader): void {
  const { body } = entry;
  const id = text(body.capture) ?? "";
  const object = text(body.object) ?? "";
  const record = reader.record(object);
  const url = text(body.url);
  const media = mediaTracks(record);
  const source = record?.source;
  prepared(
    database,
    `INSERT INTO capture (id, entry, at, method, status, derivation, url, url_key, host, title, description, uploader,
         claimed_date, duration, bytes, sha256, object, version, inventory_sha512, annex_sha256, reason, rendition)
       VALUES (@id, @entry, @at, @method, @status, @derivation, @url, @url_key, @host, @title, @description, @uploader,
         @claimed_date, @duration, @bytes, @sha256, @object, @version, @inventory_sha512, @annex_sha256, @reason,
         @rendition)`,
  ).run({
    ...commonColumns(entry, id, url),
    status: text(body.status),
    // A page has nothing to derive from.
    derivation: body.method === "page" ? "done" : "pending",
    url_key:
      url === null ? null : body.method === "page" ? pageKey(url) : captureKey(url, record?.parent ?? null),
    title: source?.title?.value ?? null,
    description: source?.description?.value ?? null,
    uploader: source?.uploader?.value ?? source?.channel?.value ?? null,
    claimed_date: source?.posted_at?.value ?? source?.upload_date?.value ?? null,
    duration: source?.duration?.value ?? null,
    bytes: (body.method === "page" ? (record?.files ?? []) : media).reduce(
      (sum, file) => sum + file.bytes,
      0,
    ),
    sha256: media[0]?.sha256 ?? null,
    object,
    version: text(body.version),
    inventory_sha512: text(body.inventory_sha512),
    reason: reasonOf(body.status === "incomplete", record?.completeness.grounds ?? []),
    rendition: record?.rendition ? renditionText(record.rendition) : null,
  });
  indexFiles(database, entry, record?.files ?? []);
  insertText(database, entry.seq, id, {
    title: source?.title?.value ?? "",
    description: source?.description?.value ?? "",
    uploader: source?.uploader?.value ?? "",
  });
}

/** Why a clip is not all there was: of part of one the last ground, of a broadcast that went on what came of it. */
function reasonOf(isIncomplete: boolean, grounds: readonly string[]): string | null {
  if (isIncomplete) return grounds.at(-1) ?? null;
  return grounds.includes(oneWindow) ? oneWindow : null;
}

function indexFailure(database: Database.Database, entry: Entry): void {
  const id = text(entry.body.capture) ?? "";
  const url = text(entry.body.url);
  prepared(
    database,
    `INSERT INTO capture (id, entry, at, method, status, url, url_key, host, bytes, annex_sha256, reason)
       VALUES (@id, @entry, @at, @method, 'failed', @url, NULL, @host, 0, @annex_sha256, @reason)`,
  ).run({ ...commonColumns(entry, id, url), reason: text(member(entry.body.failure, "reason")) });
}

function indexDerivation(database: Database.Database, entry: Entry, reader: RecordReader): void {
  const { body } = entry;
  const id = text(body.capture) ?? "";
  const derivation = reader.derivation(text(body.object) ?? "", text(body.version) ?? "");
  prepared(
    database,
    `UPDATE capture SET duration = coalesce(duration, @duration), derivation = 'done', version = @version, inventory_sha512 = @inventory_sha512,
         decode = @decode,
         status = CASE @completeness WHEN 'incomplete' THEN 'incomplete' ELSE 'captured' END,
         reason = CASE WHEN @completeness IS NOT 'incomplete' THEN @reason
                       ELSE coalesce(reason, 'no length was announced, or a wrong one, and the clip decodes as damaged or cut short') END
       WHERE id = @id`,
  ).run({
    id,
    duration: derivation?.duration ?? null,
    version: text(body.version),
    inventory_sha512: text(body.inventory_sha512),
    completeness: text(body.completeness),
    reason: reasonOf(false, derivation?.completeness.grounds ?? []),
    decode: derivation === null ? null : judgeSoundness(derivation, methodOf(database, id)),
  });
  indexFiles(database, entry, derivation?.files ?? []);
}

function methodOf(database: Database.Database, id: string): CaptureRecord["method"] {
  const query = "SELECT method FROM capture WHERE id = ?";
  return prepared<{ readonly method: CaptureRecord["method"] }>(database, query).get(id)?.method ?? "ytdlp";
}

function indexPublication(database: Database.Database, entry: Entry, reader: RecordReader): void {
  const { object, version } = entry.body;
  const publication = reader.publication(text(object) ?? "", text(version) ?? "");
  indexFurtherVersion(database, entry, publication?.files ?? []);
}

function indexPage(database: Database.Database, entry: Entry, reader: RecordReader): void {
  const { object, version } = entry.body;
  const page = reader.page(text(object) ?? "", text(version) ?? "");
  indexFurtherVersion(database, entry, page?.files ?? []);
}

/** Changes only the newest version of the capture, and which files there are. */
function indexFurtherVersion(
  database: Database.Database,
  entry: Entry,
  files: Parameters<typeof indexFiles>[2],
): void {
  const { body } = entry;
  prepared(
    database,
    "UPDATE capture SET version = @version, inventory_sha512 = @inventory_sha512 WHERE id = @id",
  ).run({
    id: text(body.capture),
    version: text(body.version),
    inventory_sha512: text(body.inventory_sha512),
  });
  indexFiles(database, entry, files);
}

/**
 * What the log alone says of a withdrawn capture stays. What came from its record goes with the record, and what came
 * from derivations always goes: a rebuild finds neither.
 */
function indexWithdrawal(database: Database.Database, { body }: Entry): void {
  const id = text(body.capture) ?? "";
  const query = "SELECT entry, url, status FROM capture WHERE id = ?";
  const row = prepared<{ entry: number; url: string | null; status: string }>(database, query).get(id);
  if (row === undefined || row.status === "withdrawn") return;
  const reason = text(body.reason);
  prepared(
    database,
    `UPDATE capture SET status = 'withdrawn', reason = ?, derivation = 'done', duration = NULL, bytes = 0,
       decode = NULL WHERE id = ?`,
  ).run(reason, id);
  prepared(database, "UPDATE file SET sha512 = NULL WHERE capture = ?").run(id);
  if (body.record !== "removed") return;
  const key = row.url === null ? null : captureKey(row.url, null);
  prepared(
    database,
    `UPDATE capture SET url_key = ?, title = NULL, description = NULL, uploader = NULL, claimed_date = NULL,
       sha256 = NULL, rendition = NULL WHERE id = ?`,
  ).run(key, id);
  prepared(database, "DELETE FROM annotation WHERE capture = ?").run(id);
  prepared(database, "DELETE FROM capture_text WHERE rowid = ?").run(row.entry);
  clearBatchRows(database, id, row.url, key);
}

/** Rows of lists hold addresses with what is secret in them, and the words of people and of pages (FORMAT.md §19). */
function clearBatchRows(
  database: Database.Database,
  id: string,
  url: string | null,
  key: string | null,
): void {
  prepared(
    database,
    `UPDATE batch_row SET url = ?, url_key = ?, list_url = NULL, list_title = NULL, reason = NULL, may_pass = 0,
       cells = (SELECT json_group_array('') FROM json_each(cells)) WHERE capture = ? AND state = 'done'`,
  ).run(url ?? "", key, id);
}

function indexToken(database: Database.Database, { seq, body }: Entry): void {
  prepared(
    database,
    `INSERT INTO token (entry, checkpoint, kind, authority, url, path, bytes, sha256, status, gen_time, accuracy_ms,
         policy, serial, signer_sha256, height)
       VALUES (@entry, @checkpoint, @kind, @authority, @url, @path, @bytes, @sha256, @status, @gen_time, @accuracy_ms,
         @policy, @serial, @signer_sha256, @height)`,
  ).run({
    entry: seq,
    checkpoint: integer(body.checkpoint),
    kind: text(body.kind),
    authority: text(body.authority),
    url: text(body.url),
    path: text(body.path),
    bytes: integer(body.bytes),
    sha256: text(body.sha256),
    status: text(body.status),
    gen_time: text(body.gen_time),
    accuracy_ms: integer(body.accuracy_ms),
    policy: text(body.policy),
    serial: text(body.serial),
    signer_sha256: text(body.signer_sha256),
    height: integer(body.height),
  });
}

/** `described`: what the record or derivation says of these files, SHA-512 among it. */
function indexFiles(
  database: Database.Database,
  { seq, body }: Entry,
  described: readonly { readonly path: string; readonly sha512: string }[],
): void {
  const insert = prepared(
    database,
    "INSERT INTO file (capture, entry, path, bytes, sha256, sha512) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const digests = new Map(described.map(({ path, sha512 }) => [path, sha512]));
  for (const file of Array.isArray(body.files) ? body.files : []) {
    const path = text(member(file, "path"));
    insert.run(
      text(body.capture) ?? "",
      seq,
      path,
      member(file, "bytes"),
      text(member(file, "sha256")),
      digests.get(path ?? "") ?? null,
    );
  }
}

function commonColumns(entry: Entry, id: string, url: string | null) {
  return {
    id,
    entry: entry.seq,
    at: entry.at,
    method: text(entry.body.method),
    url,
    host: hostOf(url),
    annex_sha256: text(entry.body.annex_sha256),
  };
}

function mediaTracks(record: CaptureRecord | null) {
  const media: readonly FileRole[] = ["media_track", "media_segment"];
  return record?.files.filter((file) => media.includes(file.role)) ?? [];
}

function hostOf(url: string | null): string | null {
  return (url === null ? null : webUrl(url))?.hostname.replace(/^www\./, "") ?? null;
}

function member(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function integer(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
