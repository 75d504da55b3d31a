import type Database from "better-sqlite3";

/** What came of the attempts of one kind. Sizes in bytes. */
export interface Tally {
  /** Attempts of which something is stored. */
  readonly captures: number;
  readonly failed: number;
  /** Of the media as received. */
  readonly bytes: number;
}

/** What a vault holds, as its index has it; the lists of counts without zeros. */
export interface Statistics {
  readonly captures: number;
  readonly failed: number;
  /** How many of each status, most first. */
  readonly statuses: readonly { readonly status: string; readonly count: number }[];
  /** How many stored ones of each grade (FORMAT.md §5.7), most first; null where the record does not say. */
  readonly renditions: readonly { readonly grade: string | null; readonly count: number }[];
  /** How many stored ones of each finding of the strict decode, most first; null before the first derivation. */
  readonly decodes: readonly { readonly decode: string | null; readonly count: number }[];
  /** Most captures first; null for imported files without an address. */
  readonly sites: readonly (Tally & { readonly host: string | null })[];
  /** By month of the attempt in UTC, newest first: `2026-12`. */
  readonly months: readonly (Tally & { readonly month: string })[];
  /** Sizes of the files that the log names. */
  readonly bytes: {
    readonly media: number;
    /** Media, records and what came beside them. */
    readonly evidence: number;
    /** What was made of them. */
    readonly derived: number;
  };
  /** Stored captures whose keyframes were not made yet. */
  readonly without_keyframes: number;
  readonly oldest: Dated | null;
  readonly newest: Dated | null;
}

interface Dated {
  readonly id: string;
  readonly at: string;
}

const tally = "sum(status <> 'failed') AS captures, sum(status = 'failed') AS failed, sum(bytes) AS bytes";
const grade =
  "CASE WHEN instr(rendition, ' ') > 0 THEN substr(rendition, 1, instr(rendition, ' ') - 1) ELSE rendition END";

/** Counts of everything in the index, each in one pass. */
export function readStatistics(database: Database.Database): Statistics {
  const all = <Row>(query: string) => database.prepare<[], Row>(query).all();
  const one = (query: string) => database.prepare<[], number | null>(query).pluck().get() ?? 0;
  const edge = (order: "ASC" | "DESC") =>
    all<Dated>(
      `SELECT id, at FROM capture WHERE status <> 'failed' ORDER BY at ${order}, entry ${order} LIMIT 1`,
    )[0];
  const isDerived = "path >= 'derived/' AND path < 'derived0'";
  return {
    captures: one("SELECT count(*) FROM capture WHERE status <> 'failed'"),
    failed: one("SELECT count(*) FROM capture WHERE status = 'failed'"),
    statuses: all("SELECT status, count(*) AS count FROM capture GROUP BY 1 ORDER BY 2 DESC, 1"),
    renditions: all(
      `SELECT ${grade} AS grade, count(*) AS count FROM capture WHERE status <> 'failed' GROUP BY 1 ORDER BY 2 DESC, 1`,
    ),
    decodes: all(
      "SELECT decode, count(*) AS count FROM capture WHERE status <> 'failed' GROUP BY 1 ORDER BY 2 DESC, 1",
    ),
    sites: all(`SELECT host, ${tally} FROM capture GROUP BY host ORDER BY captures DESC, failed DESC, host`),
    months: all(`SELECT substr(at, 1, 7) AS month, ${tally} FROM capture GROUP BY 1 ORDER BY 1 DESC`),
    bytes: {
      media: one("SELECT sum(bytes) FROM capture"),
      evidence: one(`SELECT sum(bytes) FROM file WHERE NOT (${isDerived})`),
      derived: one(`SELECT sum(bytes) FROM file WHERE ${isDerived}`),
    },
    without_keyframes: one(
      "SELECT count(*) FROM capture WHERE object IS NOT NULL AND derivation IS NOT 'done'",
    ),
    oldest: edge("ASC") ?? null,
    newest: edge("DESC") ?? null,
  };
}

/** Stored captures whose entry is newer than entry `seq`. */
export function capturesAfter(database: Database.Database, seq: number): number {
  const query = "SELECT count(*) FROM capture WHERE status <> 'failed' AND entry > ?";
  return database.prepare<[number], number>(query).pluck().get(seq) ?? 0;
}
