import type { Json } from "../audit/canonical-json.js";
import { keyInForce } from "../audit/key-history.js";
import { configured } from "../vault/index/anchors.js";
import { type PendingAnchor, pendingAnchors } from "../vault/index/authorities.js";
import { tokensOf, witnessesOf } from "../vault/index/tokens.js";
import { entriesBehind, keyHistoryOf, lastEntryOf, loggedVaultId } from "../vault/log.js";
import { newestCheckpoint } from "../vault/log-lookup.js";
import type { VaultReader } from "../vault/open-database.js";
import type { World } from "../world.js";
import { findKey } from "./key-store.js";
import { readMemory } from "./signer-memory.js";
import { keyKind } from "./signing-key.js";
import { stampedUntil } from "./stamp-ends.js";

/** How far a vault's log is signed and time-stamped, and what is missing. */
export interface SealState {
  /** The key for the next checkpoint, and whether this machine has it; null if the log names none. */
  readonly key: {
    readonly fingerprint: string;
    readonly held: ReturnType<typeof keyKind> | "no";
  } | null;
  /** Size of the newest signed checkpoint; null if there is none. */
  readonly checkpoint: number | null;
  /** Entries after it, not counting those for its own tokens. */
  readonly unsigned_entries: number;
  /** Logged tokens over it. */
  readonly tokens: number;
  readonly pending: readonly PendingAnchor[];
  /** How far the newest token's time was ahead of this machine's clock on arrival; null if not known. */
  readonly clock_difference_ms: number | null;
  /** Witness signatures over checkpoints. */
  readonly witnesses: number;
  /** Until when the certificates of the newest time-stamps hold; null without one that leads to a trusted root. */
  readonly stamped_until: string | null;
  /** The last state that this machine remembers as signed (FORMAT.md §14.1); null if it remembers none. */
  readonly memory: { readonly size: number; readonly at: string } | null;
}

/** Only reads the vault; checks nothing. */
export function sealState(reader: VaultReader, env: World["env"]): SealState {
  const { layout, database } = reader;
  const newest = newestCheckpoint(layout);
  const size = newest !== null && newest.signature !== null ? newest.size : null;
  const key = keyInForce(keyHistoryOf(database), Number.MAX_SAFE_INTEGER)?.key ?? null;
  const stored = key && findKey(env, key);
  return {
    key: key && { fingerprint: key.fingerprint, held: stored ? keyKind(stored) : "no" },
    checkpoint: size,
    unsigned_entries: entriesBehind(database, size ?? 0),
    tokens: size === null ? 0 : tokensOf(database, size).length,
    pending: size === null ? [] : pendingAnchors(database, configured(layout), size),
    clock_difference_ms: clockDifference(lastEntryOf(database, ["token"])?.body.clock_difference_ms),
    witnesses: witnessesOf(database).length,
    stamped_until: stampedUntil(reader),
    memory: memoryOf(loggedVaultId(database), env),
  };
}

/** What `doctor` reports about it. */
export function sealFindings(state: SealState, now: Date): readonly DoctorFinding[] {
  return [
    keyFinding(state.key),
    checkpointFinding(state),
    ...anchorFindings(state),
    ...renewalFinding(state, now),
    ...clockFinding(state),
    ...witnessFinding(state),
    memoryFinding(state),
  ];
}

const heldWords: Readonly<Record<NonNullable<SealState["key"]>["held"], string>> = {
  file: "in a file on this machine",
  "locked-file": "in a file on this machine, with a passphrase",
  device: "on a hardware device",
  agent: "in an agent",
  gone: "but its file cannot be read",
  no: "not on this machine",
};

function keyFinding(key: SealState["key"]): DoctorFinding {
  if (key === null) {
    const hint = "create its first key: holdfast key rotate";
    return { severity: "problem", what: "signing key", detail: "the log names no signing key", hint };
  }
  const found = { what: "signing key", detail: `${key.fingerprint}, ${heldWords[key.held]}` };
  if (key.held !== "gone" && key.held !== "no") return { ...found, severity: "ok", hint: null };
  const hint = "copy the key to this machine, or continue with a new one: holdfast key rotate --lost";
  return { ...found, severity: "problem", hint };
}

