import { type CheckState, decidedBy, type Finding } from "../audit/finding.js";
import { restsOnNothing } from "../audit/log-facts.js";
import { hasErrors, isGood, sealStates } from "../audit/verdict.js";
import { HoldfastError } from "../core/words/error.js";
import type { IndexCheck } from "../vault/check/lines.js";
import { auditVault, type VaultAudit } from "../vault/check/vault.js";
import { waitForWriter } from "../vault/database-files.js";
import { pause, type World } from "../world.js";
import { showFiles, type VerifyReport } from "./reports.js";
import { type Brought, heldCheckpoints, namedIn, nothingBrought, trustOf } from "./trust.js";

export interface VerifyRequest {
  readonly vault: string;
  /** Parts of capture ids; empty means the whole vault. The log is audited in any case. */
  readonly ids: readonly string[];
  /** SHA-256 only. */
  readonly quick: boolean;
  /** What the checker got from elsewhere; nothing if it is left out. */
  readonly brought?: Brought;
  /** The check of the index, which decides none of the answers. */
  readonly index: IndexCheck;
}

/** The answer of `verify` for a vault, and which captures it is about; null for the whole vault. */
export interface VaultReport extends VerifyReport {
  readonly only: ReadonlySet<string> | null;
}

/**
 * Audits a vault or some captures of it, and writes nothing at all. Reports everything that is not as recorded; throws
 * only if there is no vault, and on an abort.
 */
export async function verifyVault(request: VerifyRequest, world: World): Promise<VaultReport> {
  const brought = request.brought ?? nothingBrought;
  const [held, trust] = [heldCheckpoints(brought), trustOf(brought)];
  const audit = await auditVault(request.vault, {
    quick: request.quick,
    parts: request.ids.length === 0 ? null : request.ids,
    held,
    trust,
    index: request.index,
    signal: world.signal,
    beforeSecondLook: (layout, state) => waitForWriter(layout, state, (ms) => pause(ms, world.signal)),
    onProgress: (done, total) => showFiles(world, "vault", done, total),
  });
  if (audit.log === null && request.ids.length > 0) throw unusableLog(request.ids, audit.findings);
  return { ...buildReport(audit, request.quick, brought), only: audit.only };
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
    ok: isGood({ states, findings, ...namedIn(brought) }),
    ...states,
    checked: {
      entries,
      unsigned_entries: unsigned,
      ...audit.counts,
      digests_per_file: quick ? 1 : 2,
    },
    rests_on,
    findings,
  };
}

function hashState({ log, findings, counts }: VaultAudit): CheckState {
  if (log === null) return "unchecked";
  return decidedBy(findings, "hashes") ?? (counts.files === 0 ? "absent" : "pass");
}
