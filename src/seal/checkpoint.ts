import { hex, latin1, sameBytes } from "../audit/bytes.js";
import { type Checkpoint, checkpointIn, originOf, parseCheckpoint } from "../audit/checkpoint.js";
import { lineHashOfBytes } from "../audit/entry.js";
import { FormatError } from "../audit/finding.js";
import { type KeyPeriod, keyInForce } from "../audit/key-history.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import { signedBytes } from "../audit/signed-checkpoint.js";
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
import { lineBytesFrom } from "../vault/database.js";
import { pendingAnchors } from "../vault/index/authorities.js";
import { tokensOf } from "../vault/index/tokens.js";
import { vaultLayout } from "../vault/layout.js";
import { hasUnsealed, keyHistoryOf, rotationsAfter } from "../vault/log.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import { clearUnfinished } from "../vault/log-placing.js";
import { refuseMissingVault } from "../vault/reader.js";
import { inTurn, shareVault } from "../vault/turn.js";
import { closeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { acceptRollback, acceptTail } from "./accept-log.js";
import { type AnchorReport, anchorHead } from "./anchor.js";
import { refuseForeign, refuseStrangeKey } from "./foreign-entries.js";
import { storedKeys } from "./key-store.js";
import { logLeftovers } from "./log-unlogged.js";
import { openForWriting } from "./open-vault.js";
import { headAt, type OwnLog, readOwnLog } from "./own-log.js";
import { type OnOther, refuseOther } from "./remembering.js";
import { readMemory, rememberHead } from "./signer-memory.js";
import { signerFor } from "./signing-key.js";
import { finishWithdrawals } from "./withdrawals.js";

export interface SealOptions {
  /** The command's `--proxy`; if null, the proxy from the settings is used. */
  readonly proxy: string | null;
  readonly allowPrivate: boolean;
  /** Also asks authorities whose next attempt is not due yet. */
  readonly force: boolean;
  /** Also signs where nothing but time-stamps is newer than the newest checkpoint, so that new ones cover those. */
  readonly renew?: boolean;
}

/** The result of sealing the head of a log. */
export interface HeadReport {
  /** Size of the newest signed checkpoint; null if there is none. */
  readonly size: number | null;
  /** Whether this call made that checkpoint. */
  readonly created: boolean;
  /** Its root, in hex. */
  readonly root: string | null;
  /** Fingerprint of the key in force for it. */
  readonly key: string | null;
  /** Every granted and logged token over it; `gen_time` as the token states it. */
  readonly tokens: AnchorReport["tokens"];
  readonly pending: AnchorReport["pending"];
  /** Calendars whose complete OpenTimestamps proof over it is logged. */
  readonly proven: readonly string[];
  /** Why no checkpoint could be signed, or no authority asked; null if everything due was done. */
  readonly problem: string | null;
  /** The same problem with its code and hint. */
  readonly failure: HoldfastError | null;
}

/** Seconds allowed for a signature after Ctrl-C: enough for an agent, too short to wait for a person. */
const lastSignatureSeconds = 5;

/**
 * Signs the head of the log if an entry other than `token` is newer than the newest checkpoint, or any with `renew`, and asks for the missing
 * time-stamps over the newest checkpoint (FORMAT.md §14, §15). Signs only a log that continues from what this machine
 * remembers as signed, and no foreign entry (§14.1). A missing key, a failing authority, a full disk, a log that does not
 * continue from its checkpoints and foreign entries are reported, not thrown. Removes what signed withdrawals left here. After an abort it still signs, but asks no
 * authority; neither does it for a log that is not as recorded.
 */
export async function sealHead(
  vault: Vault,
  world: World,
  options: SealOptions,
  onStep: (step: CheckpointStep) => void = () => undefined,
): Promise<HeadReport> {
  const renew = options.renew === true;
  const signed = await attempt(() =>
    inTurn(vault, () => signHead(vault, keyHistoryOf(vault.database), world, { renew, onStep })),
  );
  const keys = keyHistoryOf(vault.database);
  const removed = await attempt(() =>
    inTurn(vault, async () => "answer" in signed && finishWithdrawals(vault, keys, world)),
  );
  const refused = "failure" in signed && signed.failure.code === "not-as-recorded";
  const anchored = await attempt(async () => (refused ? null : anchorNewest(vault, world, options)));
  const failures = [signed, removed, anchored].flatMap((tried) =>
    "failure" in tried ? [tried.failure] : [],
  );
  return headReport(vault, keys, {
    created: "answer" in signed && signed.answer,
    anchors: "answer" in anchored ? anchored.answer : null,
    failure: failures[0] ?? null,
  });
}

/** The counterpart of `openForWriting`: seals what was written and closes the vault, even if sealing fails. */
export async function closeAfterWriting(
  vault: Vault,
  world: World,
  options: SealOptions,
): Promise<HeadReport> {
  try {
    // Nobody needs to wait for an authority's answer.
    shareVault(vault, "checkpoint", world);
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
  { renew, onStep }: { readonly renew: boolean; readonly onStep: (step: CheckpointStep) => void },
): Promise<boolean> {
  clearUnfinished(vault.layout);
  await logLeftovers(vault);
  const log = checkLogFolder(vault);
  const covered = log.newest?.checkpoint.size ?? 0;
  const leftover = log.newest !== null && log.newest.found.signature === null;
  const isDue = hasUnsealed(vault.database, covered) || (renew && log.entries > covered);
  const id = vault.settings.vault_id;
  const { head, written } = readMemory(world.env, id);
  // A checkpoint that this machine does not remember proves nothing yet: anyone who can write to the vault can add one.
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

/** Token entries make no checkpoint due, but even these could be foreign. */
function hasOnlyOwnBehind({ database }: Vault, size: number, written: WrittenEntries): boolean {
  let seq = size;
  for (const line of lineBytesFrom(database, size + 1)) {
    seq += 1;
    if (!written.wrote(seq, lineHashOfBytes(line))) return false;
  }
  return true;
}

/**
 * If somebody else added the newest checkpoint, no signature of this machine would ever cover its own entries below it.
 */
function refuseStrangeCheckpoint(head: RememberedHead, covered: number): void {
  if (covered <= head.size) return;
  throw new HoldfastError(
    "not-as-recorded",
    `signing the log: the newest checkpoint in log/ covers ${covered} entries, and none of your keys signed it`,
    "nothing was signed; run 'holdfast verify' to see who signed it, and move it out of log/ if it is not yours",
  );
}

/** A log about to be signed, whose lines have been checked against this machine's memory. */
interface Signing {
  readonly vault: Vault;
  readonly keys: readonly KeyPeriod[];
  readonly world: World;
  readonly own: OwnLog;
  readonly onStep: (step: CheckpointStep) => void;
}

/** Writes and signs one checkpoint over the first `size` lines, with the root computed from them. */
async function signAt({ vault, world, own, onStep }: Signing, size: number, signer: CheckpointSigner) {
  const root = own.states.get(size)?.root;
  if (root === undefined) throw new Error(`no root was computed over ${size} entries`);
  const remember = () => rememberAt(vault, world, own, size);
  await writeCheckpoint(vault, checkLogFolder(vault), { size, root }, signer, remember, onStep);
}

function rememberAt({ settings }: Vault, world: World, { states }: OwnLog, size: number): void {
  const head = headAt({ origin: originOf(settings.vault_id), size }, states, world);
  if (head !== null) rememberHead(world.env, settings.vault_id, head);
}

/** Signs the newest checkpoint if a kill left it unsigned. One below the remembered head is not this machine's file. */
async function signLeftover({ vault, keys, world, own }: Signing, { newest }: CheckedLog): Promise<boolean> {
  if (newest === null || newest.checkpoint.size < (own.head?.size ?? 0)) return false;
  const { checkpoint } = newest;
  const signer = await signerOf(keys, checkpoint.size, world);
  const root = own.states.get(checkpoint.size)?.root;
  if (root === undefined || !sameBytes(root, checkpoint.root)) return false;
  await signNewest(vault, checkpoint, signer, () => rememberAt(vault, world, own, checkpoint.size));
  return true;
}

/**
 * After a kill between rotation and checkpoint, signs the checkpoint that ends with the rotation, with the old key. If
 * that key is unavailable, the rotation stays without its endorsement and an audit says so.
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
      "signing the log: the log names no signing key",
      "create its first key: holdfast key rotate",
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
  if (!isSigned) return { size: null, root: null, key: null, tokens: [], proven: [], ...common };
  const logged = tokensOf(vault.database, newest.size);
  const received = anchors?.tokens ?? [];
  const granted = logged.flatMap(({ authority, gen_time }) =>
    gen_time === null ? [] : [received.find((one) => one.authority === authority) ?? { authority, gen_time }],
  );
  const proven = logged.filter(({ status }) => status === "complete").map(({ authority }) => authority);
  return {
    size: newest.size,
    root: statedRoot(newest),
    key: keyInForce(keys, newest.size)?.key.fingerprint ?? null,
    tokens: granted,
    proven,
    ...common,
  };
}

/** The root that the file states, in hex; null if the file is not a checkpoint, which an audit reports. */
function statedRoot({ body }: FoundCheckpoint): string | null {
  const stated = checkpointIn(body);
  return stated && hex(stated.root);
}

/** Runs one part and returns a foreseen failure instead of throwing it, so that the next part still runs. */
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
  // Whoever can write to vault.db controls what SQLite reads here; a damaged file is not a full disk.
  if (/^SQLITE_(ERROR|CORRUPT|NOTADB)/.test(code)) {
    return new HoldfastError(
      "not-as-recorded",
      `signing the log: vault.db cannot be read: ${error.message} (database-damaged)`,
      "nothing was signed; run 'holdfast verify', and compare this vault with a copy of it",
      error,
    );
  }
  return new HoldfastError(
    "io",
    `writing a checkpoint: ${error.message}`,
    "free some space or check the disk, then run: holdfast checkpoint",
    error,
  );
}

/** What a person has looked at and accepts: foreign entries at the end, or a log that differs from the remembered one. */
export type Acceptance = "tail" | "rollback";

/**
 * Seals the head of an existing vault's log, first accepting what `accept` names. Throws `no-vault`, `vault-busy`,
 * `not-as-recorded`, and whatever `acceptTail` or `acceptRollback` throws; the report holds what `sealHead` finds.
 */
export async function checkpointNow(
  root: string,
  options: SealOptions,
  world: World,
  accept: Acceptance | null = null,
): Promise<HeadReport> {
  refuseMissingVault(root);
  let difference: HoldfastError | null = null;
  const onOther: OnOther = accept === "rollback" ? (found) => (difference ??= found) : refuseOther;
  const vault = await openForWriting(root, world, { onOther });
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
 * The text of the newest signed checkpoint, and its signature. Only reads it; `verify` checks it. Throws `no-vault`, `not-found` if there
 * is none, and `not-as-recorded` if the file is not a checkpoint.
 */
export function newestSigned(vault: string): {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  /** Armoured, as it is in `log/`. */
  readonly signature: string;
} {
  refuseMissingVault(vault);
  const newest = newestCheckpoint(vaultLayout(vault));
  if (newest === null || newest.body === null || newest.signature === null) {
    throw new HoldfastError(
      "not-found",
      "this vault has no signed checkpoint yet",
      "make one: holdfast checkpoint",
    );
  }
  const text = latin1(newest.body);
  try {
    return { checkpoint: parseCheckpoint(text), text, signature: latin1(newest.signature.bytes) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = `reading ${newest.path}: ${error.message}`;
    throw new HoldfastError("not-as-recorded", message, "run 'holdfast verify' to see what is wrong", error);
  }
}
