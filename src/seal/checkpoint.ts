import { type Checkpoint, originOf, parseCheckpoint } from "../audit/checkpoint.js";
import { lineHashOfBytes } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { type KeyPeriod, keyInForce } from "../audit/key-history.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import { asciiOf, signedBytes } from "../audit/signed-checkpoint.js";
import type { RememberedHead, WrittenEntries } from "../core/capture/remembered-log.js";
import { HoldfastError } from "../core/words/error.js";
import {
  type CheckedLog,
  type CheckpointSigner,
  type CheckpointStep,
  checkLogFolder,
  signNewest,
  writeCheckpoint,
} from "../vault/checkpoints.js";
import { pendingAnchors } from "../vault/index/authorities.js";
import { tokensOf } from "../vault/index/tokens.js";
import { vaultLayout } from "../vault/layout.js";
import { hasUnsealed, keyHistoryOf, lineBytesFrom, rotationsAfter } from "../vault/log.js";
import { clearUnfinished, newestCheckpoint } from "../vault/log-folder.js";
import { refuseMissingVault } from "../vault/reader.js";
import { closeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { acceptRollback, acceptTail } from "./accept-log.js";
import { anchorHead } from "./anchor.js";
import { refuseForeign, refuseStrangeKey } from "./foreign-entries.js";
import { storedKeys } from "./key-store.js";
import { logLeftovers } from "./log-unlogged.js";
import { openForWriting } from "./open-vault.js";
import { headAt, type OwnLog, readOwnLog } from "./own-log.js";
import { type OnOther, refuseOther } from "./remembering.js";
import { readMemory, rememberHead } from "./signer-memory.js";
import { signerFor } from "./signing-key.js";

export interface SealOptions {
  /** `--proxy` of the command; null where it has none, then that of the settings counts. */
  readonly proxy: string | null;
  readonly allowPrivate: boolean;
  /** Asks authorities whose next try is not due yet. */
  readonly force: boolean;
}

/** What came of sealing the head of a log. */
export interface HeadReport {
  /** Size of the newest signed checkpoint; null where there is none. */
  readonly size: number | null;
  /** Whether that one was made just now. */
  readonly created: boolean;
  /** Its root, hex. */
  readonly root: string | null;
  /** Fingerprint of the key in force for it. */
  readonly key: string | null;
  /** Every granted token over it that is logged; `gen_time` as the token states it. */
  readonly tokens: readonly { readonly authority: string; readonly gen_time: string }[];
  readonly pending: readonly {
    readonly authority: string;
    readonly reason: string;
    readonly next_at: string | null;
  }[];
  /** Why no checkpoint could be signed, or nobody asked; null when all that was due was done. */
  readonly problem: string | null;
  /** The same with its code and hint. */
  readonly failure: HoldfastError | null;
}

/** Seconds for a signature after somebody pressed Ctrl-C: enough for an agent, too little for a person. */
const lastSignatureSeconds = 5;

/**
 * Signs the head of the log where an entry other than `token` is newer than the newest checkpoint, and has the newest
 * checkpoint time-stamped by whoever has not done so (FORMAT.md §14, §15). Signs nothing that does not go on from what this
 * machine remembers to be signed, and no entry that is not its own (§14.1). Never throws for a missing key, an authority,
 * a full disk, a log that does not go on from its checkpoints or entries of others: those are in the report. After an
 * abort it signs and asks nobody; of a log that is not as recorded nobody is asked either.
 */
export async function sealHead(
  vault: Vault,
  world: World,
  options: SealOptions,
  onStep: (step: CheckpointStep) => void = () => undefined,
): Promise<HeadReport> {
  const keys = keyHistoryOf(vault.database);
  const signed = await attempt(() => signHead(vault, keys, world, onStep));
  const refused = "failure" in signed && signed.failure.code === "not-as-recorded";
  const anchored = await attempt(async () => (refused ? null : anchorNewest(vault, world, options)));
  const failures = [signed, anchored].flatMap((tried) => ("failure" in tried ? [tried.failure] : []));
  return headReport(vault, keys, {
    created: "answer" in signed && signed.answer,
    anchors: "answer" in anchored ? anchored.answer : null,
    failure: failures[0] ?? null,
  });
}

/** The counterpart of `openForWriting`: seals what was written and closes the vault, whatever came before. */
export async function closeAfterWriting(
  vault: Vault,
  world: World,
  options: SealOptions,
): Promise<HeadReport> {
  try {
    return await sealHead(vault, world, options);
  } finally {
    closeVault(vault);
  }
}

/** Writes every checkpoint that is due; returns whether one was written or signed. */
async function signHead(
  vault: Vault,
  keys: readonly KeyPeriod[],
  world: World,
  onStep: (step: CheckpointStep) => void,
): Promise<boolean> {
  clearUnfinished(vault.layout);
  await logLeftovers(vault);
  const log = checkLogFolder(vault);
  const covered = log.newest?.checkpoint.size ?? 0;
  const leftover = log.newest !== null && log.newest.found.signature === null;
  const isDue = hasUnsealed(vault.database, covered);
  const id = vault.settings.vault_id;
  const { head, written } = readMemory(world.env, id);
  // A checkpoint that this machine does not remember says nothing yet: anybody can put one there.
  const isKnown =
    head === null
      ? storedKeys(world.env, id).length === 0
      : covered <= head.size && hasOnlyOwnBehind(vault, head.size, written);
  if (!leftover && !isDue && isKnown) return false;
  const after = Math.max(covered, log.segmentEnd - 1);
  const rotations = rotationsAfter(vault.database, after).filter((size) => size < log.entries);
  const own = await readOwnLog(vault, world, keys, [covered, ...rotations, log.entries], head);
  if (own.head !== null && own.head !== head) rememberHead(world.env, id, own.head);
  if (!leftover && !isDue) {
    if (own.head !== null) {
      refuseForeign(own.foreign);
      refuseStrangeCheckpoint(own.head, covered);
    }
    return false;
  }
  const signing: Signing = { vault, keys, world, own, onStep };
  const signer = await signerOf(keys, isDue ? log.entries : covered, world);
  refuseForeign(own.foreign);
  const signed = leftover && (await signLeftover(signing, log));
  if (!isDue) return signed;
  for (const rotation of rotations) await endorse(signing, rotation);
  await signAt(signing, log.entries, signer);
  return true;
}

/** Tokens make no checkpoint due, and could be anybody's all the same. */
function hasOnlyOwnBehind({ database }: Vault, size: number, written: WrittenEntries): boolean {
  let seq = size;
  for (const line of lineBytesFrom(database, size + 1)) {
    seq += 1;
    if (!written.wrote(seq, lineHashOfBytes(line))) return false;
  }
  return true;
}

/** Own entries under a newest checkpoint that somebody else put there would never come under a signature of ours. */
function refuseStrangeCheckpoint(head: RememberedHead, covered: number): void {
  if (covered <= head.size) return;
  throw new HoldfastError(
    "not-as-recorded",
    `signing the log: the newest checkpoint in log/ is over ${covered} entries, and no key of yours signed it`,
    "nothing was signed; run 'holdfast verify' to see whose it is, and move it away from log/ if it is none of yours",
  );
}

/** A log whose lines are this machine's own, about to be signed. */
interface Signing {
  readonly vault: Vault;
  readonly keys: readonly KeyPeriod[];
  readonly world: World;
  readonly own: OwnLog;
  readonly onStep: (step: CheckpointStep) => void;
}

/** One checkpoint over the first `size` lines, by the root that was worked out from them. */
async function signAt({ vault, world, own, onStep }: Signing, size: number, signer: CheckpointSigner) {
  const root = own.states.get(size)?.root;
  if (root === undefined) throw new Error(`no root was worked out over ${size} entries`);
  const remember = () => rememberAt(vault, world, own, size);
  await writeCheckpoint(vault, checkLogFolder(vault), { size, root }, signer, remember, onStep);
}

function rememberAt({ settings }: Vault, world: World, { states }: OwnLog, size: number): void {
  const head = headAt({ origin: originOf(settings.vault_id), size }, states, world);
  if (head !== null) rememberHead(world.env, settings.vault_id, head);
}

/** A newest checkpoint that a kill left without its signature. One below what is remembered is somebody else's file. */
async function signLeftover({ vault, keys, world, own }: Signing, { newest }: CheckedLog): Promise<boolean> {
  if (newest === null || newest.checkpoint.size < (own.head?.size ?? 0)) return false;
  const { checkpoint } = newest;
  const signer = await signerOf(keys, checkpoint.size, world);
  if (own.states.get(checkpoint.size)?.root.equals(checkpoint.root) !== true) return false;
  await signNewest(vault, checkpoint, signer, () => rememberAt(vault, world, own, checkpoint.size));
  return true;
}

/**
 * The checkpoint that ends with a rotation, by the key that it ends: a kill came between the two. Where that key is not
 * at hand the rotation stays without its word, and an audit says so.
 */
async function endorse(signing: Signing, size: number): Promise<void> {
  const { vault, keys, world } = signing;
  refuseStrangeKey(vault, world, size, keys.find(({ introducedBy }) => introducedBy === size)?.key ?? null);
  try {
    await signAt(signing, size, await signerOf(keys, size, world));
  } catch (error) {
    const notAtHand =
      error instanceof HoldfastError && (error.code === "key-missing" || error.code === "key-locked");
    if (!notAtHand) throw error;
  }
}

async function signerOf(keys: readonly KeyPeriod[], size: number, world: World): Promise<CheckpointSigner> {
  const period = keyInForce(keys, size);
  if (period === null) {
    throw new HoldfastError(
      "key-missing",
      "signing the log: it names no signing key",
      "give this vault its first one: holdfast key rotate",
    );
  }
  const signal = world.signal.aborted ? AbortSignal.timeout(lastSignatureSeconds * 1000) : world.signal;
  return signerFor(period.key.line, { ...world, signal });
}

async function anchorNewest(vault: Vault, world: World, options: SealOptions) {
  const newest = newestCheckpoint(vault.layout);
  const signed = newest && signedBytes(newest);
  if (newest === null || signed === null || world.signal.aborted) return null;
  return anchorHead(vault, world, { size: newest.size, signed }, options);
}

function headReport(
  vault: Vault,
  keys: readonly KeyPeriod[],
  made: {
    readonly created: boolean;
    readonly anchors: Awaited<ReturnType<typeof anchorHead>> | null;
    readonly failure: HoldfastError | null;
  },
): HeadReport {
  const { created, anchors, failure } = made;
  const newest = newestCheckpoint(vault.layout);
  const isSigned = newest !== null && newest.signature !== null;
  const pending =
    anchors?.pending ??
    (newest === null ? [] : pendingAnchors(vault.database, vault.settings.settings, newest.size));
  const common = { created, pending, problem: failure?.message ?? null, failure };
  if (!isSigned) return { size: null, root: null, key: null, tokens: [], ...common };
  const granted = tokensOf(vault.database, newest.size).flatMap(({ authority, gen_time }) =>
    gen_time === null ? [] : [{ authority, gen_time }],
  );
  return {
    size: newest.size,
    root: statedRoot(newest),
    key: keyInForce(keys, newest.size)?.key.fingerprint ?? null,
    tokens: granted,
    ...common,
  };
}

/** The root as the file states it, hex: null where it is no checkpoint, which an audit says. */
function statedRoot({ body }: FoundCheckpoint): string | null {
  try {
    return parseCheckpoint(asciiOf(body ?? new Uint8Array())).root.toString("hex");
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Runs one part; a foreseen failure of it is an answer too, and the next part still runs. */
async function attempt<Answer>(
  part: () => Promise<Answer>,
): Promise<{ readonly answer: Answer } | { readonly failure: HoldfastError }> {
  try {
    return { answer: await part() };
  } catch (error) {
    return { failure: foreseen(error) };
  }
}

function foreseen(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!(error instanceof Error) || !/^(E[A-Z]+|ERR_FS_[A-Z]+|SQLITE_[A-Z_]+)$/.test(code)) throw error;
  // What SQLite cannot read, or make sense of, is no want of room: whoever can write to vault.db chose it.
  if (/^SQLITE_(ERROR|CORRUPT|NOTADB)/.test(code)) {
    return new HoldfastError(
      "not-as-recorded",
      `signing the log: vault.db cannot be read: ${error.message} (database-damaged)`,
      "nothing was signed; run 'holdfast verify', and compare with a copy of this vault",
      error,
    );
  }
  return new HoldfastError(
    "io",
    `writing the checkpoint: ${error.message}`,
    "make room or check the disk, then: holdfast checkpoint",
    error,
  );
}

/** What a person looked at and takes: entries of others at the end, or a log that is not the one that is remembered. */
export type Acceptance = "tail" | "rollback";

/**
 * Seals the head of the log of an existing vault, after what `accept` says was taken. Throws `no-vault`, `vault-busy`,
 * `not-as-recorded`, and what `acceptTail` or `acceptRollback` throws; what `sealHead` finds is in the report.
 */
export async function checkpointNow(
  root: string,
  options: SealOptions,
  world: World,
  accept: Acceptance | null = null,
): Promise<HeadReport> {
  refuseMissingVault(root);
  let difference: HoldfastError | null = null;
  const onOther: OnOther = accept === "rollback" ? (found) => (difference = found) : refuseOther;
  const vault = await openForWriting(root, world, () => undefined, undefined, onOther);
  try {
    if (accept === "tail") await acceptTail(vault, world);
    if (accept === "rollback") await acceptRollback(vault, world, difference);
  } catch (error) {
    closeVault(vault);
    throw error;
  }
  return closeAfterWriting(vault, world, options);
}

/**
 * The text of the newest signed checkpoint. Reads only, and judges nothing: `verify` does. Throws `no-vault`,
 * `not-found` where there is none, `not-as-recorded` for something that is no checkpoint.
 */
export function newestSigned(vault: string): { readonly checkpoint: Checkpoint; readonly text: string } {
  refuseMissingVault(vault);
  const newest = newestCheckpoint(vaultLayout(vault));
  if (newest === null || newest.body === null || newest.signature === null) {
    throw new HoldfastError(
      "not-found",
      "there is no signed checkpoint in this vault yet",
      "make one: holdfast checkpoint",
    );
  }
  const text = Buffer.from(newest.body).toString("latin1");
  try {
    return { checkpoint: parseCheckpoint(text), text };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = `reading ${newest.path}: ${error.message}`;
    throw new HoldfastError("not-as-recorded", message, "run 'holdfast verify' to see what is wrong", error);
  }
}
