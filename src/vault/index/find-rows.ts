import type Database from "better-sqlite3";
import { dateSpan } from "../../core/capture/date-span.js";
import { foldedCase, holdsWordsAnywhere, queryWords } from "../../core/capture/folded-text.js";
import { webUrl } from "../../core/capture/source-url.js";
import { annotationsOf } from "./annotations.js";
import { type CaptureRowRecord, captureColumns, knownHosts } from "./captures.js";
import { captureKey } from "./rows.js";
import { prepared } from "./statements.js";
import { addTextFunctions, insideQuery, insideValues, matchOf } from "./text-search.js";

/** What `find` may be asked; null or an empty list restricts nothing. */
export interface FindQuery {
  /** Each word must occur in title, description, uploader or notes; a short one at the beginning of a word. */
  readonly words: string | null;
  /**
   * Entries of the captures that have the words only together with the local name of their file, which the index does
   * not hold.
   */
  readonly named: readonly number[];
  /** The beginning of a file's SHA-256 or SHA-512, in lower case. */
  readonly digest: string | null;
  /** A part of an id, in upper case. */
  readonly id: string | null;
  /** The key of an address (`captureKey`); each video of a page with several is found by the key of the page. */
  readonly key: string | null;
  /** ISO 8601 in UTC with milliseconds; whatever touches the period from `since` up to `until` is found. */
  readonly since: string | null;
  readonly until: string | null;
  /** Which time: that of the capture's entry, of posting as the source claims, or of the incident as a person says. */
  readonly dateOf: "capture" | "claim" | "incident";
  /** The site or one below it, as the index has it. */
  readonly host: string | null;
  /** The whole name of a case, folded before it is compared. */
  readonly case: string | null;
  /** Words that must begin a word of the value in force under this key. */
  readonly where: readonly { readonly key: string; readonly words: string }[];
  readonly limit: number | null;
}

/** The query that restricts nothing. */
export const anyCapture: FindQuery = {
  ...{ words: null, named: [], digest: null, id: null, key: null, since: null, until: null },
  ...{ dateOf: "capture", host: null, case: null, where: [], limit: null },
};

interface Conditions {
  readonly sql: string[];
  readonly values: Record<string, string>;
}

/** The captures that match the whole query, failed attempts among them, newest entry first. */
export function findCaptures(database: Database.Database, query: FindQuery): readonly CaptureRowRecord[] {
  addTextFunctions(database);
  addDateFunctions(database);
  const found: Conditions = { sql: [], values: {} };
  addDigest(found, query.digest);
  addIdentity(database, found, query);
  addDates(found, query);
  addNotes(found, query);
  const known = query.host === null ? null : knownHosts(database, query.host);
  if (known !== null) addHosts(found, known.hosts);
  const match = matchOfQuery(query);
  const inside = addInside(database, found, query);
  const isNarrow =
    query.digest !== null ||
    query.id !== null ||
    query.key !== null ||
    known?.few === true ||
    query.named.length > 0;
  if (query.named.length > 0) found.values.named = JSON.stringify(query.named);
  return database
    .prepare<[Record<string, string | number>], CaptureRowRecord>(
      `SELECT ${captureColumns} FROM capture WHERE rowid IN (${rowids(found, match, inside, isNarrow)})
       ORDER BY rowid DESC`,
    )
    .all({ ...found.values, ...(match === null ? {} : { match }), limit: query.limit ?? -1 });
}

/**
 * The newest rows under all conditions, by rowid, which rises with the log. The full-text table is searched in that
 * order, so that a common word costs no more than a rare one, unless the other conditions leave fewer rows than words
 * do.
 */
