import { join } from "node:path";
import type { CheckpointAudit } from "../audit/checkpoints.js";
import { type CheckState, decidedBy, type Finding } from "../audit/finding.js";
import type { FindingCode } from "../audit/finding-codes.js";
import type { LoggedCapture, LoggedVersion } from "../audit/log-captures.js";
import { restsOnNothing } from "../audit/log-facts.js";
import { isGood, sealStates } from "../audit/verdict.js";
import { auditWithdrawal } from "../audit/withdrawal.js";
import type { IndexCheck } from "../vault/check/lines.js";
import { auditVault, type VaultAudit } from "../vault/check/vault.js";
import { waitForWriter } from "../vault/database-files.js";
import { digestFile, isRefusal } from "../vault/digest-file.js";
import { pause, type World } from "../world.js";
import type { Answers, VerifyReport } from "./reports.js";
import { type Brought, heldCheckpoints, namedIn, trustOf } from "./trust.js";

export interface FileRequest {
  readonly vault: string;
  readonly file: string;
  /** What the checker got from elsewhere. */
  readonly brought: Brought;
  /** The check of the index, which decides none of the answers. */
  readonly index: IndexCheck;
}

/** The answer of `verify FILE`: where these bytes are in the vault. */
export interface FileReport extends Omit<VerifyReport, "checked"> {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly matches: readonly {
    readonly capture: string;
    readonly path: string;
    readonly entry: number;
    readonly since: string;
    readonly requested_url: string | null;
    /** Whether a signed checkpoint covers the entry. */
    readonly signed: boolean;
    /** The earliest time of a time-stamp that leads to a trusted root and is over a checkpoint that covers the entry; null if there is none. */
    readonly not_later_than: string | null;
  }[];
}

/** A file that the log states, with the entry that states it. */
interface Place {
  readonly capture: LoggedCapture;
  readonly version: LoggedVersion;
  readonly path: string;
}

/**
 * Says whether the log states a file of exactly these bytes, where, since when, and what that rests on. The whole log
 * is audited, line by line up to the signed checkpoints: an entry counts as covered by a checkpoint whose root is that
 * of the lines as they stand. Of the stored bytes, only the copies of this file are read. Throws if `file` cannot be
 * read, and `no-vault`; reads only.
 */
export async function verifyFile(request: FileRequest, world: World): Promise<FileReport> {
  const { brought } = request;
  const [held, trust] = [heldCheckpoints(brought), trustOf(brought)];
  world.signal.throwIfAborted();
  const { bytes, sha256 } = digestFile(request.file);
  const audit = await auditVault(request.vault, {
    quick: true,
    parts: [],
    held,
    trust,
    index: request.index,
    signal: world.signal,
    onProgress: () => undefined,
    beforeSecondLook: (layout, state) => waitForWriter(layout, state, (ms) => pause(ms, world.signal)),
  });
  const places = statedPlaces(audit, sha256);
  const holds = sealStates(audit.findings, audit.checkpoints).signature !== "fail";
  const sealed = holds ? (audit.checkpoints?.signedSize ?? 0) : 0;
  const copies = places.map((place) => {
    const { capture } = place;
    const found = compareCopy(request.vault, place, sha256);
    return capture.withdrawal === null
      ? found
      : auditWithdrawal(capture, capture.withdrawal, found, [], sealed);
  });
  const matches = places.map((place) => matchOf(place, holds ? audit.checkpoints : null));
  return buildReport(request, { bytes, sha256, audit, matches, copies });
}

/** The files that have this digest according to the log, in its order, whatever the index says. */
function statedPlaces({ log }: VaultAudit, sha256: string): readonly Place[] {
  const captures = log === null ? [] : [...log.captures.values()];
  return captures
    .flatMap((capture) =>
      capture.versions.flatMap((version) =>
        version.files
          .filter((file) => file.sha256 === sha256)
          .map(({ path }) => ({ capture, version, path })),
      ),
    )
    .sort((a, b) => a.version.entry - b.version.entry);
}

