import { allows, saysStolen, secondOf } from "./allowed-signers.js";
import { errorAt, type Finding, noteAt } from "./finding.js";
import { type KeyPeriod, theftOf } from "./key-history.js";
import type { LogFacts, RestsOn, Trust } from "./log-facts.js";
import type { SignedCheckpoint } from "./signed-checkpoint.js";
import { type SshPublicKey, sameKey } from "./ssh-key.js";

export interface KeyAudit {
  readonly findings: readonly Finding[];
  readonly keys: RestsOn["keys"];
  /** Sizes of the checkpoints whose signature is by a stolen key and not shown to be older than the theft. */
  readonly uncounted: ReadonlySet<number>;
}

/** Everything that keys are compared with. */
interface KeyCase {
  readonly checked: readonly SignedCheckpoint[];
  readonly facts: LogFacts;
  readonly trust: Trust;
  /** Good tokens. */
  readonly authorities: RestsOn["authorities"];
  readonly kind: "vault" | "package";
}

/**
 * Whether the key before each rotation endorsed it, whether the signers that the checker named allow each signature at
 * its time, which signatures of a stolen key count, and which keys the signatures rest on (FORMAT.md §13).
 */
export function auditKeys(one: KeyCase): KeyAudit {
  const { checked, facts } = one;
  const stamps = earliestStamps(one.authorities);
  const judged = checked.flatMap((signed) => judge(signed, one, stamps));
  const uncounted = new Set(judged.flatMap(({ size, standing }) => (standing === "stolen" ? [size] : [])));
  const endorsements = facts.keys.flatMap((period, index) => {
    const before = facts.keys[index - 1];
    return before ? endorsement(period, before, one, uncounted) : [];
  });
  return {
    findings: [...judged.flatMap((signature) => distrust(signature, judged, one)), ...endorsements],
    keys: keysUsed(
      judged.filter(({ standing }) => standing !== "stolen"),
      facts,
    ),
    uncounted,
  };
}

function endorsement(
  { key, introducedBy, from }: KeyPeriod,
  before: KeyPeriod,
  { checked, facts, trust: { signers }, kind }: KeyCase,
  uncounted: ReadonlySet<number>,
): readonly Finding[] {
  const endorsed = checked.some(
    ({ found: { size }, key: signer }) =>
      size === introducedBy && signer !== null && sameKey(signer, before.key) && !uncounted.has(size),
  );
  if (endorsed) return [];
  // The line of a key that has been stolen since says nothing about the time that the log states.
  const known =
    signers !== null && allows(signers, facts.origin, key, saysStolen(signers, key) ? null : from);
  const yetToCome = isYetToCome(introducedBy, checked, kind);
  const message = yetToCome
    ? `the key before it has not signed the change to ${key.fingerprint} yet`
    : `the key before it did not sign the change to ${key.fingerprint}`;
  const severity = known || yetToCome ? "note" : "error";
  return [{ code: "key-not-endorsed", severity, where: `entry:${introducedBy}`, message }];
}

/**
 * A writer can be killed between the entry and its checkpoint, and between that checkpoint and its signature. Nothing
 * is signed with the new key before that.
 */
function isYetToCome(
  introducedBy: number,
  checked: readonly SignedCheckpoint[],
  kind: "vault" | "package",
): boolean {
  const reaching = checked.filter(({ found }) => found.body !== null && found.size >= introducedBy);
  const [only] = reaching;
  if (only === undefined) return true;
  const { size, signature } = only.found;
  return kind === "vault" && reaching.length === 1 && size === introducedBy && signature === null;
}

/** A signature that verifies, and how it stands with the signers that the checker named. */
interface Judged {
  readonly path: string;
  readonly size: number;
  readonly key: SshPublicKey;
  /**
   * `late`: only the time-stamp is after the key's time, as when a machine had no network. `stolen`: the key was
   * stolen, and no outside authority says that the signature is older than the theft.
   */
  readonly standing: "unnamed" | "allowed" | "late" | "other-time" | "unknown" | "stolen";
}

