import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { isJsonObject, parseForeignJson, textOf } from "../audit/canonical-json.js";
import { isCaptureId } from "../audit/digest.js";
import { counted } from "../core/words/counted.js";
import { HoldfastError } from "../core/words/error.js";
import { readIntents } from "./journal.js";
import type { VaultLayout } from "./layout.js";
import { namesCapture, newestOf } from "./log.js";

/**
 * Whether a log was set back over stored objects: some were stored after its last entry, and neither it nor the journal names
 * them. So it is where `vault.db` comes from an older copy or lost its `-wal`; an entry added now would take a number that
 * a lost one had. Null if there are none. Objects from before the last entry do not count: `rebuild` or `checkpoint
 * --accept-rollback` has told a person of them, and `verify` names them. Throws whatever `readIntents` throws, and `io` for
 * a folder that may not be read.
 */
export function unloggedObjects({
  layout,
  database,
}: {
  readonly layout: VaultLayout;
  readonly database: Database.Database;
}): HoldfastError | null {
  const newest = newestOf(database);
  if (newest === undefined) return null;
  const since = Date.parse(newest.at);
  const begun = new Set<string>(readIntents({ database }).map(({ capture }) => capture));
  const found = folders(layout.objects)
    .filter((tuple) => /^[0-9a-f]{2}$/.test(tuple))
    // A folder into which nothing was moved since the last entry holds nothing newer.
    .filter((tuple) => statSync(join(layout.objects, tuple)).mtimeMs > since)
    .flatMap((tuple) =>
      folders(join(layout.objects, tuple)).map((id) => ({ id, path: `objects/${tuple}/${id}` })),
    )
    .filter(({ id }) => isCaptureId(id) && !begun.has(id) && !namesCapture(database, id))
    .filter(({ path }) => storedAt(join(layout.root, path)) > since)
    .map(({ path }) => path);
  if (found.length === 0) return null;
  const named = `${found.slice(0, 5).join(", ")}${found.length > 5 ? ", …" : ""}`;
  return new HoldfastError(
    "not-as-recorded",
    `writing to the log: vault.db ends with entry ${newest.seq} of ${newest.at}, and does not name ${counted(found.length, "newer stored object")}: ${named}`,
    "vault.db was set back, or lost its -wal file: put the newest one back; if it is lost, copy the vault, move vault.db away and run 'holdfast rebuild'; if you put an older one there on purpose: holdfast checkpoint --accept-rollback",
  );
}

/** When the last file of an object was hashed by its own record, in milliseconds since 1970: a copy keeps it. 0 if it does not say. */
function storedAt(object: string): number {
  try {
    const record = parseForeignJson(readFileSync(join(object, "v1/content/record.json"), "utf8"));
    const files = isJsonObject(record) && Array.isArray(record.files) ? record.files : [];
    const times = files.map((file) => Date.parse((isJsonObject(file) ? textOf(file.hashed_at) : null) ?? ""));
    return times.reduce((latest, time) => (time > latest ? time : latest), 0);
  } catch {
    // Whatever lies there is no object that a commit left: `verify` names it.
    return 0;
  }
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((item) => item.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    // `verify` says what is missing.
    if (code === "ENOENT") return [];
    throw new HoldfastError(
      "io",
      `reading ${path}: it may not be read (${code})`,
      "check the permissions of that folder",
      error,
    );
  }
}
