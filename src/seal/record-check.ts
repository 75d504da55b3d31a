import { refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry } from "../vault/vault.js";
import type { VerifyReport } from "../verify/reports.js";
import { type VerifyRequest, verifyVault } from "../verify/vault.js";
import type { World } from "../world.js";
import { type HeadReport, sealHead } from "./checkpoint.js";
import { openForWriting } from "./open-vault.js";

/**
 * Finishes interrupted work, checks the vault and logs the check, all under the writer lock, so that the entry describes
 * the state it was appended to. Never makes a vault. Throws whatever `verifyVault` throws, and if the vault cannot be
 * written to.
 */
export async function recordCheck(
  request: VerifyRequest,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<VerifyReport> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world);
  try {
    const report = await verifyVault(request, world);
    const { only } = report;
    logEntry(vault, "fixity-check", {
      scope: only === null ? "vault" : [...only],
      ok: report.ok,
      findings: report.findings.length,
      checked: report.checked,
    });
    // The entry is signed like any other, but a check makes no network request.
    const offline = { ...world, env: { ...world.env, HOLDFAST_OFFLINE: "1" } };
    onHead(await sealHead(vault, offline, { proxy: null, allowPrivate: false, force: false }));
    return report;
  } finally {
    closeVault(vault);
  }
}
