import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { checkLineBytes, firstLink } from "../audit/entry.js";
import { objectPath, type Withdrawal } from "../audit/log-captures.js";
import { isWithdrawn } from "../audit/withdrawal.js";
import { HoldfastError } from "../core/words/error.js";
import { makeFolder, moveDurably } from "./durable.js";
import type { Vault } from "./vault.js";

/** Inside staging: what a withdrawal has taken out of its place and is about to remove. */
export const withdrawnFolder = "withdrawn";

/** A withdrawal as the log states it, and of which capture. */
export interface WithdrawnCapture extends Withdrawal {
  readonly capture: string;
}

/** Every withdrawal of the log, in its order; for one capture its first alone. */
export function withdrawals(database: Database.Database): readonly WithdrawnCapture[] {
  const query =
    "SELECT CAST(line AS BLOB) FROM entry WHERE json_extract(line, '$.event') = 'withdraw' ORDER BY seq";
  const lines = database.prepare<[], Buffer>(query).pluck().all();
  const first = new Map<string, WithdrawnCapture>();
  // A line that cannot be read is left out; an audit names it.
  for (const { seq, at, event, body } of lines.flatMap(
    (line) => checkLineBytes(line, firstLink).entry ?? [],
  )) {
    const { capture, reason, record } = body;
    // SQLite finds the lines by an index that whoever can write to vault.db can make to fit.
    if (event !== "withdraw" || typeof capture !== "string" || first.has(capture)) continue;
    const words = typeof reason === "string" ? reason : "";
    first.set(capture, {
      capture,
      entry: seq,
      at,
      reason: words,
      record: record === "removed" ? "removed" : "kept",
    });
  }
  return [...first.values()];
}

/** How a capture was withdrawn; null if it was not. */
export function withdrawalOf(database: Database.Database, capture: string): WithdrawnCapture | null {
  return withdrawals(database).find((one) => one.capture === capture) ?? null;
}

/** Throws `usage` if the capture was withdrawn; `doing` says what was asked, such as `deriving`. */
export function refuseWithdrawn(database: Database.Database, capture: string, doing: string): void {
  const found = withdrawalOf(database, capture);
  if (found === null) return;
  throw new HoldfastError(
    "usage",
    `${doing} ${capture}: it was withdrawn on ${found.at.slice(0, 10)}: ${found.reason}`,
    `to see what is left of it: holdfast show ${capture}`,
  );
}

/** Files and folders of the vault that a withdrawal removes and that are still here, each as a whole. */
export function withdrawnRemains(
  { layout }: Pick<Vault, "layout">,
  withdrawal: WithdrawnCapture,
): readonly string[] {
  const object = join(layout.root, objectPath(withdrawal.capture));
  const parts = withdrawal.record === "removed" ? [object] : partsToGo(object, withdrawal);
  return [join(layout.private, withdrawal.capture), ...parts].filter((path) => existsSync(path));
}

function partsToGo(object: string, withdrawal: WithdrawnCapture): readonly string[] {
  return namesIn(object)
    .filter((name) => /^v\d+$/.test(name))
    .flatMap((version) => {
      const content = `${version}/content`;
      const inside = namesIn(join(object, content)).map((name) => `${content}/${name}`);
      const gone = inside.filter((path) => isWithdrawn(withdrawal, path));
      // Nothing may stay behind as an empty folder.
      return gone.length === inside.length ? [content] : gone;
    })
    .map((path) => join(object, path));
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/**
 * Takes the remains out of the vault: each is renamed into `staging/` in one step and removed there, so that a kill at
 * any instant leaves a part either wholly here or wholly gone. The next writer empties that folder. The caller must have
 * seen to it that a signed checkpoint covers the entry.
 */
export function removeWithdrawn(vault: Vault, withdrawal: WithdrawnCapture): void {
  const bin = join(vault.layout.staging, withdrawnFolder);
  // What a killed command left here would be in the way.
  rmSync(bin, { recursive: true, force: true });
  for (const [at, path] of withdrawnRemains(vault, withdrawal).entries()) {
    makeFolder(bin, 0o700);
    moveDurably(path, join(bin, `${withdrawal.capture}-${at}`));
  }
  rmSync(bin, { recursive: true, force: true });
}

/**
 * Writes the database anew, without the pages that deleted rows have left, and empties its write-ahead log. False if
 * SQLite could not, as on a full disk.
 */
export function scrubDatabase({ database }: Vault): boolean {
  try {
    database.exec("INSERT INTO capture_text(capture_text) VALUES ('optimize')");
    database.exec("VACUUM");
    return database.pragma("wal_checkpoint(TRUNCATE)", { simple: true }) === 0;
  } catch (error) {
    if (error instanceof Database.SqliteError) return false;
    throw error;
  }
}
