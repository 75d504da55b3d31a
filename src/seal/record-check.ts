import { refuseMissingVault } from "../vault/reader.js";
import { closeVault, logEntry } from "../vault/vault.js";
import type { VerifyReport } from "../verify/reports.js";
import { checkVault, type VerifyRequest } from "../verify/vault.js";
import type { World } from "../world.js";
import { type HeadReport, sealHead } from "./checkpoint.js";
import { openForWriting } from "./open-vault.js";

/**
 * Finishes what was interrupted, checks, and logs the check, all under the writer lock: the log says of itself what
 * was found in the state it was logged in. Never makes a vault. Throws what `checkVault` throws, and where the vault
 * cannot be written to.
 */
export async function recordCheck(
  request: VerifyRequest,
  world: World,
  onHead: (head: HeadReport) => void = () => undefined,
): Promise<VerifyReport> {
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world, () => undefined);
  try {
    const { report, only } = await checkVault(request, world);
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
