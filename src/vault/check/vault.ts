import { auditAgainst, auditCheckpoints, type CheckpointAudit } from "../../audit/checkpoints.js";
import { decidedBy, type Finding, leavesOpen, noteAt } from "../../audit/finding.js";
import type { LogAudit } from "../../audit/log.js";
import type { Trust } from "../../audit/log-facts.js";
import { withoutUnread } from "../../audit/unread.js";
import { auditWithdrawal } from "../../audit/withdrawal.js";
import { databaseState } from "../database-files.js";
import { oneIdByPart } from "../id-part.js";
import type { Intent } from "../journal.js";
import type { VaultLayout } from "../layout.js";
import { type AuditedVault, openForAudit } from "./opened.js";
import { auditRound, captureIn, type Round, type RoundOptions } from "./round.js";
import { readSnapshot, type Snapshot, type SnapshotOptions, touchedBetween } from "./snapshot.js";
import { hasAnnexes, ownFileFindings } from "./vault-files.js";

export interface VaultAudit {
  readonly findings: readonly Finding[];
  /** Null if the database could not be read. */
  readonly log: LogAudit | null;
  /** The captures that were audited; null for all. */
  readonly only: ReadonlySet<string> | null;
  /** How much was read. */
  readonly counts: Readonly<Record<keyof typeof nothing, number>> & {
    /** Captures that are withdrawn and so not checked; left out where none is. */
    readonly withdrawn?: number;
  };
  /** Null where the database could not be read. */
  readonly checkpoints: CheckpointAudit | null;
}

const nothing = { checkpoints: 0, tokens: 0, objects: 0, files: 0, bytes: 0, annexes: 0 };

export interface AuditOptions extends SnapshotOptions, Omit<RoundOptions, "logAlone"> {
  /**
   * Parts of the ids of captures. Only their objects and annexes are audited, but always the log and the database. The
   * log says which captures there are, whatever the index says. Null for all; if it is empty, only the database and
   * `log/` are examined.
   */
  readonly parts: readonly string[] | null;
  readonly trust: Trust;
  /**
   * Awaited once, before what could not be checked is examined again; `state` is what `databaseState` said at the end
   * of the previous look.
   */
  readonly beforeSecondLook: (layout: VaultLayout, state: string) => Promise<void>;
}

/** How often captures that a writer touched meanwhile are examined again before they are left unchecked. */
const rounds = 8;

/** What is audited of the captures: null for all. */
type Task = AuditOptions & RoundOptions & { readonly only: ReadonlySet<string> | null };

/**
 * Audits a vault from its stored bytes: log, index, objects, annexes, the vault's own files. Reports everything that is
 * not as recorded and changes nothing. A writer may be at work: the log is read first, then what lies on disk, and
 * captures about which the log or the journal says something new at the end are audited again. What cannot be checked,
 * such as a commit that has begun or a file that cannot be read, is examined a second time and then left unchecked.
 * Throws `no-vault`, on an abort, and `not-found` for a part that does not belong to exactly one id.
 */
export async function auditVault(root: string, asked: AuditOptions): Promise<VaultAudit> {
  const opened = openForAudit(root);
  try {
    return await auditOpened(opened, asked);
  } finally {
    opened.reader?.close();
  }
}

async function auditOpened(opened: AuditedVault, asked: AuditOptions): Promise<VaultAudit> {
  const { layout, reader } = opened;
  if (reader === null) return withoutLog(layout, opened.findings);
  const snapshot = await readSnapshot(reader, asked);
  if (!("log" in snapshot)) return withoutLog(layout, [...opened.findings, ...snapshot]);
  const idOf = (part: string) => oneIdByPart(snapshot.captures.keys(), part);
  const only = asked.parts && new Set(asked.parts.map(idOf));
  const options: Task = { ...asked, only, logAlone: only?.size === 0 };
  let round = await auditRound(layout, snapshot, options.only, options);
  let state = opened.state;
  let hasWaited = false;
  const files = new Map(round.files);
  const earlier = new Map<string, readonly Finding[]>(round.captures);
  for (let count = 1; ; count += 1) {
    const moved = databaseState(layout) !== state;
    if (!moved && (hasWaited || !isOpen(round, earlier))) break;
    const again = moved ? [] : openCaptures(round, earlier);
    if (!moved) {
      hasWaited = true;
      await options.beforeSecondLook(layout, state);
    }
    const next = await readAgain(layout, options);
    if (next === null) {
      const message = "it could not be read a second time: what was written meanwhile was not checked";
      round = { ...round, vault: [...round.vault, beingWritten("vault.db", message)] };
      break;
    }
    state = next.state;
    const touched = touchedBetween(round.snapshot, next.snapshot);
    const scope = new Set(
      [...touched, ...again].filter((id) => options.only === null || options.only.has(id)),
    );
    if (count === rounds) {
      return conclude(opened, unsettled(round, touched), unsettledCaptures(earlier, touched), files, options);
    }
    round = await auditRound(layout, next.snapshot, scope, options);
    for (const [path, bytes] of round.files) files.set(path, bytes);
    for (const [id, findings] of round.captures) earlier.set(id, findings);
  }
  return conclude(opened, round, earlier, files, options);
}

