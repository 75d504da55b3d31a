import type Database from "better-sqlite3";
import { queryWords } from "../../core/capture/folded-text.js";
import type { CaptureRecord } from "../../core/capture/record.js";
import { theOne } from "../id-part.js";
import { addTextFunctions, hasFewMatches, insideQuery, insideValues, matchOfText } from "./text-search.js";

/** A row of the index over captures, as stored. */
export interface CaptureRowRecord {
  readonly id: string;
  readonly entry: number;
  readonly at: string;
  readonly method: CaptureRecord["method"];
  readonly status: "captured" | "incomplete" | "failed" | "withdrawn";
  readonly derivation: "done" | "pending" | "failed" | null;
  readonly url: string | null;
  readonly host: string | null;
  readonly title: string | null;
  readonly uploader: string | null;
  readonly claimed_date: string | null;
  readonly duration: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
  /** Relative to the vault. */
  readonly object: string | null;
  readonly version: string | null;
  readonly annex_sha256: string | null;
  readonly reason: string | null;
  /** As `readRendition` reads it. */
  readonly rendition: string | null;
  /** As `readSoundness` reads it. */
  readonly decode: string | null;
}

/** What `list` may be asked; a null field restricts nothing. Dates are compared as ISO text in UTC. */
export interface CaptureQuery {
  readonly since: string | null;
  readonly until: string | null;
  readonly uploader: string | null;
  readonly host: string | null;
  readonly status: string | null;
  readonly text: string | null;
  /** Only what is noted as of this case. */
  readonly case?: string | null;
  readonly sort: "at" | "title" | "uploader" | "host" | "status" | "bytes";
  readonly descending: boolean;
  readonly limit: number | null;
}

/** The columns of `CaptureRowRecord`. */
export const captureColumns = `id, entry, at, method, status, derivation, url, host, title, uploader, claimed_date, duration, bytes,
  sha256, object, version, annex_sha256, reason, rendition, decode`;

export function captureById(database: Database.Database, id: string): CaptureRowRecord | undefined {
  return database
    .prepare<[string], CaptureRowRecord>(`SELECT ${captureColumns} FROM capture WHERE id = ?`)
    .get(id);
}

/**
 * Captures whose id contains `part`, in upper or lower case. At most ten: with more than one, the user is asked for
 * more of the id.
 */
function capturesByIdPart(database: Database.Database, part: string): readonly CaptureRowRecord[] {
  return database
    .prepare<[string], CaptureRowRecord>(
      `SELECT ${captureColumns} FROM capture WHERE instr(id, upper(?)) > 0 ORDER BY at LIMIT 10`,
    )
    .all(part);
}

/** The one capture whose id contains `part`. Throws `not-found` when there is none or more than one. */
export function oneCaptureByPart(database: Database.Database, part: string): CaptureRowRecord {
  return theOne(part === "" ? [] : capturesByIdPart(database, part), part);
}

/** The id of every capture and attempt. */
export function captureIds(database: Database.Database): readonly string[] {
  return database.prepare<[], string>("SELECT id FROM capture").pluck().all();
}

/** The newest complete capture made under this key, if any. */
export function capturedBefore(database: Database.Database, key: string): CaptureRowRecord | undefined {
  return database
    .prepare<[string], CaptureRowRecord>(
      `SELECT ${captureColumns} FROM capture WHERE url_key = ? AND status = 'captured' ORDER BY entry DESC LIMIT 1`,
    )
    .get(key);
}

/** The newest capture under this key of which files are here, whole or not. */
export function newestByKey(database: Database.Database, key: string): CaptureRowRecord | undefined {
  const query = `SELECT ${captureColumns} FROM capture
     WHERE url_key = ? AND status IN ('captured', 'incomplete') ORDER BY entry DESC LIMIT 1`;
  return database.prepare<[string], CaptureRowRecord>(query).get(key);
}

/** The newest withdrawn capture under this key, with the reason why, if any. */
export function withdrawnBefore(database: Database.Database, key: string): CaptureRowRecord | undefined {
  const query = `SELECT ${captureColumns} FROM capture WHERE url_key = ? AND status = 'withdrawn' ORDER BY entry DESC LIMIT 1`;
  return database.prepare<[string], CaptureRowRecord>(query).get(key);
}