function checkpointFinding({ checkpoint, unsigned_entries }: SealState): DoctorFinding {
  const newest = checkpoint === null ? "none yet" : `the newest covers ${checkpoint} entries`;
  const behind =
    unsigned_entries === 0 ? "nothing left to sign" : `${unsigned_entries} entries are not signed yet`;
  const detail = `${newest}, ${behind}`;
  return unsigned_entries === 0
    ? { severity: "ok", what: "checkpoints", detail, hint: null }
    : { severity: "note", what: "checkpoints", detail, hint: "sign them: holdfast checkpoint" };
}

function anchorFindings({ checkpoint, tokens, pending }: SealState): readonly DoctorFinding[] {
  if (checkpoint === null) return [];
  if (tokens === 0 && pending.length === 0) {
    const detail = "no authority is configured, so no outside party attests when the log existed";
    const hint = "name two or more in holdfast.json under settings.authorities";
    return [{ severity: "note", what: "outside time", detail, hint }];
  }
  const stamped: readonly DoctorFinding[] =
    tokens === 0
      ? []
      : [
          {
            severity: "ok",
            what: "outside time",
            detail: `${tokens} time-stamps over checkpoint ${checkpoint}`,
            hint: null,
          },
        ];
  return [
    ...stamped,
    ...pending.map(({ authority, reason, next_at }): DoctorFinding => {
      const next = next_at === null ? "by the next command that writes" : `not before ${next_at}`;
      const detail = `pending: ${authority}: ${reason}; asked again ${next}`;
      return { severity: "note", what: "outside time", detail, hint: "ask now: holdfast checkpoint" };
    }),
  ];
}

/** How long before the certificates of the newest time-stamps end a person is told to put new ones over them. */
const renewDays = 180;
const dayMs = 24 * 60 * 60 * 1000;

function renewalFinding({ stamped_until }: SealState, now: Date): readonly DoctorFinding[] {
  if (stamped_until === null) return [];
  const days = Math.floor((Date.parse(stamped_until) - now.getTime()) / dayMs);
  if (days >= renewDays) return [];
  const when = days < 0 ? "ended" : `end in ${days} ${days === 1 ? "day" : "days"},`;
  const detail = `the certificates of the newest time-stamps ${when} on ${stamped_until.slice(0, 10)}`;
  const hint = "put new time-stamps over them: holdfast checkpoint --renew";
  return [{ severity: "note", what: "outside time", detail, hint }];
}

/** Authorities keep their clocks accurate to a second: a difference of over a minute means that one clock is wrong. */
const oddClockMs = 60_000;

function clockFinding({ clock_difference_ms }: SealState): readonly DoctorFinding[] {
  if (clock_difference_ms === null || Math.abs(clock_difference_ms) <= oddClockMs) return [];
  const seconds = Math.round(Math.abs(clock_difference_ms) / 1000);
  const side = clock_difference_ms > 0 ? "behind" : "ahead of";
  const detail = `this machine's clock was ${seconds} s ${side} the last time-stamp when it came`;
  const hint =
    "set the clock and turn on a time service: every time in the log comes from this machine's clock";
  return [{ severity: "note", what: "clock and time-stamps", detail, hint }];
}

function memoryOf(vaultId: string | null, env: World["env"]): SealState["memory"] {
  const head = vaultId === null ? null : readMemory(env, vaultId).head;
  return head && { size: head.size, at: head.at };
}

function memoryFinding({ memory }: SealState): DoctorFinding {
  const what = "memory of what was signed";
  if (memory !== null) {
    const detail = `${memory.size} entries, on ${memory.at}`;
    return { severity: "ok", what, detail, hint: null };
  }
  const detail =
    "none on this machine, so holdfast could not recognise an older or rewritten copy of this vault";
  return { severity: "note", what, detail, hint: "start one: holdfast checkpoint" };
}

function clockDifference(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function witnessFinding({ witnesses }: SealState): readonly DoctorFinding[] {
  if (witnesses === 0) return [];
  const detail = `${witnesses} witness signatures over checkpoints`;
  return [{ severity: "ok", what: "witnesses", detail, hint: null }];
}

/** One line of `doctor`. A `problem` keeps holdfast from its work or its promises; a `note` explains. */
export interface DoctorFinding {
  readonly severity: "ok" | "note" | "problem";
  readonly what: string;
  readonly detail: string;
  readonly hint: string | null;
}