/** What is wrong with the stored copy. */
function compareCopy(root: string, { capture, version, path }: Place, sha256: string): readonly Finding[] {
  const where = `${capture.object ?? `objects of ${capture.id}`}/${version.version}/content/${path}`;
  const finding = (code: FindingCode, severity: Finding["severity"], message: string): Finding[] => [
    { code, severity, where, message },
  ];
  // A path outside the object of its capture is a finding about the log, and must not be followed.
  if (capture.object === null || !/^v[1-9]\d*$/.test(version.version) || /(^|\/)\.\.?(\/|$)/.test(path)) {
    return finding("file-missing", "error", "it lies in no object");
  }
  try {
    const stored = digestFile(join(root, where));
    if (stored.sha256 === sha256) return [];
    return finding("file-changed", "error", "the stored copy is not as the log states");
  } catch (error) {
    return isRefusal(error)
      ? finding("file-unreadable", "note", "the stored copy cannot be read, and was not checked")
      : finding("file-missing", "error", "the stored copy is missing or not a regular file");
  }
}

/** `checkpoints` are those that hold: null if one does not fit the log or its signature, since none is then shown to cover an entry. */
function matchOf(
  { capture, version, path }: Place,
  checkpoints: CheckpointAudit | null,
): FileReport["matches"][number] {
  const times = (checkpoints?.restsOn.authorities ?? [])
    .filter(({ checkpoint, trusted }) => trusted && checkpoint >= version.entry)
    .map(({ gen_time }) => gen_time)
    .sort();
  return {
    capture: capture.id,
    path,
    entry: version.entry,
    since: version.at,
    requested_url: capture.url,
    signed: version.entry <= (checkpoints?.signedSize ?? 0),
    not_later_than: times[0] ?? null,
  };
}

interface Found {
  readonly bytes: number;
  readonly sha256: string;
  readonly audit: VaultAudit;
  readonly matches: FileReport["matches"];
  readonly copies: readonly (readonly Finding[])[];
}

function buildReport(
  { file, brought }: FileRequest,
  { bytes, sha256, audit, matches, copies }: Found,
): FileReport {
  const isKnown = matches.length > 0;
  const unknown: Finding = {
    code: "not-in-vault",
    severity: "error",
    where: file,
    message: "no entry of the log states a file of these bytes",
  };
  const findings = [...audit.findings, ...copies.flat(), ...(isKnown || audit.log === null ? [] : [unknown])];
  const states = statesOf(audit, findings, matches);
  const named = namedIn(brought);
  const [covered, stamped] = [states.signature !== "absent", states.tokens !== "absent"];
  const asked = (covered || !named.namedSigners) && (stamped || !named.namedRoots);
  const good = isGood({ states, findings, ...named });
  return {
    ok: isKnown && good && asked,
    ...states,
    file,
    bytes,
    sha256,
    matches,
    rests_on: audit.checkpoints?.restsOn ?? restsOnNothing,
    findings,
  };
}

/** For this file: what no signed checkpoint covers has no signature, and what no time-stamp covers has none. */
function statesOf(
  { log, checkpoints }: VaultAudit,
  findings: readonly Finding[],
  matches: FileReport["matches"],
): Answers {
  const { signature, tokens } = sealStates(findings, checkpoints);
  const isSigned = matches.some(({ signed }) => signed);
  const isStamped = matches.some(({ not_later_than }) => not_later_than !== null);
  const withdrawn = new Set(findings.filter(({ code }) => code === "withdrawn").map(({ where }) => where));
  const isStored = matches.some(({ capture }) => !withdrawn.has(capture));
  if (log === null) return { hashes: "unchecked", chain: "unchecked", signature, tokens };
  return {
    hashes: decidedBy(findings, "hashes") ?? (isStored ? "pass" : "absent"),
    chain: decidedBy(findings, "chain") ?? "pass",
    signature: signature === "pass" && !isSigned ? "absent" : signature,
    tokens:
      isSigned || signature === "fail"
        ? tokenState(tokens, isStamped)
        : tokens === "fail"
          ? "fail"
          : "absent",
  };
}

/** If all tokens that were traced to a root are over earlier checkpoints, none of them is about this entry. */
function tokenState(tokens: CheckState, isStamped: boolean): CheckState {
  return tokens === "pass" && !isStamped ? "unchecked" : tokens;
}
