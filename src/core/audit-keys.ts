import { allows } from "./allowed-signers.js";
import type { LogFacts, RestsOn, Trust } from "./audit-checkpoints.js";
import { findCheckpointFault, type SignedCheckpoint } from "./audit-signed.js";
import type { Finding } from "./finding.js";
import type { KeyPeriod } from "./key-history.js";
import type { SshPublicKey } from "./ssh-key.js";

export interface KeyAudit {
  readonly findings: readonly Finding[];
  readonly keys: RestsOn["keys"];
}

/** Everything that keys are held against. */
interface KeyCase {
  readonly checked: readonly SignedCheckpoint[];
  readonly facts: LogFacts;
  readonly trust: Trust;
  /** Good tokens. */
  readonly authorities: RestsOn["authorities"];
  readonly kind: "vault" | "package";
}

/**
 * Whether each rotation was endorsed by the key before it, whether the signers that the checker named allow each
 * signature at its time, and which keys the signatures rest on (FORMAT.md §13).
 */
export function auditKeys(one: KeyCase): KeyAudit {
  const { checked, facts } = one;
  const endorsements = facts.keys.flatMap((period, index) => {
    const before = facts.keys[index - 1];
    return before ? endorsement(period, before, one) : [];
  });
  const stamps = earliestStamps(one.authorities);
  const judged = checked.flatMap((signed) => judge(signed, one, stamps));
  return {
    findings: [...judged.flatMap(distrust), ...endorsements],
    keys: keysUsed(judged, facts),
  };
}

function endorsement(
  { key, introducedBy, from }: KeyPeriod,
  before: KeyPeriod,
  { checked, facts, trust, kind }: KeyCase,
): readonly Finding[] {
  const endorsed = checked.some(
    (one) => one.found.size === introducedBy && one.key !== null && one.key.blob.equals(before.key.blob),
  );
  if (endorsed) return [];
  const known = trust.signers !== null && allows(trust.signers, facts.origin, key, from);
  const yetToCome = isYetToCome(introducedBy, checked, kind);
  const message = yetToCome
    ? `the key before it has not signed the change to ${key.fingerprint} yet`
    : `the key before it did not sign the change to ${key.fingerprint}`;
  const severity = known || yetToCome ? "note" : "error";
  return [{ code: "key-not-endorsed", severity, where: `entry:${introducedBy}`, message }];
}

/**
 * Between the entry and its checkpoint a writer can be killed, and between that checkpoint and its signature. Nothing is
 * signed with the new key before that.
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

/** A signature that verifies, and how the list of signers that the checker named has it. */
interface Judged {
  readonly path: string;
  readonly key: SshPublicKey;
  /** `late`: only the time-stamp is behind the key's time, as where a machine had no network. */
  readonly standing: "unnamed" | "allowed" | "late" | "other-time" | "unknown";
}

function judge(
  { found: { path, size }, key }: SignedCheckpoint,
  { facts, trust: { signers } }: KeyCase,
  stamps: ReadonlyMap<number, string>,
): readonly Judged[] {
  if (key === null) return [];
  if (signers === null) return [{ path, key, standing: "unnamed" }];
  const allowed = (at: string | null) => allows(signers, facts.origin, key, at);
  return [{ path, key, standing: standingOf(allowed, stamps.get(size) ?? null, facts.lastAt(size)) }];
}

/** `stamped` is the word of an outside authority, `stated` that of the log. */
function standingOf(
  allowed: (at: string | null) => boolean,
  stamped: string | null,
  stated: string | null,
): Judged["standing"] {
  if (!allowed(null)) return "unknown";
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

function distrust({ path, key: { fingerprint }, standing }: Judged): readonly Finding[] {
  const code = "key-not-trusted";
  if (standing === "unknown") {
    const message = `signed with ${fingerprint}, which is not among the signers you named for this vault`;
    return [findCheckpointFault(code, path, message)];
  }
  if (standing === "other-time") {
    const message = `signed with ${fingerprint}, which is among the signers you named, but not at that time`;
    return [findCheckpointFault(code, path, message)];
  }
  if (standing !== "late") return [];
  const message = `signed with ${fingerprint}, whose time among the signers you named was over when it was time-stamped`;
  return [{ code, severity: "note", where: path, message }];
}

function keysUsed(judged: readonly Judged[], facts: LogFacts): RestsOn["keys"] {
  const used = new Map(judged.map(({ key }) => [key.line, key]));
  return [...used.values()].map((key) => {
    const periods = facts.keys.filter((period) => period.key.blob.equals(key.blob));
    const named = judged.every((one) => one.key.line !== key.line || one.standing === "allowed");
    return {
      fingerprint: key.fingerprint,
      from: periods[0]?.from ?? null,
      until: periods.at(-1)?.until?.at ?? null,
      source: named ? "signers" : "log",
    };
  });
}
