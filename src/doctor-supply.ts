import type { DoctorFinding } from "./doctor.js";
import type { SqliteBinary } from "./tools/sqlite-binary.js";

const sqliteStates: Readonly<
  Record<SqliteBinary["state"], Pick<DoctorFinding, "severity" | "hint"> & { readonly words: string }>
> = {
  "built-by-set-up": { severity: "ok", words: "built from source by set-up", hint: null },
  "changed-since-set-up": {
    severity: "problem",
    words: "changed since set-up built it",
    hint: "what is there now could change what is stored: run `npm run setup`, which builds it again from source",
  },
  "not-recorded": {
    severity: "note",
    words: "not built by set-up, and compared with nothing",
    hint: "run `npm run setup`, which builds it from source",
  },
};

/** What there is to say about the native part of SQLite: where it came from, and its digest. */
export function sqliteFinding(sqlite: SqliteBinary): DoctorFinding {
  const { severity, words, hint } = sqliteStates[sqlite.state];
  const detail = `better-sqlite3 ${sqlite.version}, ${words}, ${sqlite.path}, sha256 ${sqlite.sha256}`;
  return { severity, what: "sqlite", detail, hint };
}
