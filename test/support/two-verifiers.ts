import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import { type PackageFiles, writeFolder } from "./packages.js";
import { hasPython, openSecondOpinion } from "./second-opinion.js";
import { temporaryFolder, testWorld } from "./vaults.js";

interface Found {
  /** Where the package lies, for verify.sh. */
  readonly path: string;
  readonly report: PackageReport;
  /** `severity code where` of the findings that were asked for. */
  readonly findings: readonly string[];
  /** What the checker brought, as words for a command line. */
  readonly argv: readonly string[];
}

type Named = Readonly<Record<"code" | "severity" | "where", string>>;

/**
 * This program and the second opinion, asked about packages that are written into `scratch`; both are gone after the last
 * test of the file that opens them.
 */
export function openVerifiers() {
  const scratch = temporaryFolder();
  const secondOpinion = hasPython ? openSecondOpinion() : null;
  afterAll(async () => {
    await secondOpinion?.end();
    scratch.remove();
  });
  let count = 0;

  /** Asks both about a package; where their answers differ, or their findings of the codes that count, that is an error. */
  async function ask(
    files: PackageFiles,
    counts: (code: string) => boolean,
    {
      signers = null,
      tsaCa = null,
    }: { readonly signers?: string | null; readonly tsaCa?: string | null } = {},
  ): Promise<Found> {
    count += 1;
    const path = writeFolder(files, join(scratch.path, `package-${count}`));
    const argv = [...kept("--signers", signers), ...kept("--tsa-ca", tsaCa)];
    const request = { path, against: null, signers, tsaCa, quick: false };
    const report = await verifyPackage(request, testWorld());
    const opinion = (said: typeof report) => {
      const { hashes, chain, signature, tokens } = said;
      return { findings: linesOf(said.findings, counts), hashes, chain, signature, tokens };
    };
    const ours = opinion(report);
    if (secondOpinion !== null) {
      const { stdout } = await secondOpinion.ask([...argv, path]);
      expect(opinion(JSON.parse(stdout))).toEqual(ours);
    }
    return { path, report, findings: ours.findings, argv };
  }

  function kept(option: string, text: string | null): readonly string[] {
    if (text === null) return [];
    const path = join(scratch.path, `brought${option}`);
    writeFileSync(path, text);
    return [option, path];
  }

  return { scratch, ask };
}

function linesOf(findings: readonly Named[], counts: (code: string) => boolean): readonly string[] {
  return findings
    .filter(({ code }) => counts(code))
    .map(({ code, severity, where }) => `${severity} ${code} ${where}`)
    .sort();
}