/** The newest withdrawn capture that had a file with this SHA-256, if any. */
export function withdrawnWith(database: Database.Database, sha256: string): CaptureRowRecord | undefined {
  const query = `SELECT ${captureColumns} FROM capture
     WHERE status = 'withdrawn' AND id IN (SELECT capture FROM file WHERE sha256 = ?) ORDER BY entry DESC LIMIT 1`;
  return database.prepare<[string], CaptureRowRecord>(query).get(sha256);
}

/** Whether a capture is one of several videos of a page. */
export function isOneOfSeveral(database: Database.Database, id: string): boolean {
  const query = "SELECT 1 FROM capture WHERE id = ? AND url_key LIKE '% video=%'";
  return database.prepare<[string]>(query).get(id) !== undefined;
}

/** Ids of the captures under this key, oldest first, each video of a page with several among them. */
export function capturesByKey(database: Database.Database, key: string): readonly string[] {
  const query = `SELECT id FROM capture WHERE url_key = @key OR (url_key >= @key || ' video=' AND url_key < @key || ' video>')
     ORDER BY entry`;
  return database.prepare<[{ key: string }], string>(query).pluck().all({ key });
}

/** Ids of the captures that have a file with this SHA-256, oldest first. */
export function capturesByDigest(database: Database.Database, sha256: string): readonly string[] {
  const query = `SELECT id FROM capture WHERE id IN (SELECT capture FROM file WHERE sha256 = ?) ORDER BY entry`;
  return database.prepare<[string], string>(query).pluck().all(sha256);
}

/** How many files the entries of a capture state, and their bytes together. */
export function sizeOfCapture(
  database: Database.Database,
  id: string,
): { readonly files: number; readonly bytes: number } {
  const query = "SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes FROM file WHERE capture = ?";
  const found = database.prepare<[string], { files: number; bytes: number }>(query).get(id);
  return found ?? { files: 0, bytes: 0 };
}

/** Captures whose derivation is not done, oldest first. */
export function underived(database: Database.Database): readonly CaptureRowRecord[] {
  return database
    .prepare<[], CaptureRowRecord>(
      `SELECT ${captureColumns} FROM capture WHERE derivation IS NOT 'done' AND object IS NOT NULL ORDER BY entry`,
    )
    .all();
}

/** Where a file with this SHA-256 lies in the vault, by the index, oldest first; `line` is the entry that names it. */
export function filesByDigest(database: Database.Database, sha256: string) {
  return database
    .prepare<
      [string],
      {
        capture: string;
        path: string;
        bytes: number;
        entry: number;
        line: Buffer;
        url: string | null;
        object: string;
      }
    >(
      `SELECT file.capture, file.path, file.bytes, file.entry, CAST(entry.line AS BLOB) AS line, capture.url, capture.object
       FROM file JOIN capture ON capture.id = file.capture JOIN entry ON entry.seq = file.entry
       WHERE file.sha256 = ? AND capture.status <> 'withdrawn' ORDER BY file.entry, file.path`,
    )
    .all(sha256);
}

/**
 * The captures that match a query. Every word of `text` must occur, a short one as the beginning of a word. `named` are the entries
 * of captures that have the words only together with the local name of their file, which the index does not hold.
 */