function rowids(
  { sql, values }: Conditions,
  match: string | null,
  inside: string | null,
  isNarrow: boolean,
): string {
  const isDriven = match !== null && inside === null && !isNarrow;
  const from = isDriven
    ? "capture_text CROSS JOIN capture AS c ON c.entry = capture_text.rowid"
    : "capture AS c";
  const asked = isDriven
    ? "capture_text MATCH @match"
    : `(c.entry IN (SELECT rowid FROM capture_text WHERE capture_text MATCH @match)${inside ?? ""}${orNamed(values)})`;
  const all = match === null ? sql : [asked, ...sql];
  return `SELECT c.rowid FROM ${from} ${all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`}
    ORDER BY ${isDriven ? "capture_text" : "c"}.rowid DESC LIMIT @limit`;
}

function orNamed({ named }: Conditions["values"]): string {
  return named === undefined ? "" : " OR c.entry IN (SELECT value FROM json_each(@named))";
}

/** An alternative to the match for words that stand inside others: then the notes must match all the same. */
function addInside(
  database: Database.Database,
  { values }: Conditions,
  { words, ...others }: FindQuery,
): string | null {
  const asked = words === null ? [] : queryWords(words);
  const query = insideQuery(database, asked);
  if (query === null) return null;
  Object.assign(values, insideValues(asked));
  const noted = matchOfQuery({ ...others, words: null });
  if (noted === null) return ` OR c.entry IN (${query})`;
  values.noted = noted;
  return ` OR (c.entry IN (${query}) AND c.entry IN (SELECT rowid FROM capture_text WHERE capture_text MATCH @noted))`;
}

/** The words that the notes must hold narrow the search before each value is examined. */
function matchOfQuery({ words, where, case: name }: FindQuery): string | null {
  const noted = [...where.map((one) => one.words), ...(name === null ? [] : [beforeSign(name)])].map(
    queryWords,
  );
  const parts = [
    ...(words === null ? [] : [matchOf(queryWords(words))]),
    ...noted.filter((list) => list.length > 0).map((list) => matchOf(list, "notes")),
  ];
  return parts.length === 0 ? null : parts.map((part) => `(${part})`).join(" AND ");
}

/** The index has `№14` as one word and `№ 14` as two, and a case is found by either. */
function beforeSign(name: string): string {
  return /^[^№#]*/.exec(name)?.[0] ?? "";
}

function addDigest({ sql, values }: Conditions, digest: string | null): void {
  if (digest === null) return;
  const within = (column: string) => `${column} >= @digest AND ${column} < @digest_end`;
  sql.push(
    `c.id IN (SELECT capture FROM file WHERE ${within("sha256")} UNION SELECT capture FROM file WHERE ${within("sha512")})`,
  );
  values.digest = digest;
  values.digest_end = `${digest}g`;
}

/** A failed attempt has no key of its own, so that no address counts as captured because of it. */
function addIdentity(
  database: Database.Database,
  { sql, values }: Conditions,
  { id, key }: Pick<FindQuery, "id" | "key">,
): void {
  if (id !== null) {
    sql.push("instr(c.id, @id) > 0");
    values.id = id;
  }
  if (key === null) return;
  database.function("address_key", { deterministic: true }, (url) => keyOfAttempt(String(url ?? "")));
  sql.push(
    `(c.url_key = @key OR (c.url_key >= @key || ' video=' AND c.url_key < @key || ' video>')
      OR (c.status = 'failed' AND address_key(c.url) = @key))`,
  );
  values.key = key;
}

function keyOfAttempt(url: string): string | null {
  return webUrl(url) === null ? null : captureKey(url, null);
}

function addDates({ sql, values }: Conditions, { since, until, dateOf }: FindQuery): void {
  if (since === null && until === null) return;
  values.since = since ?? "0000";
  values.until = until ?? "9999-12-31T23:59:59.999Z";
  if (dateOf === "capture") {
    sql.push("c.at >= @since", "c.at < @until");
    return;
  }
  // Any ISO text begins with its year; a zone moves a time by less than a day.
  values.from_text = since === null ? "0000" : shifted(since, -1).slice(0, 4);
  values.until_text = until === null ? "9999-99" : shifted(until, 1);
  const touches = (column: string) =>
    `${column} >= @from_text AND ${column} < @until_text AND span_until(${column}) > @since AND span_from(${column}) < @until`;
  sql.push(
    dateOf === "claim"
      ? touches("c.claimed_date")
      : `c.id IN (SELECT capture FROM annotation WHERE key = 'incident_date' AND ${touches("value")})`,
  );
}

function shifted(instant: string, days: number): string {
  return new Date(new Date(instant).getTime() + days * 86_400_000).toISOString();
}

function addNotes({ sql, values }: Conditions, { where, case: name }: FindQuery): void {
  const inForce = "SELECT 1 FROM annotation AS a WHERE a.capture = c.id AND a.key";
  for (const [at, { key, words }] of where.entries()) {
    sql.push(`EXISTS (${inForce} = @key${at} AND holds_words(a.value, @words${at}))`);
    values[`key${at}`] = key;
    values[`words${at}`] = words;
  }
  if (name === null) return;
  sql.push(`EXISTS (${inForce} = 'case' AND folded_case(a.value) = @case)`);
  values.case = foldedCase(name);
}

function addHosts({ sql, values }: Conditions, hosts: readonly string[]): void {
  const [only] = hosts;
  const isOne = only !== undefined && hosts.length === 1;
  sql.push(isOne ? "c.host = @hosts" : "c.host IN (SELECT value FROM json_each(@hosts))");
  values.hosts = isOne ? only : JSON.stringify(hosts);
}

function addDateFunctions(database: Database.Database): void {
  const options = { deterministic: true } as const;
  database.function("span_from", options, (text) => dateSpan(String(text ?? ""))?.from ?? null);
  database.function("span_until", options, (text) => dateSpan(String(text ?? ""))?.until ?? null);
}

/** Where in a capture the words were found: fields of the source, and keys of annotations. */
export function wordPlaces(
  database: Database.Database,
  row: Pick<CaptureRowRecord, "id" | "entry">,
  words: string,
): readonly string[] {
  const asked = queryWords(words).map((word) => [word]);
  const holds = (text: string) => asked.some((word) => holdsWordsAnywhere(text, word));
  const query = "SELECT title, description, uploader FROM capture_text WHERE rowid = ?";
  const text = prepared<Record<(typeof sourceFields)[number], string>>(database, query).get(row.entry);
  return [
    ...sourceFields.filter((field) => holds(text?.[field] ?? "")),
    ...annotationsOf(database, row.id)
      .filter(({ value }) => holds(value))
      .map(({ key }) => `note ${key}`),
  ];
}

const sourceFields = ["title", "description", "uploader"] as const;

/** The files of a capture whose SHA-256 or SHA-512 begins with these digits, by their logical paths. */
export function digestPlaces(
  database: Database.Database,
  capture: string,
  digest: string,
): readonly string[] {
  const query = `SELECT DISTINCT path FROM file WHERE capture = @capture
     AND (substr(sha256, 1, length(@digest)) = @digest OR substr(sha512, 1, length(@digest)) = @digest) ORDER BY path`;
  const rows = prepared<{ path: string }>(database, query).all({ capture, digest });
  return rows.map(({ path }) => `file ${path}`);
}
