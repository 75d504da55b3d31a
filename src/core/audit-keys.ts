import { allows } from "./allowed-signers.js";
import type { LogFacts, RestsOn, Trust } from "./audit-checkpoints.js";
import type { SignedCheckpoint } from "./audit-signed.js";
import type { Finding } from "./finding.js";
import type { KeyPeriod } from "./key-history.js";
import type { SshPublicKey } from "./ssh-key.js";

export interface KeyAudit {
  readonly findings: readonly Finding[];
  readonly keys: RestsOn["keys"];
}

/** Whether each rotation was endorsed by the key before it (FORMAT.md §13), and which keys the signatures rest on. */
export function auditKeys(checked: readonly SignedCheckpoint[], facts: LogFacts, trust: Trust): KeyAudit {
  const findings = facts.keys.flatMap((period, index) => {
    const before = facts.keys[index - 1];
    return before ? endorsement(period, before, checked, facts, trust) : [];
  });
  return { findings, keys: keysUsed(checked, facts, trust) };
}

function endorsement(
  { key, introducedBy }: KeyPeriod,
  before: KeyPeriod,
  checked: readonly SignedCheckpoint[],
  facts: LogFacts,
  trust: Trust,
): readonly Finding[] {
  const endorsed = checked.some(
    (one) => one.found.size === introducedBy && one.key !== null && one.key.blob.equals(before.key.blob),
  );
  if (endorsed) return [];
  const known = trust.signers !== null && allows(trust.signers, facts.origin, key);
  // Between the entry and its checkpoint a writer can be killed; nothing is signed with the new key before that.
  const yetToCome = checked.every(({ found }) => found.body === null || found.size < introducedBy);
  const message = yetToCome
    ? `the key before it has not signed the change to ${key.fingerprint} yet`
    : `the key before it did not sign the change to ${key.fingerprint}`;
  const severity = known || yetToCome ? "note" : "error";
  return [{ code: "key-not-endorsed", severity, where: `entry:${introducedBy}`, message }];
}

function keysUsed(checked: readonly SignedCheckpoint[], facts: LogFacts, trust: Trust): RestsOn["keys"] {
  const used = new Map<string, SshPublicKey>();
  for (const { key } of checked) if (key !== null) used.set(key.line, key);
  return [...used.values()].map((key) => {
    const periods = facts.keys.filter((period) => period.key.blob.equals(key.blob));
    const named = trust.signers !== null && allows(trust.signers, facts.origin, key);
    return {
      fingerprint: key.fingerprint,
      from: periods[0]?.from ?? null,
      until: periods.at(-1)?.until?.at ?? null,
      source: named ? "signers" : "log",
    };
  });
}
