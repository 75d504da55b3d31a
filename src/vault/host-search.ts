import type Database from "better-sqlite3";

/** The hosts of captures that a question means. */
export interface KnownHosts {
  /** The one asked for and those below it, as far as there are captures of them. */
  readonly hosts: readonly string[];
  /** Whether they have so few captures that these are best looked at one by one. */
  readonly few: boolean;
}

const fewRows = 10_000;

/** The hosts come from the index, one step for each there is, not one for each capture. */
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
