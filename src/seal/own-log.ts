import { type Checkpoint, checkpointNamespace, originOf, parseCheckpoint } from "../audit/checkpoint.js";
import type { Entry } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { type KeyPeriod, keyInForce } from "../audit/key-history.js";
import { asciiOf } from "../audit/signed-checkpoint.js";
import type { SshPublicKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import type { RememberedHead } from "../core/capture/remembered-log.js";
import { type LineState, passLines } from "../vault/line-pass.js";
import { lastRow } from "../vault/log.js";
import { checkpointSizes, readCheckpoint } from "../vault/log-folder.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { storedKeys } from "./key-store.js";
import { isStatementOfFile } from "./log-unlogged.js";
import { notAsRemembered } from "./remembering.js";
import { readMemory } from "./signer-memory.js";

/** A log of which every line up to `size` was signed by a key of this machine, and what came behind it. */
export interface OwnLog {
  /** What is signed and remembered; null where nothing is. */
  readonly head: RememberedHead | null;
  /** The states that were asked for, worked out from the lines. */
  readonly states: ReadonlyMap<number, LineState>;
  /** Entries behind the head that this machine did not write and no key of it signed, ascending. */
  readonly foreign: readonly Entry[];
}

/**
 * Holds every line of the log against what this machine remembers of it, and says which entries are not its own
 * (FORMAT.md §14.1). `head` is what is remembered to be signed; a newer checkpoint that a key of this machine signed takes
 * its place, whichever machine made it. Remembers nothing. Throws `not-as-recorded` for a log that does not go on from
 * there, or whose chain is broken behind it.
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
      // The hash of an entry of ours covers every line before it: a person looked at them and took them.
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

/** The memory of a checkpoint over lines that were just gone over. */
export function headAt(
  { origin, size }: Pick<Checkpoint, "origin" | "size">,
  states: ReadonlyMap<number, LineState>,
  world: World,
): RememberedHead | null {
  const state = states.get(size);
  if (state === undefined) return null;
  return { origin, size, root: state.root.toString("hex"), last: state.last, at: world.now().toISOString() };
}

/** Whether this machine has the key for this vault: it made it, or a person gave it with `key rotate --key`. */
export function isStoredHere(world: World, vaultId: string, key: SshPublicKey): boolean {
  return storedKeys(world.env, vaultId).some(({ publicKey }) => publicKey.blob.equals(key.blob));
}

function takesOthers({ event, body }: Entry): boolean {
  return event === "recovery" && (body.what === "tail-accepted" || body.what === "rollback-accepted");
}

/**
 * The newest checkpoint above `above` that a key of this machine signed while it was in force. A key that was lost or
 * stolen by then is not among them: whoever has it may have signed that.
 */
function newestOwn(vault: Vault, world: World, keys: readonly KeyPeriod[], above: number): Checkpoint | null {
  const id = vault.settings.vault_id;
  const own = storedKeys(world.env, id).map(({ publicKey }) => publicKey.blob);
  if (own.length === 0) return null;
  for (const size of checkpointSizes(vault.layout)
    .filter((one) => one > above)
    .reverse()) {
    const { body, signature } = readCheckpoint(vault.layout, size);
    if (body === null || signature === null) continue;
    const check = checkSignature(body, asciiOf(signature.bytes), checkpointNamespace);
    const inForce = keyInForce(keys, size)?.key.blob;
    const isOwn =
      "key" in check &&
      inForce?.equals(check.key.blob) === true &&
      own.some((blob) => blob.equals(check.key.blob)) &&
      !wasGivenUp(keys, check.key, size);
    const checkpoint = isOwn ? parsed(body) : null;
    if (checkpoint?.size === size && checkpoint.origin === originOf(id)) return checkpoint;
  }
  return null;
}

function wasGivenUp(keys: readonly KeyPeriod[], key: SshPublicKey, size: number): boolean {
  return keys.some(
    (period) =>
      period.key.blob.equals(key.blob) &&
      (period.reason === "lost" || period.reason === "stolen") &&
      period.until !== null &&
      period.until.seq <= size,
  );
}

function parsed(body: Uint8Array): Checkpoint | null {
  try {
    return parseCheckpoint(asciiOf(body));
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function refuseOtherHead(head: RememberedHead | null, states: ReadonlyMap<number, LineState>): void {
  if (head === null || states.get(head.size)?.root.toString("hex") === head.root) return;
  throw notAsRemembered(
    "signing the log",
    `its first ${head.size} entries are not those that this machine remembers to be signed (${head.at})`,
  );
}

function refuseOtherCheckpoint(signed: Checkpoint | null, states: ReadonlyMap<number, LineState>): void {
  if (signed === null || states.get(signed.size)?.root.equals(signed.root) === true) return;
  throw notAsRemembered(
    "signing the log",
    `its first ${signed.size} entries are not those over which a key of yours signed a checkpoint in log/`,
  );
}
