import { rmSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { checkpointName } from "../audit/checkpoint.js";
import { sha256 } from "../audit/digest.js";
import { webUrl } from "../core/capture/source-url.js";
import { readQuietly } from "./digest-file.js";
import { placeInLog } from "./log-placing.js";
import { logEntry, type Vault } from "./vault.js";

/** Whose token, over which checkpoint, and where it was requested. */
export interface TokenSource {
  /** Size of the checkpoint. */
  readonly checkpoint: number;
  readonly kind: "rfc3161" | "opentimestamps";
  readonly authority: string;
  readonly url: string;
}

/** What a token states, as its entry repeats it (FORMAT.md §15). */
export interface TokenFacts {
  readonly status: "granted" | "pending" | "complete";
  readonly gen_time: string | null;
  readonly accuracy_ms: number | null;
  readonly policy: string | null;
  readonly serial: string | null;
  readonly signer_sha256: string | null;
  readonly clock_difference_ms: number | null;
  readonly height: number | null;
  /** Only where `openssl ts` cannot read it. */
  readonly form?: "cms";
}

/**
 * Keeps a token that was checked: its file first, synced and in place, then its entry; `also` runs in the transaction
 * of the entry. Keeps nothing where an entry names such a file already: another command asked meanwhile. A file of this
 * name that no entry names is removed: whoever left it, it never passed the check. Throws what the file system throws.
 */
export function keepToken(
  vault: Vault,
  source: TokenSource,
  bytes: Uint8Array,
  facts: TokenFacts,
  also: (database: Database.Database) => void,
): void {
  const endings = { granted: "tsr", pending: "ots", complete: "complete.ots" } as const;
  const name = `${checkpointName(source.checkpoint)}.${source.authority}.${endings[facts.status]}`;
  const path = `log/${name}`;
  if (isLogged(vault.database, path)) return;
  rmSync(join(vault.layout.log, name), { force: true });
  placeInLog(vault.layout, name, bytes);
  const { checkpoint, kind, authority } = source;
  const url = loggedAddress(source.url);
  const file = { path, bytes: bytes.length, sha256: sha256(bytes) };
  logEntry(vault, "token", { checkpoint, kind, authority, url, ...file, ...facts }, also);
}

/** An address as an entry may state it: a key for an authority's service is often written after a `?`. */
export function loggedAddress(url: string): string {
  const address = webUrl(url);
  if (address === null) return "";
  const { protocol, host, pathname } = address;
  return `${protocol}//${host}${pathname}`;
}

/** A logged OpenTimestamps proof that is only a promise, without a complete one beside it. */
export interface PendingProof {
  readonly checkpoint: number;
  readonly authority: string;
  readonly path: string;
}

/** In the order of the log. */
export function pendingProofs(database: Database.Database): readonly PendingProof[] {
  return database
    .prepare<[], PendingProof>(
      `SELECT checkpoint, authority, path FROM token AS promise
       WHERE status = 'pending' AND NOT EXISTS (
         SELECT 1 FROM token WHERE status = 'complete' AND checkpoint = promise.checkpoint
           AND authority = promise.authority)
       ORDER BY entry`,
    )
    .all();
}

/** The bytes of a logged proof; null if they cannot be read: an audit says so. */
export function readPendingProof({ layout }: Pick<Vault, "layout">, { path }: PendingProof): Buffer | null {
  if (!/^log\/[0-9]{6,16}\.[a-z0-9-]+\.ots$/.test(path)) return null;
  try {
    return readQuietly(join(layout.root, path));
  } catch {
    return null;
  }
}

function isLogged(database: Database.Database, path: string): boolean {
  return database.prepare<[string]>("SELECT 1 FROM token WHERE path = ?").get(path) !== undefined;
}
