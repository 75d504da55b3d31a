import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { Finding } from "../../src/audit/finding.js";
import type { FindingCode } from "../../src/audit/finding-codes.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { verifyPackage } from "../../src/verify/package.js";
import { verifyVault } from "../../src/verify/vault.js";
import { applyDamage, type DamageScenario, fill } from "../support/damage.js";
import { makeReferences, type Reference } from "../support/damage-references.js";
import { hasPython, openSecondOpinion } from "../support/second-opinion.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";

/*
 * A scenario of `test/vectors/damage/`, put to three verifiers: the one of this repository, the one in Python, where there is one on
 * this machine, and verify.sh. What is made here lasts until the tests of the file that imports it are over.
 */

export const script = join(import.meta.dirname, "../../schemas/package/verify.sh");
/** The steps of EVIDENCE.md §10 that a step of verify.sh does; its first one reads a version, which no step there does. */
const stepsByHand: Readonly<Record<string, readonly string[]>> = {
  version: ["0"],
  names: ["2"],
  tagmanifests: ["1"],
  manifests: ["1"],
  complete: ["2"],
  entries: ["3"],
  inclusion: ["4"],
  checkpoints: ["4", "7"],
  list: ["3"],
  tokens: ["5", "7"],
  signature: ["6"],
  witnesses: ["6"],
  files: ["9"],
  annex: ["10"],
  against: ["11"],
};
/** Codes that FORMAT.md §18 leaves to a reader that rebuilds the index, or that are about the machine. */
const ofThisReader = new Set<string>([
  "index-differs",
  "index-conflict",
  "index-damaged",
  "index-older",
  "index-unchecked",
  "being-written",
  "database-wal",
  "not-read-only",
  "hard-linked",
  "lock-not-ours",
  "unreadable",
] satisfies readonly FindingCode[]);

export interface Opinion {
  readonly findings: readonly string[];
  readonly answers: Readonly<Record<string, string>>;
}

/** One line for each finding, so that a difference can be read. */
export function opinion(report: {
  readonly findings: readonly Pick<Finding, "code" | "severity" | "where">[];
  readonly hashes: string;
  readonly chain: string;
  readonly signature: string;
  readonly tokens: string;
}): Opinion {
  const { hashes, chain, signature, tokens } = report;
  const lines = report.findings
    .filter(({ code }) => !ofThisReader.has(code))
    .map(({ code, severity, where }) => `${severity} ${code} ${where}`);
  return { findings: [...new Set(lines)].sort(), answers: { hashes, chain, signature, tokens } };
}

export const scratch = temporaryFolder();
export let references: Readonly<Record<"vault" | "package", Reference>>;
export const untouched = new Map<string, Opinion>();
export const secondOpinion = hasPython ? openSecondOpinion() : null;
beforeAll(async () => {
  references = await makeReferences(scratch.path);
  for (const target of ["vault", "package"] as const) {
    untouched.set(target, await ours(references[target].root, target, {}));
  }
});
afterAll(async () => {
  await secondOpinion?.end();
  scratch.remove();
});

type Texts = Readonly<Record<string, string>>;

export async function ours(root: string, target: "vault" | "package", texts: Texts): Promise<Opinion> {
  const { against = null, signers = null, tsa_ca: tsaCa = null } = texts;
  const brought = { against, signers, tsaCa };
  if (target === "package")
    return opinion(await verifyPackage({ path: root, quick: false, ...brought }, testWorld()));
  return opinion(
    await verifyVault({ vault: root, ids: [], quick: false, brought, index: indexCheck }, testWorld()),
  );
}

/** What the checker brings, as texts and as files for a command line. */
function brought(scenario: DamageScenario): { readonly texts: Texts; readonly argv: readonly string[] } {
  const texts: Record<string, string> = {};
  const argv: string[] = [];
  for (const [key, name] of Object.entries(scenario.trust ?? {})) {
    const text = references[scenario.target].texts[name];
    if (text === undefined) throw new Error(`nobody has ${name}`);
    texts[key] = text;
    writeFileSync(join(scratch.path, key), text);
    argv.push(`--${key.replace("_", "-")}`, join(scratch.path, key));
  }
  return { texts, argv };
}

/** Names of steps in what verify.sh said. */
export function stepsOf(said: string, pattern: RegExp): readonly string[] {
  return [...said.matchAll(pattern)].map(([, step = ""]) => step);
}

/** Damages a copy of the reference and has it judged here and in Python: both find what the scenario says, and nothing else. */
export async function judge(scenario: DamageScenario): Promise<void> {
  const { target } = scenario;
  const { names, others } = references[target];
  const root = join(scratch.path, "damaged");
  execFileSync("rm", ["-rf", root]);
  execFileSync("cp", ["-a", references[target].root, root]);
  applyDamage(root, scenario.steps, names, others);
  const { texts, argv } = brought(scenario);

  const found = await ours(root, target, texts);
  const known = untouched.get(target)?.findings ?? [];
  const wanted = scenario.expect.map(
    ({ code, severity, where }) => `${severity} ${code} ${fill(where, names)}`,
  );
  expect(found.findings.filter((line) => !known.includes(line))).toEqual(wanted.sort());
  expect(found.answers).toEqual(scenario.answers);

  if (secondOpinion !== null) {
    const { stdout, stderr, status } = await secondOpinion.ask([...argv, root]);
    expect(stderr).toBe("");
    expect(opinion(JSON.parse(stdout))).toEqual(found);
    expect(status).toBe(found.findings.some((line) => line.startsWith("error")) ? 1 : 0);
  }
}

/** Has verify.sh judge the package that `judge` has just damaged in this way. */
export function judgeByHand(scenario: DamageScenario): void {
  const { argv } = brought(scenario);
  const { stdout, status } = spawnSync("sh", [script, ...argv, join(scratch.path, "damaged")], {
    encoding: "utf8",
  });
  expect(stepsOf(stdout, /^FAIL +(\S+)/gm)).toEqual(scenario.verify_sh);
  expect(status === 1).toBe(scenario.verify_sh?.length !== 0);
  // An older checkpoint that nothing here fits fails nothing, but verify.sh says so.
  const noticed = stepsOf(stdout, /^(?:FAIL +|UNCHECKED +(?=against))(\S+)/gm);
  const named = scenario.caught_by.match(/\d+/g) ?? [];
  expect(noticed.flatMap((step) => stepsByHand[step])).toEqual(expect.arrayContaining(named));
  expect(named.join(" and ") || "nothing").toBe(scenario.caught_by);
  expect(named.length > 0 || scenario.verify_sh?.length === 0).toBe(true);
}
