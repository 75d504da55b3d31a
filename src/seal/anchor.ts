import { keyInForce } from "../audit/key-history.js";
import { signedBytes } from "../audit/signed-checkpoint.js";
import { retryAfterMs } from "../core/capture/retry-after.js";
import type { Egress } from "../tools/network/guarded-request.js";
import {
  type AuthorityState,
  authorityState,
  noteAuthority,
  type PendingAnchor,
  pendingAnchors,
  promisesName,
} from "../vault/index/authorities.js";
import { tokensOf } from "../vault/index/tokens.js";
import { keyHistoryOf } from "../vault/log.js";
import { readCheckpoint } from "../vault/log-lookup.js";
import {
  keepToken,
  type PendingProof,
  pendingProofs,
  readPendingProof,
  type TokenSource,
} from "../vault/token-files.js";
import { inTurn } from "../vault/turn.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { type Answer, completeProof, promiseByCalendar, stampByAuthority } from "./anchor-answers.js";
import { endedAfter } from "./ended-after.js";

export interface AnchorOptions {
  /** The command's `--proxy`; if null, the proxy from the settings is used. */
  readonly proxy: string | null;
  readonly allowPrivate: boolean;
  /** Also asks authorities whose next attempt is not due yet. */
  readonly force: boolean;
}

export interface AnchorReport {
  /** Time-stamps that were received and logged. */
  readonly tokens: readonly {
    readonly authority: string;
    readonly gen_time: string;
    /** Only where `openssl ts` cannot read it, and `openssl cms` can. */
    readonly form?: "cms";
  }[];
  /** Configured authorities that have not stamped this checkpoint, with the reason and the time of the next attempt. */
  readonly pending: readonly PendingAnchor[];
}

interface Party {
  readonly source: TokenSource;
  readonly ask: (egress: Egress) => Promise<Answer>;
}

/** How long a command waits for all authorities together, unless the settings say otherwise. */
const defaultWaitSeconds = 10;

/** The most pending proofs of older checkpoints that one command asks about. */
const upgradesAtOnce = 8;

/** A signature counts if it was time-stamped within a day of the key's retirement (FORMAT.md §13). */
const retiredMs = 24 * 60 * 60 * 1000;

/**
 * Asks every configured authority and calendar that has not yet time-stamped the signed checkpoint (`signed`: checkpoint
 * and signature) to do so, all at once and within `anchor_wait_seconds` in total, and asks about older pending proofs.
 * Keeps each valid answer: first the file, then its entry (FORMAT.md §14, §15). On any other answer the authority stays
 * pending with a reason and a time for the next attempt; nothing is thrown. An aborted signal ends the work at once and
 * keeps what has arrived. Nobody needs to wait for the answers: only what is kept of them takes a turn.
 */
export async function anchorHead(
  vault: Vault,
  world: World,
  head: { readonly size: number; readonly signed: Uint8Array },
  options: AnchorOptions,
): Promise<AnchorReport> {
  const missing = missingParties(vault, world, head);
  const nobody = whyNobody(vault, world, head.size);
  const pending = () => pendingAnchors(vault.database, vault.settings.settings, head.size);
  if (nobody !== null) {
    const unasked = new Set(missing.map(({ source }) => source.authority));
    return {
      tokens: [],
      pending: pending().map((one) => (unasked.has(one.authority) ? { ...one, reason: nobody } : one)),
    };
  }
  const due = (name: string) => options.force || isDue(authorityState(vault.database, name), world.now());
  const egress = egressOf(vault, world, options);
  const asked = missing.filter(({ source }) => due(source.authority));
  const open = due(promisesName) ? someOf(pendingProofs(vault.database), world) : [];
  const [answers, upgrades] = await Promise.all([
    Promise.all(asked.map(async (party) => ({ party, answer: await party.ask(egress) }))),
    Promise.all(open.map(async (proof) => ({ proof, answer: await upgradeOf(vault, proof, egress) }))),
  ]);
  const tokens = await inTurn(vault, () => {
    const stamped = answers.flatMap(({ party, answer }) => settle(vault, world, party.source, answer));
    settleUpgrades(vault, world, upgrades);
    return stamped;
  });
  return { tokens, pending: pending() };
}

function missingParties(
  vault: Vault,
  world: World,
  head: { size: number; signed: Uint8Array },
): readonly Party[] {
  const { authorities = [], calendars = [] } = vault.settings.settings;
  const logged = tokensOf(vault.database, head.size);
  const checkpoint = head.size;
  const parties: Party[] = [
    ...authorities.map((authority) => ({
      source: { checkpoint, kind: "rfc3161" as const, authority: authority.name, url: authority.url },
      ask: (egress: Egress) => stampByAuthority(authority, head.signed, world, egress),
    })),
    ...calendars.map((calendar) => ({
      source: { checkpoint, kind: "opentimestamps" as const, authority: calendar.name, url: calendar.url },
      ask: (egress: Egress) => promiseByCalendar(calendar, head.signed, world, egress),
    })),
  ];
  const has = ({ source }: Party) =>
    logged.some(({ kind, authority }) => kind === source.kind && authority === source.authority);
  return parties.filter((party) => !has(party));
}

