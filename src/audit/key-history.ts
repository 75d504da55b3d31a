import type { Json, JsonObject } from "./canonical-json.js";
import type { Entry } from "./entry.js";
import { readOrNull } from "./finding.js";
import { parsePublicKey, type SshPublicKey, sameKey } from "./ssh-key.js";

/** Why a key was replaced. */
export type RotationReason = "routine" | "lost" | "stolen";

/** One signing key of a vault and how long it was in force (FORMAT.md §13), by the log's own word. */
export interface KeyPeriod {
  readonly key: SshPublicKey;
  /** The entry that named it. */
  readonly introducedBy: number;
  /** `at` of that entry. */
  readonly from: string;
  /** The size of the first checkpoint it signs, where there is one of that size. */
  readonly firstSize: number;
  /** The `key-rotated` entry that ended it; null for the key in force. */
  readonly until: { readonly seq: number; readonly at: string } | null;
  /** Why it ended, by the entry in `until`; null if it did not, or if that entry states no known reason. */
  readonly reason: RotationReason | null;
}

/**
 * The signing keys of a log in the order in which they were in force, from its `vault-created` and `key-rotated`
 * entries; all others are skipped. A key that cannot be read is left out, but still ends the one before it.
 */
export function keyHistory(
  entries: Iterable<Pick<Entry, "seq" | "at" | "event" | "body">>,
): readonly KeyPeriod[] {
  const periods: KeyPeriod[] = [];
  let open: Omit<KeyPeriod, "until" | "reason"> | null = null;
  for (const { seq, at, event, body } of entries) {
    const names = event === "key-rotated" || (event === "vault-created" && seq === 1);
    if (!names) continue;
    if (open) periods.push({ ...open, until: { seq, at }, reason: reasonOf(body.reason) });
    const key = readKey(body.public_key);
    open = key && { key, introducedBy: seq, from: at, firstSize: seq + (isEndorsed(event, body) ? 1 : 0) };
  }
  return open ? [...periods, { ...open, until: null, reason: null }] : periods;
}

/**
 * The key that must sign a checkpoint of this size (FORMAT.md §13): the one named by the last key entry before entry
 * `size`. A first key, and one that replaces a lost or stolen key, signs from its own entry on. Null if the log names
 * none that can be read.
 */
export function keyInForce(history: readonly KeyPeriod[], size: number): KeyPeriod | null {
  const period = history.findLast(({ firstSize }) => firstSize <= size);
  return period && size <= lastSize(period) ? period : null;
}

/**
 * When the log first says that this key was stolen: the `key-rotated` entry that ended it as stolen, and its time. Null
 * if none did. The theft counts for every period in which the key was in force (FORMAT.md §13).
 */
export function theftOf(
  history: readonly KeyPeriod[],
  key: SshPublicKey,
): { readonly seq: number; readonly at: string } | null {
  const thefts = history.flatMap(({ key: own, until, reason }) =>
    reason === "stolen" && until !== null && sameKey(own, key) ? [until] : [],
  );
  return thefts.sort((a, b) => (a.at < b.at ? -1 : 1))[0] ?? null;
}

/** Matters if the key that follows cannot be read: no key is then in force. */
function lastSize({ until, reason }: KeyPeriod): number {
  if (until === null) return Number.MAX_SAFE_INTEGER;
  return reason === "lost" || reason === "stolen" ? until.seq - 1 : until.seq;
}

/**
 * Whether the key before is asked to sign this entry: a lost or stolen key is not, and a first key has none before it.
 */
function isEndorsed(event: Entry["event"], { previous, reason }: JsonObject): boolean {
  return event === "key-rotated" && previous !== null && reason !== "lost" && reason !== "stolen";
}

function readKey(line: Json | undefined): SshPublicKey | null {
  return typeof line === "string" ? readOrNull(() => parsePublicKey(line)) : null;
}

function reasonOf(value: Json | undefined): RotationReason | null {
  return value === "routine" || value === "lost" || value === "stolen" ? value : null;
}
