import { restsOnNothing } from "../audit/checkpoints.js";
import { decidedBy, type Finding } from "../audit/finding.js";
import { hasErrors, isGood, sealStates } from "../audit/verdict.js";
import { pause } from "../capture/turns.js";
import { HoldfastError } from "../core/words/error.js";
import type { CheckState, VerifyReport, World } from "../outcome.js";
import { type HeadReport, sealHead } from "../seal/checkpoint.js";
import { openForWriting } from "../seal/open-vault.js";
import { waitForWriter } from "../vault/check/second-look.js";
import { auditVault, type VaultAudit } from "../vault/check/vault.js";
import { openForAudit, refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry } from "../vault/vault.js";
import { limitSentences } from "./caveats.js";
import { type Brought, heldCheckpoint, trustOf } from "./trust.js";

export interface VerifyRequest {
  readonly vault: string;
  /** Parts of capture ids; empty means the whole vault. The log is audited in any case. */
  readonly ids: readonly string[];
  /** SHA-256 only. */
  readonly quick: boolean;
  /** Write to the log that this check was made; without it nothing is written at all. */
  readonly record: boolean;
  /** What the checker got from elsewhere; nothing where it is left out. */
  readonly brought?: Brought;
}

const nothing: Brought = { against: null, signers: null, tsaCa: null };

/**
 * Audits a vault or some captures of it. Reports everything that is not as recorded; throws only where no vault is, on
 * an abort, and with `record` where the vault cannot be written to.
 */
export async function verifyVault(
  request: VerifyRequest,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<VerifyReport> {
  return request.record ? recordCheck(request, world, onHead) : (await check(request, world)).report;
}

/** Which captures a check was about; null for the whole vault. */
interface Checked {
  readonly report: VerifyReport;
  readonly only: ReadonlySet<string> | null;
}

async function check(request: VerifyRequest, world: World): Promise<Checked> {
  const brought = request.brought ?? nothing;
  const [held, trust] = [heldCheckpoint(brought), trustOf(brought)];
  const opened = openForAudit(request.vault);
  try {
    const audit = await auditVault(opened, {
      quick: request.quick,
      parts: request.ids.length === 0 ? null : request.ids,
      held,
      trust,
      signal: world.signal,
      beforeSecondLook: (state) => waitForWriter(opened.layout, state, (ms) => pause(ms, world.signal)),
      onProgress: (done, total) =>
        world.progress({
          subject: "vault",
          stage: "verify",
          detail: "files",
          done,
          total,
          speed: null,
          etaSeconds: null,
        }),
    });
    if (audit.log === null && request.ids.length > 0) throw unusableLog(request.ids, audit.findings);
    return { report: buildReport(audit, request.quick, brought), only: audit.only };
  } finally {
    opened.reader?.close();
  }
}

/**
 * Finishes what was interrupted, checks, and logs the check, all under the writer lock: the log says of itself what
 * was found in the state it was logged in. Never makes a vault.
 */
async function recordCheck(
  request: VerifyRequest,
  world: World,
  onHead: (head: HeadReport) => void,
): Promise<VerifyReport> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world, () => undefined);
  try {
    const { report, only } = await check(request, world);
    logEntry(vault, "fixity-check", {
      scope: only === null ? "vault" : [...only],
      ok: report.ok,
      findings: report.findings.length,
      checked: report.checked,
    });
    // Signed like every other entry, but a check asks nobody outside for anything.
    const offline = { ...world, env: { ...world.env, HOLDFAST_OFFLINE: "1" } };
    onHead(await sealHead(vault, offline, { proxy: null, allowPrivate: false, force: false }));
    return report;
  } finally {
    closeVault(vault);
  }
}

function unusableLog(ids: readonly string[], findings: readonly Finding[]): HoldfastError {
  const why = findings
    .filter(({ where }) => where.startsWith("vault.db"))
    .map(({ code, message }) => `${message} (${code})`)
    .join("; ");
  return new HoldfastError(
    hasErrors(findings) ? "not-as-recorded" : "io",
    `looking up ${ids.join(" and ")}: vault.db cannot be used: ${why}`,
    "run 'holdfast verify' without an id",
  );
}

function buildReport(audit: VaultAudit, quick: boolean, brought: Brought): VerifyReport {
  const { findings, checkpoints } = audit;
  const entries = audit.log?.entries ?? 0;
  const unsigned = Math.max(0, entries - (checkpoints?.signedSize ?? 0));
  const states = {
    hashes: hashState(audit),
    chain: audit.log === null ? "unchecked" : (decidedBy(findings, "chain") ?? "pass"),
    ...sealStates(findings, checkpoints),
  } as const;
  const rests_on = checkpoints?.restsOn ?? restsOnNothing;
  return {
    ok: isGood({
      states,
      findings,
      namedSigners: brought.signers !== null,
      namedRoots: brought.tsaCa !== null,
    }),
    ...states,
    checked: {
      entries,
      unsigned_entries: unsigned,
      checkpoints: audit.checkpointFiles.checkpoints,
      tokens: audit.checkpointFiles.tokens,
      objects: audit.objects,
      files: audit.files,
      bytes: audit.bytes,
      annexes: audit.annexes,
      digests_per_file: quick ? 1 : 2,
    },
    rests_on,
    findings,
    limits: limitSentences({
      ...states,
      agrees: !hasErrors(findings),
      quick,
      hasAnnexes: audit.hasAnnexes,
      unsigned,
      findings,
      brought,
    }),
  };
}

function hashState({ log, findings, files }: VaultAudit): CheckState {
  if (log === null) return "unchecked";
  return decidedBy(findings, "hashes") ?? (files === 0 ? "absent" : "pass");
}