function whyNobody(vault: Vault, world: World, size: number): string | null {
  if (world.env.HOLDFAST_OFFLINE === "1") return "offline";
  if (world.signal.aborted) return "interrupted";
  const until = keyInForce(keyHistoryOf(vault.database), size)?.until;
  const retired = until ? world.now().getTime() - Date.parse(until.at) > retiredMs : false;
  return retired ? "the checkpoint's signing key was retired more than a day ago" : null;
}

function egressOf(vault: Vault, world: World, { proxy, allowPrivate }: AnchorOptions): Egress {
  const { anchor_wait_seconds = defaultWaitSeconds, proxy: configured } = vault.settings.settings;
  const signal = endedAfter(anchor_wait_seconds * 1000, world.signal);
  return { proxy: proxy ?? configured ?? null, allowPrivate, signal };
}

/** Keeps the token, or notes why there is none. After an interrupt nothing is noted: the authority is not at fault. */
function settle(vault: Vault, world: World, source: TokenSource, answer: Answer): AnchorReport["tokens"] {
  const name = source.authority;
  if ("bytes" in answer) {
    const success = stateAfterSuccess(name, world.now());
    keepToken(vault, source, answer.bytes, answer.facts, (database) => noteAuthority(database, success));
    const { gen_time, form } = answer.facts;
    return gen_time === null ? [] : [{ authority: name, gen_time, ...(form ? { form } : {}) }];
  }
  if (!world.signal.aborted) {
    const before = authorityState(vault.database, name);
    noteAuthority(vault.database, stateAfterFailure(name, before, answer, world.now()));
  }
  return [];
}

type Upgrade = Awaited<ReturnType<typeof completeProof>>;

async function upgradeOf(vault: Vault, proof: PendingProof, egress: Egress): Promise<Upgrade> {
  const signed = signedBytes(readCheckpoint(vault.layout, proof.checkpoint));
  const file = readPendingProof(vault, proof);
  if (signed === null || file === null)
    return { reason: "the proof or its checkpoint is missing", retryAfter: null };
  return completeProof(file, signed, egress);
}

function settleUpgrades(
  vault: Vault,
  world: World,
  upgrades: readonly { readonly proof: PendingProof; readonly answer: Upgrade }[],
): void {
  for (const { proof, answer } of upgrades) {
    if (!("bytes" in answer)) continue;
    const { checkpoint, authority } = proof;
    const source = { checkpoint, kind: "opentimestamps" as const, authority, url: answer.url ?? "" };
    keepToken(vault, source, answer.bytes, answer.facts, () => undefined);
  }
  const failure = upgrades.map(({ answer }) => answer).find((answer) => !("bytes" in answer));
  if (upgrades.length === 0 || world.signal.aborted) return;
  const before = authorityState(vault.database, promisesName);
  const now = world.now();
  noteAuthority(
    vault.database,
    failure === undefined || "bytes" in failure
      ? stateAfterSuccess(promisesName, now)
      : stateAfterFailure(promisesName, before, failure, now),
  );
}

/** A random selection: proofs that no calendar ever completes must not crowd out the others. */
function someOf(proofs: readonly PendingProof[], world: World): readonly PendingProof[] {
  const left = [...proofs];
  const chosen: PendingProof[] = [];
  while (left.length > 0 && chosen.length < upgradesAtOnce) {
    const [high = 0, low = 0] = world.random(2);
    chosen.push(...left.splice((high * 256 + low) % left.length, 1));
  }
  return chosen;
}

const minuteMs = 60_000;
const longestMs = 6 * 60 * minuteMs;
/** The longest `Retry-After` that is respected: the server controls this value. */
const longestAskedMs = 7 * 24 * 60 * minuteMs;

/**
 * What to note after a failure. The next attempt follows after a minute, doubling each time up to six hours, or when the
 * server asks for it (`retryAfter`, RFC 9110 §10.2.3: seconds or a date) if that is later.
 */
function stateAfterFailure(
  name: string,
  before: AuthorityState | undefined,
  failure: { readonly reason: string; readonly retryAfter: string | null },
  now: Date,
): AuthorityState {
  const failures = (before?.failures ?? 0) + 1;
  const ownMs = Math.min(longestMs, minuteMs * 2 ** Math.min(failures - 1, 20));
  const askedMs = Math.min(retryAfterMs(failure.retryAfter, now), longestAskedMs);
  const waitMs = Math.max(ownMs, askedMs);
  return {
    name,
    failures,
    tried_at: now.toISOString(),
    next_at: new Date(now.getTime() + waitMs).toISOString(),
    reason: failure.reason,
  };
}

function stateAfterSuccess(name: string, now: Date): AuthorityState {
  return { name, failures: 0, tried_at: now.toISOString(), next_at: null, reason: null };
}

/** A noted time further ahead than `longestAskedMs` was written while the clock was wrong. */
function isDue(state: AuthorityState | undefined, now: Date): boolean {
  if (!state?.next_at) return true;
  const leftMs = Date.parse(state.next_at) - now.getTime();
  return !(leftMs > 0 && leftMs <= longestAskedMs);
}
