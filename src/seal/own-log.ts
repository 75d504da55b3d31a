import { hex, latin1, sameBytes } from "../audit/bytes.js";
import { type Checkpoint, checkpointIn, checkpointNamespace, originOf } from "../audit/checkpoint.js";
import type { Entry } from "../audit/entry.js";
import { type KeyPeriod, keyInForce } from "../audit/key-history.js";
import { type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import type { RememberedHead } from "../core/capture/remembered-log.js";
import { type LineState, passLines } from "../vault/line-pass.js";
import { lastRow } from "../vault/log.js";
import { checkpointSizes, readCheckpoint } from "../vault/log-lookup.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { storedKeys } from "./key-store.js";
import { isStatementOfFile } from "./log-unlogged.js";
import { notAsRemembered } from "./remembering.js";
import { readMemory } from "./signer-memory.js";

/** How much of a log this machine's keys have signed, and which later entries are foreign. */
export interface OwnLog {
  /** The state that is signed and remembered; null if there is none. */
  readonly head: RememberedHead | null;
  /** The requested states, computed from the lines. */
  readonly states: ReadonlyMap<number, LineState>;
  /** Entries after the head that this machine neither wrote nor signed, ascending. */
  readonly foreign: readonly Entry[];
}

/**
 * Compares every line of the log with this machine's memory of it, and says which entries are foreign (FORMAT.md §14.1).
 * `head` is what the memory holds as signed; a newer checkpoint signed by one of this machine's keys replaces it,
 * whichever machine made it. Changes nothing in the memory. Throws `not-as-recorded` if the log does not continue from
 * the head, or if its chain is broken after it.
 */
export async function readOwnLog(
  vault: Vault,
  world: World,
  keys: readonly KeyPeriod[],
  sizes: readonly number[],
  head: RememberedHead | null,
): Promise<OwnLog> {
  const id = vault.settings.vault_id;
  const signed = newestOwn(vault, world, keys, head?.size ?? 0);
  const base = signed?.size ?? head?.size ?? 0;
  const { written } = readMemory(world.env, id);
  let others: Entry[] = [];
  const pass = passLines(
    vault.database,
    new Set([...sizes, base, ...(head === null ? [] : [head.size])]),
    base,
    (entry, hash) => {
      if (!written.wrote(entry.seq, hash)) others.push(entry);
      // The hash of this entry covers every line before it: a person looked at those lines and accepted them.
      else if (takesOthers(entry)) others = [];
    },
  );
  refuseOtherHead(head, pass.states);
  refuseOtherCheckpoint(signed, pass.states);
  const rows = lastRow(vault.database)?.seq ?? 0;
  if (pass.fault !== null || pass.entries !== rows) {
    const { seq, message } = pass.fault ?? {
      seq: pass.entries,
      message: `vault.db has ${pass.entries} lines and numbers up to ${rows}`,
    };
    throw notAsRemembered("signing the log", `the chain is broken at entry ${seq}: ${message}`);
  }
  const foreign: Entry[] = [];
  for (const entry of others) if (!(await isStatementOfFile(vault, entry))) foreign.push(entry);
  return { head: signed === null ? head : headAt(signed, pass.states, world), states: pass.states, foreign };
}

/** What to remember about a checkpoint over lines that were just read. */
export function headAt(
  { origin, size }: Pick<Checkpoint, "origin" | "size">,
  states: ReadonlyMap<number, LineState>,
  world: World,
): RememberedHead | null {
  const state = states.get(size);
  if (state === undefined) return null;
  return { origin, size, root: hex(state.root), last: state.last, at: world.now().toISOString() };
}

/** Whether this machine has this key for this vault: it made the key, or a person added it with `key rotate --key`. */
export function isStoredHere(world: World, vaultId: string, key: SshPublicKey): boolean {
  return storedKeys(world.env, vaultId).some(({ publicKey }) => sameKey(publicKey, key));
}

function takesOthers({ event, body }: Entry): boolean {
  return event === "recovery" && (body.what === "tail-accepted" || body.what === "rollback-accepted");
}

/**
 * The newest checkpoint larger than `above` that one of this machine's keys signed while in force. Keys reported lost or
 * stolen do not count: whoever has such a key may have signed it.
 */
function newestOwn(vault: Vault, world: World, keys: readonly KeyPeriod[], above: number): Checkpoint | null {
  const id = vault.settings.vault_id;
  const own = storedKeys(world.env, id).map(({ publicKey }) => publicKey);
  if (own.length === 0) return null;
  for (const size of checkpointSizes(vault.layout)
    .filter((one) => one > above)
    .reverse()) {
    const { body, signature } = readCheckpoint(vault.layout, size);
    if (body === null || signature === null) continue;
    const check = checkSignature(body, latin1(signature.bytes), checkpointNamespace);
    const inForce = keyInForce(keys, size)?.key;
    const isOwn =
      "key" in check &&
      inForce !== undefined &&
      sameKey(inForce, check.key) &&
      own.some((one) => sameKey(one, check.key)) &&
      !wasGivenUp(keys, check.key, size);
    const checkpoint = isOwn ? checkpointIn(body) : null;
    if (checkpoint?.size === size && checkpoint.origin === originOf(id)) return checkpoint;
  }
  return null;
}

function wasGivenUp(keys: readonly KeyPeriod[], key: SshPublicKey, size: number): boolean {
  return keys.some(
    (period) =>
      sameKey(period.key, key) &&
      (period.reason === "lost" || period.reason === "stolen") &&
      period.until !== null &&
      period.until.seq <= size,
  );
}

function refuseOtherHead(head: RememberedHead | null, states: ReadonlyMap<number, LineState>): void {
  const root = head && states.get(head.size)?.root;
  if (head === null || (root && hex(root) === head.root)) return;
  throw notAsRemembered(
    "signing the log",
    `its first ${head.size} entries are not the ones that this machine remembers as signed (${head.at})`,
  );
}

function refuseOtherCheckpoint(signed: Checkpoint | null, states: ReadonlyMap<number, LineState>): void {
  const root = signed && states.get(signed.size)?.root;
  if (signed === null || (root && sameBytes(root, signed.root))) return;
  throw notAsRemembered(
    "signing the log",
    `its first ${signed.size} entries are not the ones that your key signed in a checkpoint in log/`,
  );
}
