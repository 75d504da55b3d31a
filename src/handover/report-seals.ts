import { hex } from "../audit/bytes.js";
import type { Json } from "../audit/canonical-json.js";
import { checkpointIn, checkpointNamespace } from "../audit/checkpoint.js";
import { FormatError } from "../audit/finding.js";
import type { FoundCheckpoint, RestsOn } from "../audit/log-facts.js";
import { parsePublicKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import type { PendingAuthority, ReportedCheckpoint, ReportedToken } from "../core/report/facts.js";
import { authorityStates } from "../vault/index/authorities.js";
import { entriesOfEvent, type HashedEntry } from "../vault/index/custody.js";
import { readLogFolder } from "../vault/log-folder.js";
import type { VaultReader } from "../vault/open-database.js";
import { readSettings } from "../vault/settings.js";

/** What covers the entries of one capture: checkpoints, outside time, witness signatures. */
export interface Seals {
  /** The sizes of all checkpoints of the vault, ascending. */
  readonly sizes: readonly number[];
  readonly checkpoints: readonly ReportedCheckpoint[];
  readonly earliest: readonly ReportedToken[];
  readonly pending: readonly PendingAuthority[];
}

/** Size of the oldest checkpoint that covers an entry; null if none does. */
export function sealedBy(seq: number, sizes: readonly number[]): number | null {
  return sizes.find((size) => size >= seq) ?? null;
}

/**
 * The checkpoints that first cover an entry of this history, the first with an outside time, and the newest. The outside
 * time rests on tokens that a check has just traced to a trusted root; everything else is what entries and files state.
 */
export function readSeals(reader: VaultReader, history: readonly HashedEntry[], restsOn: RestsOn): Seals {
  const found = readLogFolder(reader.layout).checkpoints.filter(({ body }) => body !== null);
  const sizes = found.map(({ size }) => size);
  const tokens = entriesOfEvent(reader.database, "token").map(tokenOf);
  const first = history[0]?.entry.seq ?? Number.POSITIVE_INFINITY;
  const timed = tokens.filter((token) => token.checkpoint >= first && isTraced(token, restsOn));
  const oldest = Math.min(...timed.map(({ checkpoint }) => checkpoint));
  const covering = history.flatMap(({ entry }) => sealedBy(entry.seq, sizes) ?? []);
  const newest = sizes.filter((size) => size >= first).slice(-1);
  const shown = new Set([...covering, ...newest, ...(Number.isFinite(oldest) ? [oldest] : [])]);
  const witnesses = entriesOfEvent(reader.database, "witness-added");
  return {
    sizes,
    checkpoints: found
      .filter(({ size }) => shown.has(size))
      .map((checkpoint) => describe(checkpoint, tokens, witnesses)),
    earliest: timed
      .filter(({ checkpoint }) => checkpoint === oldest)
      .sort((a, b) => ((a.gen_time ?? "") < (b.gen_time ?? "") ? -1 : 1)),
    pending: pendingOf(reader, sizes.at(-1) ?? null, tokens),
  };
}

/** Whether the check traced the token to a trusted root. A time that an entry merely states is not an outside time. */
function isTraced({ checkpoint, authority, gen_time }: ReportedToken, { authorities }: RestsOn): boolean {
  return authorities.some(
    (found) =>
      found.trusted &&
      found.checkpoint === checkpoint &&
      found.authority === authority &&
      found.gen_time === gen_time,
  );
}

/** The configured authorities that have not time-stamped the newest checkpoint. */
function pendingOf(
  { layout, database }: VaultReader,
  newest: number | null,
  tokens: readonly ReportedToken[],
): readonly PendingAuthority[] {
  if (newest === null) return [];
  const { authorities = [], calendars = [] } = readSettings(layout.settings).settings.settings;
  const answered = new Set(
    tokens.filter(({ checkpoint }) => checkpoint === newest).map(({ authority }) => authority),
  );
  const silent = [...authorities, ...calendars].map(({ name }) => name).filter((name) => !answered.has(name));
  if (silent.length === 0) return [];
  const states = new Map(authorityStates(database).map((state) => [state.name, state]));
  return silent.map((authority) => ({
    authority,
    reason: states.get(authority)?.reason ?? "not asked yet",
    next_at: states.get(authority)?.next_at ?? null,
  }));
}

function describe(
  { size, path, body, signature }: FoundCheckpoint,
  tokens: readonly ReportedToken[],
  witnesses: readonly HashedEntry[],
): ReportedCheckpoint {
  return {
    size,
    path,
    root: body && rootOf(body),
    key: body && signature && keyOf(body, signature.bytes),
    tokens: tokens.filter(({ checkpoint }) => checkpoint === size),
    witnesses: witnesses
      .filter(({ entry }) => entry.body.checkpoint === size)
      .map(({ entry }) => ({ entry: entry.seq, fingerprint: fingerprintOf(entry.body.public_key) })),
  };
}

function rootOf(body: Uint8Array): string | null {
  const stated = checkpointIn(body);
  return stated && hex(stated.root);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function keyOf(body: Uint8Array, signature: Uint8Array): string | null {
  const checked = checkSignature(body, textOf(signature), checkpointNamespace);
  return "key" in checked ? checked.key.fingerprint : null;
}

function fingerprintOf(publicKey: Json | undefined): string {
  try {
    return parsePublicKey(String(publicKey)).fingerprint;
  } catch (error) {
    if (error instanceof FormatError) return String(publicKey);
    throw error;
  }
}

function tokenOf({ entry: { seq, body } }: HashedEntry): ReportedToken {
  const text = (value: Json | undefined) => (typeof value === "string" ? value : null);
  const number = (value: Json | undefined) => (typeof value === "number" ? value : null);
  return {
    entry: seq,
    checkpoint: number(body.checkpoint) ?? 0,
    kind: text(body.kind) ?? "",
    authority: text(body.authority) ?? "",
    status: text(body.status) ?? "",
    gen_time: text(body.gen_time),
    accuracy_ms: number(body.accuracy_ms),
    clock_difference_ms: number(body.clock_difference_ms),
    path: text(body.path) ?? "",
    sha256: text(body.sha256) ?? "",
  };
}
