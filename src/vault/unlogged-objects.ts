import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { isCaptureId } from "../audit/digest.js";
import { counted } from "../core/words/counted.js";
import { HoldfastError } from "../core/words/error.js";
import { captureById } from "./index/captures.js";
import { readIntents } from "./journal.js";
import type { VaultLayout } from "./layout.js";
import { newestOf } from "./log.js";

/**
 * Whether a log was set back over stored objects: some are newer than its last entry, and neither it nor the journal names
 * them. So it is where `vault.db` comes from an older copy or lost its `-wal`; an entry added now would take a number that
 * a lost one had. Null if there are none. Objects older than the last entry do not count: `rebuild` or `checkpoint
 * --accept-rollback` has told a person of them, and `verify` names them. Throws whatever `readIntents` throws.
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
    .filter((tuple) => changedAt(join(layout.objects, tuple)) > since)
    .flatMap((tuple) =>
      folders(join(layout.objects, tuple)).map((id) => ({ id, path: `objects/${tuple}/${id}` })),
    )
    .filter(({ id }) => isCaptureId(id) && !begun.has(id) && captureById(database, id) === undefined)
    .filter(({ path }) => changedAt(join(layout.root, path, "inventory.json")) > since)
    .map(({ path }) => path);
  if (found.length === 0) return null;
  const named = `${found.slice(0, 5).join(", ")}${found.length > 5 ? ", …" : ""}`;
  return new HoldfastError(
    "not-as-recorded",
    `writing to the log: vault.db ends with entry ${newest.seq} of ${newest.at}, and does not name ${counted(found.length, "newer stored object")}: ${named}`,
    "vault.db was set back, or lost its -wal file: put the newest one back; if it is lost, move this one away and run 'holdfast rebuild'",
  );
}

/** In milliseconds since 1970; 0 where there is nothing. */
function changedAt(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function folders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .map(({ name }) => name);
}
