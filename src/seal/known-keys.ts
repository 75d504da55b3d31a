import { latin1, sameBytes } from "../audit/bytes.js";
import { checkpointIn, checkpointNamespace, originOf } from "../audit/checkpoint.js";
import type { KeyPeriod } from "../audit/key-history.js";
import { type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { passLines } from "../vault/line-pass.js";
import { readCheckpoint } from "../vault/log-lookup.js";
import type { VaultReader } from "../vault/open-database.js";
import type { World } from "../world.js";
import { storedKeys } from "./key-store.js";

/**
 * The keys that may be handed out as the vault's (FORMAT.md §13), by the entry that named each: the key of entry 1, the
 * keys that this machine has for this vault, and each key that a known key before it endorsed over the lines as they
 * stand. Anyone who can write to `vault.db` can add a `key-rotated` entry, so that entry alone is not enough.
 */
export function knownKeys(
  { layout, database }: VaultReader,
  vaultId: string,
  history: readonly KeyPeriod[],
  env: World["env"],
): ReadonlySet<number> {
  const stored = storedKeys(env, vaultId).map(({ publicKey }) => publicKey);
  const isStored = ({ key }: KeyPeriod) => stored.some((one) => sameKey(one, key));
  const unsure = history.filter((period) => period.introducedBy !== 1 && !isStored(period));
  const sizes = new Set(unsure.map(({ introducedBy }) => introducedBy));
  const states =
    sizes.size === 0 ? null : passLines(database, sizes, Number.MAX_SAFE_INTEGER, () => undefined).states;
  const isEndorsed = (by: SshPublicKey, size: number): boolean => {
    const { body, signature } = readCheckpoint(layout, size);
    const root = states?.get(size)?.root;
    if (body === null || signature === null || root === undefined) return false;
    const check = checkSignature(body, latin1(signature.bytes), checkpointNamespace);
    if (!("key" in check) || !sameKey(check.key, by)) return false;
    return isOver(body, originOf(vaultId), size, root);
  };
  const known = new Set<number>();
  for (const [at, period] of history.entries()) {
    const before = history[at - 1];
    const byBefore =
      before !== undefined && known.has(before.introducedBy) && isEndorsed(before.key, period.introducedBy);
    if (period.introducedBy === 1 || isStored(period) || byBefore) known.add(period.introducedBy);
  }
  return known;
}

/** The key history with unknown keys left out: a rotation to an unknown key does not end the time of a known one. */
export function knownHistory(
  history: readonly KeyPeriod[],
  known: ReadonlySet<number>,
): readonly KeyPeriod[] {
  return history.flatMap((period, at): readonly KeyPeriod[] => {
    if (!known.has(period.introducedBy)) return [];
    const next = history.findIndex(({ introducedBy }, later) => later > at && known.has(introducedBy));
    const { introducedBy, from } = history[next] ?? period;
    if (next === -1) return [{ ...period, until: null, reason: null }];
    return [{ ...period, until: { seq: introducedBy, at: from }, reason: history[next - 1]?.reason ?? null }];
  });
}

function isOver(body: Uint8Array, origin: string, size: number, root: Uint8Array): boolean {
  const checkpoint = checkpointIn(body);
  return checkpoint?.origin === origin && checkpoint.size === size && sameBytes(checkpoint.root, root);
}
