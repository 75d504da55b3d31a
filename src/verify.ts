import { join } from "node:path";
import { loggedVersion } from "./core/audit-log.js";
import { checkLine, firstLink } from "./core/chain.js";
import { HoldfastError } from "./core/error.js";
import type { Finding } from "./core/finding.js";
import type { CheckState, FileReport, VerifyReport, World } from "./outcome.js";
import { auditVault, type VaultAudit } from "./vault/audit-vault.js";
import { filesByDigest, oneCaptureByPart } from "./vault/captures.js";
import { digestFile } from "./vault/digest-file.js";
import { vaultLayout } from "./vault/layout.js";
import { listVault } from "./vault/listing.js";
import { openForAudit, openReader, type VaultReader } from "./vault/reader.js";
import { finishInterrupted } from "./vault/recovery.js";
import { closeVault, logEntry, openVault } from "./vault/vault.js";

export interface VerifyRequest {
  readonly vault: string;
  /** Parts of capture ids; empty means the whole vault. The log is audited in any case. */
  readonly ids: readonly string[];
  /** SHA-256 only. */
  readonly quick: boolean;
  /** Write to the log that this check was made; without it nothing is written at all. */
  readonly record: boolean;
}

/** Audits a vault or some captures of it. Reports everything that is not as recorded; throws only where no vault is. */
export async function verifyVault(request: VerifyRequest, world: World): Promise<VerifyReport> {
  const listing = listVault(vaultLayout(request.vault));
  const { layout, reader } = openForAudit(request.vault);
  try {
    const only = request.ids.length === 0 ? null : new Set(request.ids.map((part) => idOf(reader, part)));
    const audit = await auditVault(layout, reader?.database ?? null, listing, {
      quick: request.quick,
      only,
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
    const report = buildReport(audit, request.quick);
    if (request.record) await recordCheck(request, world, report, only);
    return report;
  } finally {
    reader?.close();
  }
}

/**
 * Says whether exactly these bytes are in the vault, in which captures and since which entries. Each answer of the
 * index is checked against the entry's own line and the stored copy; the rest of the log is not audited. Reads only.
 */
export async function verifyFile(
  request: { readonly vault: string; readonly file: string },
  world: World,
): Promise<FileReport> {
  world.signal.throwIfAborted();
  const { bytes, sha256 } = digestFile(request.file);
  const reader = openReader(request.vault);
  try {
    const places = filesByDigest(reader.database, sha256).map((row) =>
      checkPlace(reader.layout.root, row, sha256),
    );
    const matches = places.flatMap(({ match }) => match ?? []);
    const findings = places.flatMap(({ finding }) => finding ?? []);
    const unknown: Finding = {
      code: "not-in-vault",
      severity: "error",
      where: request.file,
      message: "these bytes are not in this vault",
    };
    return {
      ok: matches.length > 0 && findings.length === 0,
      file: request.file,
      bytes,
      sha256,
      matches,
      findings: places.length === 0 ? [unknown] : findings,
    };
  } finally {
    reader.close();
  }
}

type IndexedFile = ReturnType<typeof filesByDigest>[number];

/** One place the index names, with what the log and the disk say of it. */
function checkPlace(
  root: string,
  row: IndexedFile,
  sha256: string,
): { readonly match?: FileReport["matches"][number]; readonly finding?: Finding } {
  const where = `${row.object}: ${row.path}`;
  const error = (code: string, message: string) => ({
    finding: { code, severity: "error", where, message } as const,
  });
  const entry = checkLine(row.line, firstLink).entry;
  const version = entry && loggedVersion(entry.seq, entry.body);
  if (
    entry?.seq !== row.entry ||
    !version?.files.some((file) => file.path === row.path && file.sha256 === sha256)
  ) {
    return error("index-differs", `entry ${row.entry} does not name this file, the index does`);
  }
  try {
    const stored = digestFile(join(root, row.object, version.version, "content", row.path));
    if (stored.sha256 !== sha256) return error("file-changed", "the stored copy is not as the log states");
  } catch {
    return error("file-missing", "the stored copy is missing or cannot be read");
  }
  return {
    match: {
      capture: row.capture,
      path: row.path,
      entry: row.entry,
      since: entry.at,
      requested_url: row.url,
    },
  };
}

function idOf(reader: VaultReader | null, part: string): string {
  if (reader) return oneCaptureByPart(reader.database, part).id;
  throw new HoldfastError(
    "not-found",
    `looking up ${part}: vault.db is missing`,
    "run 'holdfast verify' without an id",
  );
}

function buildReport(audit: VaultAudit, quick: boolean): VerifyReport {
  const { findings } = audit;
  const errors = findings.filter(({ severity }) => severity === "error");
  const ofLog = (code: string) => /^(log-|entry-|database-|schema-|index-)/.test(code);
  return {
    ok: errors.length === 0,
    hashes: hashState(
      audit,
      errors.some(({ code }) => !ofLog(code)),
    ),
    chain: audit.log === null ? "fail" : stateOf(errors.some(({ code }) => ofLog(code))),
    // Checkpoints are not part of this version's log: there is nothing to check, and that is said.
    signature: "absent",
    tokens: "absent",
    checked: {
      entries: audit.log?.entries ?? 0,
      objects: audit.objects,
      files: audit.files,
      bytes: audit.bytes,
      annexes: audit.annexes,
      digests_per_file: quick ? 1 : 2,
    },
    findings,
    limits: limitSentences(quick),
  };
}

function hashState(audit: VaultAudit, failed: boolean): CheckState {
  if (audit.log === null) return "unchecked";
  return audit.files === 0 && !failed ? "absent" : stateOf(failed);
}

function stateOf(failed: boolean): CheckState {
  return failed ? "fail" : "pass";
}

/** What this check cannot show, in the words of EVIDENCE §11. */
function limitSentences(quick: boolean): readonly string[] {
  return [
    "This compares stored bytes, records and log with each other. It shows no change since they were logged; it says nothing about before.",
    "The log is not signed or time-stamped: somebody with write access could have rewritten all of it. Only a copy held by somebody else rules that out.",
    "It does not show that footage is genuine, nor who made it, where or when.",
    ...(quick ? ["Only SHA-256 was compared, as --quick asks."] : []),
  ];
}

async function recordCheck(
  request: VerifyRequest,
  world: World,
  report: VerifyReport,
  only: ReadonlySet<string> | null,
): Promise<void> {
  const vault = await openVault(request.vault, { ...world, onWait: () => undefined });
  try {
    finishInterrupted(vault);
    logEntry(vault, "fixity-check", {
      scope: only === null ? "vault" : [...only],
      ok: report.ok,
      findings: report.findings.length,
      checked: report.checked,
    });
  } finally {
    closeVault(vault);
  }
}