/** Captures of which something could not be checked: a commit that has begun, a file that could not be read. */
function openCaptures(
  { snapshot }: Round,
  captures: ReadonlyMap<string, readonly Finding[]>,
): readonly string[] {
  const open = [...captures].filter(([, findings]) => findings.some((one) => leavesOpen(one, "hashes")));
  return [...new Set([...open.map(([id]) => id), ...snapshot.intents.keys()])];
}

function isOpen(round: Round, captures: ReadonlyMap<string, readonly Finding[]>): boolean {
  return (
    openCaptures(round, captures).length > 0 ||
    round.unread.length > 0 ||
    // What no entry names may be what a writer has just put there.
    round.vault.some((one) => (one.code === "stray" && one.severity === "error") || leavesOpen(one, "hashes"))
  );
}

/** The database as it is now, opened anew; null when it cannot be read any more. */
async function readAgain(
  layout: VaultLayout,
  options: AuditOptions,
): Promise<{ readonly snapshot: Snapshot; readonly state: string } | null> {
  const { reader, state } = openForAudit(layout.root);
  if (reader === null) return null;
  try {
    const snapshot = await readSnapshot(reader, options);
    return "log" in snapshot ? { snapshot, state } : null;
  } finally {
    reader.close();
  }
}

/** After the last round: what a writer kept changing is reported as unchecked, and nothing is claimed about it. */
function unsettled(round: Round, touched: ReadonlySet<string>): Round {
  const { entries } = round.snapshot.log;
  const { checkpoints } = round.snapshot.folder;
  const folder = { ...round.snapshot.folder, checkpoints: checkpoints.filter(({ size }) => size <= entries) };
  return {
    ...round,
    snapshot: { ...round.snapshot, folder, segmentFindings: [], indexFindings: [] },
    vault: round.vault.filter(({ where }) => !touched.has(captureIn(where) ?? "")),
  };
}

function unsettledCaptures(
  captures: ReadonlyMap<string, readonly Finding[]>,
  touched: ReadonlySet<string>,
): ReadonlyMap<string, readonly Finding[]> {
  const message = "another process kept writing to it: it was not checked";
  return new Map([...captures, ...[...touched].map((id) => [id, [beingWritten(id, message)]] as const)]);
}

function beingWritten(where: string, message: string): Finding {
  return noteAt("being-written", where, message);
}

async function conclude(
  { layout, findings: ofDatabase }: AuditedVault,
  round: Round,
  captures: ReadonlyMap<string, readonly Finding[]>,
  files: ReadonlyMap<string, number>,
  { only, held, trust }: Task,
): Promise<VaultAudit> {
  const { snapshot } = round;
  const { facts } = snapshot;
  const found = snapshot.folder.checkpoints;
  const checkpoints = await auditCheckpoints(found, facts, trust, "vault");
  const intents = [...snapshot.intents.values()].filter(({ capture }) => only === null || only.has(capture));
  const ofSeal = [
    ...snapshot.segmentFindings,
    ...checkpoints.findings,
    ...held.flatMap((one) => auditAgainst(one, facts)),
  ];
  const sealed = decidedBy(ofSeal, "signature") === "fail" ? 0 : checkpoints.signedSize;
  const settled = [...captures].flatMap(([id, found]) => {
    const capture = snapshot.captures.get(id);
    if (!capture?.withdrawal) return found;
    return auditWithdrawal(capture, capture.withdrawal, found, files.keys(), sealed);
  });
  const present = hasAnnexes(layout);
  const ofCaptures = settled.filter(({ code }) => present || code !== "annex-absent");
  const withdrawn = new Set(settled.filter(({ code }) => code === "withdrawn").map(({ where }) => where));
  const objects = [...snapshot.captures.values()].filter(
    ({ id, object }) => object !== null && !withdrawn.has(id) && (only === null || only.has(id)),
  );
  const all: readonly Finding[] = [
    ...ofDatabase,
    ...snapshot.findings,
    ...snapshot.indexFindings,
    ...ofSeal,
    ...round.vault,
    ...ofCaptures,
    ...intents.map(intentNote),
    ...snapshot.folder.unread.map(unreadSeal),
  ];
  return {
    findings: withoutUnread(all, round.unread),
    log: snapshot.log,
    only,
    counts: {
      checkpoints: found.filter(({ body }) => body !== null).length,
      tokens: found.reduce((sum, { tokens }) => sum + tokens.length, 0),
      objects: objects.length,
      files: files.size,
      bytes: [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
      annexes: [...files.keys()].filter((path) => /^private\/[^/]+\/(?:v\d+\/)?annex\.json$/.test(path))
        .length,
      ...(withdrawn.size === 0 ? {} : { withdrawn: withdrawn.size }),
    },
    checkpoints,
  };
}

function withoutLog(layout: VaultLayout, findings: readonly Finding[]): VaultAudit {
  const all = [...findings, ...ownFileFindings(layout, null)];
  return { findings: all, log: null, only: null, counts: nothing, checkpoints: null };
}

function unreadSeal(where: string): Finding {
  const message = "the system refuses to read it: signatures and time-stamps were not all checked";
  return noteAt("seal-unreadable", where, message);
}

function intentNote(intent: Intent): Finding {
  const message = `a commit (${intent.event}) was interrupted or is still going on, and was not checked; the next command that writes finishes it and logs that`;
  return noteAt("commit-interrupted", intent.capture, message);
}