function judge(
  { found: { path, size }, key }: SignedCheckpoint,
  { facts, trust: { signers } }: KeyCase,
  stamps: ReadonlyMap<number, string>,
): readonly Judged[] {
  if (key === null) return [];
  const stamped = stamps.get(size) ?? null;
  const standing = (): Judged["standing"] => {
    const isUsable = !isAfterTheft(facts, key, stamped);
    if (signers === null) return isUsable ? "unnamed" : "stolen";
    const allowed = (at: string | null) => allows(signers, facts.origin, key, at);
    if (!allowed(null)) return "unknown";
    const isOld = !saysStolen(signers, key) || (stamped !== null && allowed(stamped));
    if (!isUsable || !isOld) return "stolen";
    return standingOf(allowed, stamped, facts.lastAt(size));
  };
  return [{ path, size, key, standing: standing() }];
}

/** By the log's word about the theft; in whole seconds, like the times of `allowed_signers`. */
function isAfterTheft({ keys }: LogFacts, key: SshPublicKey, stamped: string | null): boolean {
  const theft = theftOf(keys, key);
  if (theft === null) return false;
  return stamped === null || secondOf(stamped) >= secondOf(theft.at);
}

/** `stamped` is the word of an outside authority, `stated` that of the log. */
function standingOf(
  allowed: (at: string | null) => boolean,
  stamped: string | null,
  stated: string | null,
): Judged["standing"] {
  if (allowed(stamped ?? stated)) return "allowed";
  const isLate = stamped !== null && stated !== null && Date.parse(stamped) >= Date.parse(stated);
  return isLate && allowed(stated) ? "late" : "other-time";
}

/** By size of the checkpoint, the earliest time over it that leads to a trusted root. */
function earliestStamps(authorities: RestsOn["authorities"]): ReadonlyMap<number, string> {
  const earliest = new Map<number, string>();
  for (const { checkpoint, gen_time, trusted } of authorities) {
    const known = earliest.get(checkpoint);
    const isEarlier = known === undefined || Date.parse(gen_time) < Date.parse(known);
    if (trusted && isEarlier) earliest.set(checkpoint, gen_time);
  }
  return earliest;
}

function distrust(signature: Judged, judged: readonly Judged[], one: KeyCase): readonly Finding[] {
  const { path, key, standing } = signature;
  if (standing === "stolen") return [theftFinding(signature, judged, one)];
  if (standing === "unnamed" || standing === "allowed") return [];
  const message = `signed with ${key.fingerprint}, ${distrusted[standing]}`;
  return [(standing === "late" ? noteAt : errorAt)("key-not-trusted", path, message)];
}

const distrusted = {
  unknown: "which is not among the signers you named for this vault",
  "other-time": "which is among the signers you named, but not at that time",
  late: "whose time among the signers you named had ended when it was time-stamped",
} as const;

/** What a later checkpoint covers does not rest on this one. */
function theftFinding(
  { path: where, size, key }: Judged,
  judged: readonly Judged[],
  { facts, checked, kind }: KeyCase,
): Finding {
  const isCovered = judged.some(
    (later) => later.size > size && (later.standing === "allowed" || later.standing === "unnamed"),
  );
  const theft = theftOf(facts.keys, key);
  const isToCome = theft !== null && isYetToCome(theft.seq, checked, kind);
  const what = `signed with ${key.fingerprint}, which was stolen, and no time-stamp traced to a root you trust is older than the theft`;
  const message = isCovered ? `${what}: a later checkpoint is relied on instead` : what;
  return { code: "key-stolen", severity: isCovered || isToCome ? "note" : "error", where, message };
}

function keysUsed(judged: readonly Judged[], facts: LogFacts): RestsOn["keys"] {
  const used = new Map(judged.map(({ key }) => [key.line, key]));
  return [...used.values()].map((key) => {
    const periods = facts.keys.filter((period) => sameKey(period.key, key));
    const named = judged.every((one) => one.key.line !== key.line || one.standing === "allowed");
    return {
      fingerprint: key.fingerprint,
      from: periods[0]?.from ?? null,
      until: periods.at(-1)?.until?.at ?? null,
      source: named ? "signers" : "log",
    };
  });
}
