import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { originOf } from "../audit/checkpoint.js";
import type { KeyPeriod, RotationReason } from "../audit/key-history.js";
import { type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { encodeAllowedSigners } from "../core/package/key-lines.js";
import { HoldfastError } from "../core/words/error.js";
import { syncFolder } from "../vault/disk-niceties.js";
import { writeNewFile } from "../vault/durable.js";
import { keyHistoryOf, loggedVaultId, logTimesOf } from "../vault/log.js";
import type { VaultReader } from "../vault/open-database.js";
import { readVault, refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { type HeadReport, type SealOptions, sealHead } from "./checkpoint.js";
import { findKey, refuseFileInside } from "./key-store.js";
import { knownHistory, knownKeys } from "./known-keys.js";
import { type KeyChoice, nextKey } from "./make-key.js";
import { openForWriting } from "./open-vault.js";
import { keyKind, signerFor } from "./signing-key.js";

/** How this machine holds a key. It signs by itself with `file`, needs help with the next three, and cannot with `no`. */
export type KeyHeld = "file" | "locked-file" | "device" | "agent" | "no";

/** A signing key and its time in force. Schema `cli-output.schema.json#/$defs/keyPeriod`. */
export interface KeyFacts {
  readonly fingerprint: string;
  readonly public_key: string;
  /** The entry that named it, and that entry's time. */
  readonly entry: number;
  readonly from: string;
  /** The entry that ended it, with time and reason; null for the key in force. */
  readonly ended_by: number | null;
  readonly until: string | null;
  readonly reason: RotationReason | null;
  /** False if this machine does not have the key and no known key endorsed it: it may be a stranger's. */
  readonly known: boolean;
}

/** The answer of `key show`. */
export interface KeyReport {
  readonly id: string;
  /** Null for a vault whose log names no key. */
  readonly key: KeyFacts | null;
  readonly held: KeyHeld;
  /** The file on this machine with the private key or the note about it. */
  readonly place: string | null;
  /** Every key in the order of its time in force, the current one last. */
  readonly history: readonly KeyFacts[];
}

/** The vault's keys according to its log, and which of them this machine has. Only reads. */
export function showKey(vault: string, world: World): KeyReport {
  return readVault(vault, (reader) => {
    const history = keyHistoryOf(reader.database);
    const last = inForceNow(history);
    const place = last && placeOf(last.key, world.env);
    const id = idOf(reader);
    const known = knownKeys(reader, id, history, world.env);
    return {
      id,
      key: last && factsOf(last, known),
      held: place?.held ?? "no",
      place: place?.path ?? null,
      history: history.map((period) => factsOf(period, known)),
    };
  });
}

/** The answer of `key rotate`. */
export interface RotationReport {
  readonly id: string;
  /** The `key-rotated` entry. */
  readonly entry: number;
  readonly reason: RotationReason;
  readonly key: { readonly fingerprint: string; readonly public_key: string };
  readonly previous: { readonly fingerprint: string; readonly public_key: string } | null;
  /** Whether the old key signed the checkpoint that ends with the rotation (FORMAT.md §13). */
  readonly endorsed: boolean;
  readonly held: KeyHeld;
  readonly place: string | null;
  /** Why the checkpoint that ends with the rotation is not signed; null if it is. */
  readonly problem: string | null;
  /** What to do about the problem. */
  readonly hint: string | null;
}

export interface RotationRequest {
  readonly vault: string;
  readonly choice: KeyChoice;
  readonly reason: RotationReason;
  readonly seal: SealOptions;
}

/**
 * Gives a vault its next signing key: stores the key, logs the entry, and signs the old key's last checkpoint, which ends
 * with that entry. Throws `key-missing` or `key-locked` before changing anything if the old key is unavailable and is not
 * being given up.
 */
export async function rotateKey(
  request: RotationRequest,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<RotationReport> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world);
  try {
    const history = keyHistoryOf(vault.database);
    const previous = inForceNow(history)?.key ?? null;
    // A key that is given up as lost or stolen signs nothing more, even if this machine still has it.
    const endorsing = request.reason === "routine" && previous !== null;
    if (endorsing) await refuseUnusable(previous, world);
    const key = await takeNext(vault, request, history, world);
    const entry = logEntry(vault, "key-rotated", {
      public_key: key.line,
      previous: previous?.line ?? null,
      reason: request.reason,
    });
    const head = await sealHead(vault, world, request.seal);
    onHead(head);
    const place = placeOf(key, world.env);
    return {
      id: vault.settings.vault_id,
      entry: entry.seq,
      reason: request.reason,
      key: named(key),
      previous: previous && named(previous),
      endorsed: endorsing && head.size === entry.seq && head.key === previous.fingerprint,
      held: place?.held ?? "no",
      place: place?.path ?? null,
      problem: head.problem,
      hint: head.failure?.hint ?? null,
    };
  } finally {
    closeVault(vault);
  }
}

/** The answer of `key export`. */
export interface SignersReport {
  readonly id: string;
  /** The file written; null if the text itself is the answer. */
  readonly to: string | null;
  readonly keys: number;
  /**
   * Fingerprints of keys that the log names but that are left out: neither this machine nor an earlier key vouches for
   * them.
   */
  readonly left_out: readonly string[];
  /** An `allowed_signers` file for OpenSSH. */
  readonly allowed_signers: string;
}

/**
 * The key lines for anyone who checks this vault, also written to a new file if `to` names one. Never writes into the
 * vault.
 */
export function exportSigners(vault: string, to: string | null, world: World): SignersReport {
  world.signal.throwIfAborted();
  const report = readVault(vault, (reader) => {
    const id = idOf(reader);
    const history = keyHistoryOf(reader.database);
    const known = knownKeys(reader, id, history, world.env);
    const given = knownHistory(history, known);
    if (history.length > 0) {
      const left_out = history
        .filter(({ introducedBy }) => !known.has(introducedBy))
        .map(({ key }) => key.fingerprint);
      const allowed_signers = encodeAllowedSigners(originOf(id), given, logTimesOf(reader.database));
      return { id, to, keys: given.length, left_out, allowed_signers };
    }
    throw new HoldfastError(
      "not-found",
      `exporting the keys of ${vault}: its log names no key`,
      "create one with: holdfast key rotate",
    );
  });
  if (to !== null) writeSigners(vault, to, report.allowed_signers);
  return report;
}

function writeSigners(vault: string, to: string, text: string): void {
  refuseFileInside(vault, to);
  if (existsSync(to)) {
    throw new HoldfastError("usage", `writing ${to}: the file already exists`, "choose a new file with --to");
  }
  if (!existsSync(dirname(to))) {
    throw new HoldfastError(
      "usage",
      `writing ${to}: its folder does not exist`,
      "create the folder, or choose another file",
    );
  }
  writeNewFile(to, text, 0o644);
  syncFolder(dirname(to));
}

/** A probe whose namespace keeps its signature from being used for anything else. */
const probe = { message: Buffer.from("is this key at hand?\n"), namespace: "holdfast-probe@v1" };

/**
 * Has the old key sign a probe before anything is changed: otherwise the log could end up with a rotation that the old
 * key cannot endorse.
 */
async function refuseUnusable(key: SshPublicKey, world: World): Promise<void> {
  await (await signerFor(key.line, world)).sign(probe.message, probe.namespace);
}

async function takeNext(
  vault: Vault,
  { vault: root, choice }: RotationRequest,
  history: readonly KeyPeriod[],
  world: World,
): Promise<SshPublicKey> {
  const used = history.map(({ key }) => key);
  const next = await nextKey(root, vault.settings.vault_id, choice, used, world);
  const last = inForceNow(history)?.key;
  if (last === undefined || !sameKey(last, next.publicKey)) return next.publicKey;
  throw new HoldfastError(
    "usage",
    `using ${next.publicKey.fingerprint} as the next signing key: it already is the signing key`,
    "choose another key with --key, or leave --key out to make a new one",
  );
}

function inForceNow(history: readonly KeyPeriod[]): KeyPeriod | null {
  const last = history.at(-1);
  return last && last.until === null ? last : null;
}

function placeOf(
  key: SshPublicKey,
  env: World["env"],
): { readonly held: KeyHeld; readonly path: string } | null {
  const stored = findKey(env, key);
  if (stored === null) return null;
  const kind = keyKind(stored);
  return { held: kind === "gone" ? "no" : kind, path: stored.keyFile ?? stored.path };
}

function factsOf(
  { key, introducedBy, from, until, reason }: KeyPeriod,
  known: ReadonlySet<number>,
): KeyFacts {
  return {
    ...named(key),
    entry: introducedBy,
    from,
    ended_by: until?.seq ?? null,
    until: until?.at ?? null,
    reason,
    known: known.has(introducedBy),
  };
}

function named(key: SshPublicKey): { readonly fingerprint: string; readonly public_key: string } {
  return { fingerprint: key.fingerprint, public_key: key.line };
}

function idOf({ database, layout }: VaultReader): string {
  const id = loggedVaultId(database);
  if (id !== null) return id;
  throw new HoldfastError(
    "not-as-recorded",
    `reading ${layout.database}: entry 1 does not state the vault id`,
    "run 'holdfast verify' to see what is wrong",
  );
}
