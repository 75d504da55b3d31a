import type { DoctorFinding } from "../seal/seal-state.js";
import type { InstalledModule, ModuleState } from "../tools/run/installed-modules.js";
import { updateCommand } from "../tools/run/programs.js";
import type { SqliteBinary } from "../tools/run/sqlite-binary.js";

const sqliteStates: Readonly<
  Record<SqliteBinary["state"], Pick<DoctorFinding, "severity" | "hint"> & { readonly words: string }>
> = {
  "built-by-set-up": { severity: "ok", words: "built from source by set-up", hint: null },
  "changed-since-set-up": {
    severity: "problem",
    words: "changed since set-up built it",
    hint: "a changed library could alter what holdfast stores; run `npm run setup` to build it again from source",
  },
  "not-recorded": {
    severity: "note",
    words: "not built by set-up, so there is nothing to compare it with",
    hint: "run `npm run setup` to build it from source",
  },
};

/** The line about the native SQLite library: its origin and its digest. */
export function sqliteFinding(sqlite: SqliteBinary): DoctorFinding {
  const { severity, words, hint } = sqliteStates[sqlite.state];
  const detail = `better-sqlite3 ${sqlite.version}, ${words}, ${sqlite.path}, sha256 ${sqlite.sha256}`;
  return { severity, what: "sqlite", detail, hint };
}

const moduleStates: Readonly<
  Record<ModuleState, Pick<DoctorFinding, "severity" | "hint"> & { readonly words: string }>
> = {
  "as-pinned": { severity: "ok", words: "as pinned", hint: null },
  "recorded-not-pinned": { severity: "ok", words: "recorded at set-up, not pinned", hint: null },
  "changed-since-set-up": {
    severity: "note",
    words: "changed since set-up",
    hint: `records state this too; to install the newest version with set-up: ${updateCommand}`,
  },
  "added-since-set-up": {
    severity: "note",
    words: "added since set-up",
    hint: `records state that a module was added; to have set-up record the modules again: ${updateCommand}`,
  },
  "not-recorded": {
    severity: "note",
    words: "not recorded by set-up",
    hint: "run `npm run setup` to record the modules",
  },
};

/** The line about a part of yt-dlp: version, digests, and the result of the comparison. */
export function moduleFinding({
  name,
  version,
  content_sha256,
  file_sha256,
  state,
}: InstalledModule): DoctorFinding {
  const { severity, words, hint } = moduleStates[state];
  const content =
    content_sha256 === null ? "missing or unreadable in part" : `content sha256 ${content_sha256}`;
  const file = file_sha256 === null ? [] : [`installed from a file with sha256 ${file_sha256}`];
  const detail = [version ?? "no package", words, content, ...file].join(", ");
  return { severity, what: `module ${name}`, detail, hint };
}
