import { anchorHead } from "./anchor.js";
import type { FoundCheckpoint } from "./core/audit-checkpoints.js";
import { asciiOf, signedBytes } from "./core/audit-signed.js";
import { parseCheckpoint } from "./core/checkpoint.js";
import { HoldfastError } from "./core/error.js";
import { FormatError } from "./core/format-error.js";
import { type KeyPeriod, keyInForce } from "./core/key-history.js";
import { logLeftovers } from "./leftovers.js";
import type { World } from "./outcome.js";
import { signerFor } from "./signing-key.js";
import { pendingAnchors } from "./vault/authorities.js";
import {
  type CheckpointSigner,
  type CheckpointStep,
  checkLogFolder,
  signNewest,
  writeCheckpoint,
} from "./vault/checkpoints.js";
import { keyHistoryOf } from "./vault/key-entries.js";
import { hasUnsealed, rotationsAfter } from "./vault/log.js";
import { clearUnfinished } from "./vault/log-files.js";
import { newestCheckpoint } from "./vault/log-folder.js";
import { tokensOf } from "./vault/tokens.js";
import { closeVault, type Vault } from "./vault/vault.js";

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
 * checkpoint time-stamped by whoever has not done so (FORMAT.md §14, §15). Never throws for a missing key, an authority,
 * a full disk or a log that does not go on from its checkpoints: those are in the report. After an abort it signs and
 * asks nobody.
 */
export async function sealHead(
  vault: Vault,
  world: World,
  options: SealOptions,
  onStep: (step: CheckpointStep) => void = () => undefined,
): Promise<HeadReport> {
  const keys = keyHistoryOf(vault.database);
  const signed = await attempt(() => signHead(vault, keys, world, onStep));
  const anchored = await attempt(() => anchorNewest(vault, world, options));
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
  const signed = await signLeftover(vault, keys, world);
  const log = checkLogFolder(vault);
  const covered = log.newest?.checkpoint.size ?? 0;
  if (!hasUnsealed(vault.database, covered)) return signed;
  for (const rotation of rotationsAfter(vault.database, Math.max(covered, log.segmentEnd - 1))) {
    if (rotation < log.entries) await endorse(vault, keys, rotation, world, onStep);
  }
  const signer = await signerOf(keys, log.entries, world);
  await writeCheckpoint(vault, checkLogFolder(vault), log.entries, signer, onStep);
  return true;
}

/** A newest checkpoint that a kill left without its signature. */
async function signLeftover(vault: Vault, keys: readonly KeyPeriod[], world: World): Promise<boolean> {
  const newest = newestCheckpoint(vault.layout);
  if (newest === null || newest.signature !== null) return false;
  const { newest: checked } = checkLogFolder(vault);
  if (checked === null) return false;
  await signNewest(vault, checked.checkpoint, await signerOf(keys, newest.size, world));
  return true;
}

/**
 * The checkpoint that ends with a rotation, by the key that it ends: a kill came between the two. Where that key is not
 * at hand the rotation stays without its word, and an audit says so.
 */
async function endorse(
  vault: Vault,
  keys: readonly KeyPeriod[],
  size: number,
  world: World,
  onStep: (step: CheckpointStep) => void,
): Promise<void> {
  try {
    await writeCheckpoint(vault, checkLogFolder(vault), size, await signerOf(keys, size, world), onStep);
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
  const isOfTheMachine =
    error instanceof Error &&
    "code" in error &&
    /^(E[A-Z]+|ERR_FS_[A-Z]+|SQLITE_[A-Z_]+)$/.test(String(error.code));
  if (!isOfTheMachine) throw error;
  return new HoldfastError(
    "io",
    `writing the checkpoint: ${error.message}`,
    "make room or check the disk, then: holdfast checkpoint",
    error,
  );
}
