import { sameBytes } from "./bytes.js";
import { type Checkpoint, checkpointName } from "./checkpoint.js";
import { type CheckState, decidedBy, errorAt, type Finding, fails, noteAt } from "./finding.js";
import { auditKeys } from "./keys.js";
import type { FoundCheckpoint, LogFacts, RestsOn, Trust } from "./log-facts.js";
import { auditWitnesses, checkSigned, type SignedCheckpoint } from "./signed-checkpoint.js";
import { auditTokens } from "./tokens.js";

export interface CheckpointAudit {
  readonly findings: readonly Finding[];
  readonly signature: CheckState;
  readonly tokens: CheckState;
  readonly restsOn: RestsOn;
  /** Size of the newest checkpoint with a signature that verifies and counts; 0 where none has one. */
  readonly signedSize: number;
}

/**
 * Judges everything that lies under the checkpoints of a vault or package: bodies, signatures, keys, tokens and
 * witnesses, and the entries that name them (FORMAT.md §13 to §16, §18.2). Trusts no byte and throws for none.
 * `found` is in ascending order of size. Segments and the checkpoint that a checker holds are judged elsewhere.
 */
export async function auditCheckpoints(
  found: readonly FoundCheckpoint[],
  facts: LogFacts,
  trust: Trust,
  kind: "vault" | "package",
): Promise<CheckpointAudit> {
  const newest = newestOf(found);
  const checked = found.map((one) => checkSigned(one, facts, kind === "vault" && one === newest));
  const tokens = await auditTokens(checked, newest, facts, trust, kind);
  const keys = auditKeys({ checked, facts, trust, authorities: tokens.authorities, kind });
  const witnesses = auditWitnesses(found, facts, kind);
  const counted = checked.findLast(({ key, found: { size } }) => key !== null && !keys.uncounted.has(size));
  const findings = [
    ...checked.flatMap((one) => one.findings),
    ...missingCheckpoints(found, facts, kind),
    ...keys.findings,
    ...tokens.findings,
    ...witnesses.findings,
    ...pendingAnchor(newest),
    ...nothingSealed(found, newest, facts, trust, kind),
  ];
  return {
    findings,
    signature: signatureState(findings, checked, newest, keys.uncounted),
    tokens: tokenState(findings, found),
    restsOn: { keys: keys.keys, authorities: tokens.authorities, witnesses: witnesses.witnesses },
    signedSize: counted?.found.size ?? 0,
  };
}

/** The newest checkpoint: the largest number under which a checkpoint lies. */
export function newestOf(found: readonly FoundCheckpoint[]): FoundCheckpoint | null {
  return found.findLast(({ body }) => body !== null) ?? null;
}

function signatureState(
  findings: readonly Finding[],
  checked: readonly SignedCheckpoint[],
  newest: FoundCheckpoint | null,
  uncounted: ReadonlySet<number>,
): CheckState {
  const decided = decidedBy(findings, "signature");
  if (decided === "fail") return "fail";
  const signed = checked.find(({ found, key }) => found === newest && key !== null);
  if (signed === undefined) return "absent";
  return decided ?? (uncounted.has(signed.found.size) ? "unchecked" : "pass");
}

function tokenState(findings: readonly Finding[], found: readonly FoundCheckpoint[]): CheckState {
  if (findings.some((finding) => fails(finding, "tokens"))) return "fail";
  const all = found.flatMap(({ tokens }) => tokens);
  if (all.length === 0) return "absent";
  const open = findings.filter(({ code }) => code === "token-untrusted" || code === "proof-unchecked");
  const unchecked = new Set(open.map(({ where }) => where));
  return all.every(({ path }) => unchecked.has(path)) ? "unchecked" : "pass";
}

/** Checkpoints that an entry or a file belongs to and that are not there. */
function missingCheckpoints(
  found: readonly FoundCheckpoint[],
  facts: LogFacts,
  kind: "vault" | "package",
): readonly Finding[] {
  const lost = new Map(found.filter(({ body }) => body === null).map(({ size, path }) => [size, path]));
  const sizes = new Set(found.map(({ size }) => size));
  for (const { checkpoint } of [...facts.tokens, ...facts.witnesses]) {
    if (!sizes.has(checkpoint)) lost.set(checkpoint, checkpointPath(checkpoint, kind));
  }
  const message = "a signature, a token or an entry belongs to this checkpoint, but it is missing";
  return [...lost.values()].map((path) => errorAt("checkpoint-missing", path, message));
}

function checkpointPath(size: number, kind: "vault" | "package"): string {
  const name = checkpointName(size);
  return kind === "vault" ? `log/${name}.checkpoint` : `proof/${name}/checkpoint`;
}

function pendingAnchor(newest: FoundCheckpoint | null): readonly Finding[] {
  if (newest === null || newest.tokens.length > 0) return [];
  const message = "no outside time-stamp over the newest checkpoint is here yet";
  return [noteAt("anchor-pending", newest.path, message)];
}

/** Whoever brings signers or roots asks for a signature or a time-stamp, so to them the lack of one is an error. */
function nothingSealed(
  found: readonly FoundCheckpoint[],
  newest: FoundCheckpoint | null,
  facts: LogFacts,
  trust: Trust,
  kind: "vault" | "package",
): readonly Finding[] {
  const findings: Finding[] = [];
  const where = kind === "vault" ? "log" : "proof";
  const isSigned = ({ body, signature }: FoundCheckpoint) => body !== null && signature !== null;
  if (kind === "vault" && facts.keys.length > 0 && !found.some(isSigned)) {
    const message = "the log names a key, but no checkpoint is signed with it";
    findings.push(noteAt("unsealed", where, message));
  }
  // In a package a checkpoint without a signature is an error of its own.
  if (trust.signers !== null && (newest === null || (kind === "vault" && newest.signature === null))) {
    const message = "you named signers, but there is no signature over the newest state that could be theirs";
    findings.push(errorAt("signature-absent", where, message));
  }
  const stamps = found.flatMap(({ tokens }) => tokens).filter((token) => token.kind === "rfc3161");
  if (trust.rootsNamed && stamps.length === 0) {
    const message = "you named roots of authorities, but there is no time-stamp that could lead to one";
    findings.push(errorAt("token-absent", where, message));
  }
  return findings;
}

/**
 * Compares a log with a checkpoint that somebody kept elsewhere (FORMAT.md §16): empty if the log, as it is, begins
 * with what they saw. `rootAt` returns null if the log has no such number of lines to compare.
 */
export function auditAgainst(
  held: Checkpoint,
  { origin, entries, rootAt }: Pick<LogFacts, "origin" | "entries" | "rootAt">,
): readonly Finding[] {
  if (held.origin !== origin)
    return [errorAt("other-log", "log", "the checkpoint you hold is from another vault")];
  if (entries !== null && held.size > entries) {
    const message = `history was cut: the checkpoint you hold has ${held.size} entries, this log has ${entries}`;
    return [errorAt("history-truncated", "log", message)];
  }
  const root = rootAt(held.size);
  if (root === null) {
    const message = `there is no checkpoint of ${held.size} entries here to compare with the one you hold`;
    return [noteAt("against-unchecked", "log", message)];
  }
  if (sameBytes(root, held.root)) return [];
  const message = `history was rewritten: the first ${held.size} entries are not those of the checkpoint you hold`;
  return [errorAt("history-rewritten", "log", message)];
}