export function queryCaptures(
  database: Database.Database,
  query: CaptureQuery,
  named: readonly number[],
): readonly CaptureRowRecord[] {
  const conditions: string[] = [];
  const values: Record<string, string | number> = {};
  const where = (condition: string, name: string, value: string | null) => {
    if (value === null) return;
    conditions.push(condition);
    values[name] = value;
  };
  where("at >= @since", "since", query.since);
  where("at < @until", "until", query.until && dayAfter(query.until));
  where("instr(folded(uploader), folded(@uploader)) > 0", "uploader", query.uploader);
  // The plus sign keeps SQLite from gathering all captures of a large site, or with a common word, to find the newest.
  const known = query.host === null ? null : knownHosts(database, query.host);
  const host = known?.few === true ? "host" : "+host";
  where(`${host} IN (SELECT value FROM json_each(@hosts))`, "hosts", known && JSON.stringify(known.hosts));
  const ofRendition = "rendition = @status OR rendition LIKE @status || ' %'";
  const ofDecode = "decode = @status AND decode IN ('short', 'damaged', 'unreadable', 'no-media')";
  where(
    `(status = @status OR derivation = @status OR ${ofRendition} OR ${ofDecode})`,
    "status",
    query.status,
  );
  const ofCase = "SELECT 1 FROM annotation AS a WHERE a.capture = capture.id AND a.key = 'case'";
  where(`EXISTS (${ofCase} AND folded_case(a.value) = folded_case(@case))`, "case", query.case ?? null);
  const match = query.text === null || /^[\s\0]*$/.test(query.text) ? null : matchOfText(query.text);
  const entry = match === null || hasFewMatches(database, match) ? "entry" : "+entry";
  const inside = match === null ? null : insideQuery(database, queryWords(query.text ?? ""));
  if (inside !== null) Object.assign(values, insideValues(queryWords(query.text ?? "")));
  const orInside = inside === null ? "" : ` OR entry IN (${inside})`;
  const orNamed = named.length === 0 ? "" : ` OR entry IN (${named.join(", ")})`;
  where(
    `(${entry} IN (SELECT rowid FROM capture_text WHERE capture_text MATCH @text)${orInside}${orNamed})`,
    "text",
    match,
  );
  addTextFunctions(database);
  const order = `${query.sort} ${query.descending ? "DESC" : "ASC"}, entry ${query.descending ? "DESC" : "ASC"}`;
  return database
    .prepare<[Record<string, string | number>], CaptureRowRecord>(
      `SELECT ${captureColumns} FROM capture ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY ${order} LIMIT @limit`,
    )
    .all({ ...values, limit: query.limit ?? -1 });
}

/** A bare day means the whole day. */
function dayAfter(until: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until)) return until;
  const day = new Date(`${until}T00:00:00Z`);
  return new Date(day.getTime() + 86_400_000).toISOString().slice(0, 10);
}

/** How much a vault holds and what is left to do in it. */
export function vaultCounts(database: Database.Database): {
  readonly captures: number;
  readonly entries: number;
  readonly pending_derivations: number;
  readonly interrupted_commits: number;
  readonly last_entry_at: string | null;
} {
  const count = (query: string) => database.prepare<[], { n: number }>(query).get()?.n ?? 0;
  const last = database
    .prepare<[], { at: string }>(
      "SELECT json_extract(line, '$.at') AS at FROM entry ORDER BY seq DESC LIMIT 1",
    )
    .get();
  return {
    captures: count("SELECT count(*) AS n FROM capture WHERE object IS NOT NULL"),
    entries: count("SELECT count(*) AS n FROM entry"),
    pending_derivations: count(
      "SELECT count(*) AS n FROM capture WHERE object IS NOT NULL AND derivation IS NOT 'done'",
    ),
    interrupted_commits: count("SELECT count(*) AS n FROM intent"),
    last_entry_at: last?.at ?? null,
  };
}

/** The hosts of captures that a query means. */
interface KnownHosts {
  /** The requested host and those below it, as far as there are captures of them. */
  readonly hosts: readonly string[];
  /** Whether they have so few captures that these are best examined one by one. */
  readonly few: boolean;
}

const fewRows = 10_000;

/** The hosts come from the index, in one step per host and not per capture. */
export function knownHosts(database: Database.Database, host: string): KnownHosts {
  const hosts = database
    .prepare<[{ host: string }], string>(
      `WITH RECURSIVE known(host) AS (
         SELECT min(host) FROM capture
         UNION ALL SELECT (SELECT min(host) FROM capture WHERE host > known.host) FROM known WHERE known.host IS NOT NULL)
       SELECT host FROM known WHERE host = @host OR substr(host, -length(@host) - 1) = '.' || @host`,
    )
    .pluck()
    .all({ host });
  const count = database
    .prepare<[string, number], number>(
      "SELECT count(*) FROM (SELECT 1 FROM capture WHERE host IN (SELECT value FROM json_each(?)) LIMIT ?)",
    )
    .pluck()
    .get(JSON.stringify(hosts), fewRows + 1);
  return { hosts, few: (count ?? 0) <= fewRows };
}
