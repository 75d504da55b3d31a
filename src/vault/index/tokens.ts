import type Database from "better-sqlite3";

/** A `token` entry as the index has it (FORMAT.md §15); what the entry leaves out is null. */
export interface LoggedToken {
  /** `seq` of the entry. */
  readonly entry: number;
  /** Size of the checkpoint it covers. */
  readonly checkpoint: number;
  readonly kind: "rfc3161" | "opentimestamps";
  readonly authority: string;
  readonly url: string;
  /** Relative to the vault. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly status: "granted" | "pending" | "complete";
  readonly gen_time: string | null;
  readonly accuracy_ms: number | null;
  readonly policy: string | null;
  readonly serial: string | null;
  readonly signer_sha256: string | null;
  /** Bitcoin block, for a complete OpenTimestamps proof. */
  readonly height: number | null;
}

const columns = `entry, checkpoint, kind, authority, url, path, bytes, sha256, status, gen_time, accuracy_ms, policy, serial,
  signer_sha256, height`;

/** The logged tokens over one checkpoint, in the order of the log. */
export function tokensOf(database: Database.Database, checkpoint: number): readonly LoggedToken[] {
  return database
    .prepare<[number], LoggedToken>(`SELECT ${columns} FROM token WHERE checkpoint = ? ORDER BY entry`)
    .all(checkpoint);
}

/**
 * The tokens that first cover entry `seq`: the granted ones over the oldest checkpoint that covers it and has any,
 * earliest first. Empty if there is none yet. This is the index's word; an audit checks the tokens and what they lead
 * to.
 */
export function earliestTokens(database: Database.Database, seq: number): readonly LoggedToken[] {
  return database
    .prepare<[number], LoggedToken>(
      `SELECT ${columns} FROM token
       WHERE checkpoint = (SELECT min(checkpoint) FROM token WHERE checkpoint >= ? AND status = 'granted')
         AND status = 'granted' ORDER BY gen_time, entry`,
    )
    .all(seq);
}

/** The checkpoints that have a granted token, ascending, each with the earliest time that one of its tokens states. */
export function stampedCheckpoints(
  database: Database.Database,
): readonly { readonly checkpoint: number; readonly gen_time: string }[] {
  return database
    .prepare<[], { checkpoint: number; gen_time: string }>(
      `SELECT checkpoint, min(gen_time) AS gen_time FROM token
       WHERE status = 'granted' AND gen_time IS NOT NULL GROUP BY checkpoint ORDER BY checkpoint`,
    )
    .all();
}

/** The newest checkpoint that a complete OpenTimestamps proof covers; 0 without one. Its time is that of a Bitcoin block. */
export function newestProven(database: Database.Database): number {
  const newest = database.prepare<[], number | null>(
    "SELECT max(checkpoint) FROM token WHERE status = 'complete'",
  );
  return newest.pluck().get() ?? 0;
}

/** The files of `log/` that `token` entries name. */
export function loggedTokenPaths(database: Database.Database): ReadonlySet<string> {
  return new Set(database.prepare<[], string>("SELECT path FROM token").pluck().all());
}

/** A `witness-added` entry (FORMAT.md §16), as far as it is shown and looked up. */
interface LoggedWitness {
  readonly entry: number;
  /** Size. */
  readonly checkpoint: number;
  readonly public_key: string;
  /** Relative to the vault. */
  readonly path: string;
}

/** Everybody who has signed a checkpoint, in the order of the log. */
export function witnessesOf(database: Database.Database): readonly LoggedWitness[] {
  return database
    .prepare<[], LoggedWitness>(
      `SELECT seq AS entry, json_extract(line, '$.body.checkpoint') AS checkpoint,
         json_extract(line, '$.body.public_key') AS public_key, json_extract(line, '$.body.path') AS path
       FROM entry WHERE json_extract(line, '$.event') = 'witness-added' ORDER BY seq`,
    )
    .all();
}
