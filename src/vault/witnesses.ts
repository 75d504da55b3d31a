import type Database from "better-sqlite3";

/** A `witness-added` entry (FORMAT.md §16), as far as it is shown and looked up. */
export interface LoggedWitness {
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
