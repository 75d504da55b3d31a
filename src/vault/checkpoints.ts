import { createHash } from "node:crypto";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { sameBytes } from "../audit/bytes.js";
import {
  type Checkpoint,
  checkpointName,
  checkpointNamespace,
  encodeCheckpoint,
  originOf,
  parseCheckpoint,
} from "../audit/checkpoint.js";
import { FormatError } from "../audit/finding.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import { rootOfPeaks } from "../audit/merkle.js";
import { type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { HoldfastError } from "../core/words/error.js";
import { digestFileQuickly } from "./digest-file.js";
import { peaksOf } from "./index/merkle-nodes.js";
import { lastRow, textOfLine } from "./log.js";
import { listSegments, newestCheckpoint } from "./log-lookup.js";
import { placeInLog } from "./log-placing.js";
import { refuseOlderLog } from "./older-log.js";
import type { Vault } from "./vault.js";

/** The signer of a checkpoint: the key, and the armoured SSHSIG that it makes over the bytes. */
export interface CheckpointSigner {
  readonly key: SshPublicKey;
  sign(message: Uint8Array, namespace: string): Promise<string>;
}

/** Where a kill may strike: after the signature was made, after it was remembered, after each file is in place. */
export type CheckpointStep = "signed" | "remembered" | "segment" | "checkpoint" | "signature";

/** The head of a log that was compared with its newest checkpoint. The next checkpoint grows from it. */
export interface CheckedLog {
  /** Null if there is no checkpoint yet. */
  readonly newest: { readonly found: FoundCheckpoint; readonly checkpoint: Checkpoint } | null;
  /** Number of entries. */
  readonly entries: number;
  /** The last line in a segment, or 0. */
  readonly segmentEnd: number;
}

type VaultPart = Pick<Vault, "layout" | "database" | "settings">;

/**
 * Compares the log with its newest checkpoint and the segments after it, so that no other history is ever signed beside
 * one that was. Throws `not-as-recorded` if the log in `vault.db` does not continue from there: restored from an older
 * copy, cut, or rewritten.
 */
export function checkLogFolder(vault: VaultPart): CheckedLog {
  const { layout, database } = vault;
  refuseOlderLog(layout, database);
  const found = newestCheckpoint(layout);
  const checkpoint = found && readNewest(vault, found);
  const size = checkpoint?.size ?? 0;
  const entries = lastRow(database)?.seq ?? 0;
  const segments = listSegments(layout);
  const segmentEnd = Math.max(0, ...segments.map(({ last }) => last));
  if (checkpoint && !sameBytes(rootOfPeaks(peaksOf(database, size)), checkpoint.root)) {
    throw otherHistory(
      `the root in log/${checkpointName(size)}.checkpoint is not that of the first ${size} entries`,
    );
  }
  for (const { path, first, last } of segments.filter((segment) => segment.last > size)) {
    if (digestFileQuickly(join(layout.root, path)).sha256 !== digestOfLines(database, first, last)) {
      throw otherHistory(`${path} does not hold entries ${first} to ${last}`);
    }
  }
  return { newest: found && checkpoint && { found, checkpoint }, entries, segmentEnd };
}

/**
 * Writes the checkpoint over the first `size` entries with its segment and signature, in the order of FORMAT.md §14:
 * signed and checked before anything is written, and remembered before the signature is let out. `log` is what
 * `checkLogFolder` found, `state` that of the lines themselves, `size` is above the newest checkpoint and at least the
 * segments' end. Throws what `signer` and `remember` throw, `not-as-recorded`, or a system error.
 */
export async function writeCheckpoint(
  vault: VaultPart,
  log: CheckedLog,
  { size, root }: Pick<Checkpoint, "size" | "root">,
  signer: CheckpointSigner,
  remember: () => void,
  onStep: (step: CheckpointStep) => void = () => undefined,
): Promise<Checkpoint> {
  const { layout, database, settings } = vault;
  refuseOtherTree(database, { size, root });
  const checkpoint = { origin: originOf(settings.vault_id), size, root };
  const body = encodeCheckpoint(checkpoint);
  const signature = await signChecked(body, signer);
  onStep("signed");
  remember();
  onStep("remembered");
  for (const [first, last] of missingSegments(log, size)) {
    placeInLog(
      layout,
      `${checkpointName(first)}-${checkpointName(last)}.jsonl`,
      textOf(database, first, last),
    );
    onStep("segment");
  }
  placeInLog(layout, `${checkpointName(size)}.checkpoint`, body);
  onStep("checkpoint");
  placeInLog(layout, `${checkpointName(size)}.checkpoint.sig`, signature);
  onStep("signature");
  return checkpoint;
}

/** Signs the newest checkpoint, which a kill left without its signature. */
export async function signNewest(
  { layout }: VaultPart,
  checkpoint: Checkpoint,
  signer: CheckpointSigner,
  remember: () => void,
): Promise<void> {
  const signature = await signChecked(encodeCheckpoint(checkpoint), signer);
  remember();
  placeInLog(layout, `${checkpointName(checkpoint.size)}.checkpoint.sig`, signature);
}

async function signChecked(body: string, { key, sign }: CheckpointSigner): Promise<string> {
  const bytes = Buffer.from(body);
  const armored = await sign(bytes, checkpointNamespace);
  const check = checkSignature(bytes, armored, checkpointNamespace);
  if ("key" in check && sameKey(check.key, key)) return armored;
  throw new HoldfastError(
    "key-locked",
    `signing a checkpoint: the signer's answer is not a signature by ${key.fingerprint}`,
    "run 'holdfast checkpoint' again",
  );
}

function readNewest({ settings }: VaultPart, { body, size }: FoundCheckpoint): Checkpoint {
  const name = `log/${checkpointName(size)}.checkpoint`;
  try {
    const checkpoint = parseCheckpoint(Buffer.from(body ?? []).toString("latin1"));
    if (checkpoint.size === size && checkpoint.origin === originOf(settings.vault_id)) return checkpoint;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  throw otherHistory(`${name} is not this vault's checkpoint over ${size} entries`);
}

/**
 * Segments end where checkpoints do: one up to a checkpoint that lacks it, and one for all lines that no segment holds.
 */
function missingSegments(
  { newest, segmentEnd }: CheckedLog,
  size: number,
): readonly (readonly [number, number])[] {
  const covered = newest?.checkpoint.size ?? 0;
  const ends = [covered, size].filter((end) => end > segmentEnd);
  return ends.map((end, at) => [(ends[at - 1] ?? segmentEnd) + 1, end]);
}

/** Proofs are made from the stored tree; one that does not lead to the signed root would prove nothing. */
function refuseOtherTree(
  database: Database.Database,
  { size, root }: Pick<Checkpoint, "size" | "root">,
): void {
  if (sameBytes(root, rootOfPeaks(peaksOf(database, size)))) return;
  throw otherHistory("the tree stored in vault.db does not match its lines");
}

function digestOfLines(database: Database.Database, first: number, last: number): string {
  const digest = createHash("sha256");
  for (const part of textOf(database, first, last)) digest.update(part);
  return digest.digest("hex");
}

/** Lines written to the disk in one piece. */
const linesAtOnce = 256;

function* textOf(database: Database.Database, first: number, last: number): Iterable<string> {
  let batch: string[] = [];
  for (const line of lines(database, first, last)) {
    batch.push(`${line}\n`);
    if (batch.length < linesAtOnce) continue;
    yield batch.join("");
    batch = [];
  }
  if (batch.length > 0) yield batch.join("");
}

function* lines(database: Database.Database, first: number, last: number): Iterable<string> {
  const query = "SELECT CAST(line AS BLOB) FROM entry WHERE seq BETWEEN ? AND ? ORDER BY seq";
  const rows = database.prepare<[number, number], Buffer>(query).pluck();
  for (const line of rows.iterate(first, last)) yield textOfLine(line);
}

function otherHistory(what: string): HoldfastError {
  return new HoldfastError(
    "not-as-recorded",
    `signing the log: ${what}`,
    "nothing was signed; run 'holdfast verify', and compare with a copy of this vault",
  );
}
