import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CheckState, decidedBy, type Finding } from "../../src/audit/finding.js";
import { type FindingCode, findingKinds, type Question } from "../../src/audit/finding-codes.js";
import { sealStates } from "../../src/audit/verdict.js";
import type { DamageScenario } from "../support/damage.js";
import { readVectors } from "../support/vectors.js";

/*
 * What a finding decides must not depend on who finds it. Where a verifier knows codes, each code is put to what it answers with;
 * verify.sh knows none, so its steps are held against the codes of the packages that `second-opinion.test.ts` spoils for all three.
 */

const many = join(import.meta.dirname, "../second-opinion/many.py");
const hasPython =
  spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
const codes = Object.keys(findingKinds).filter((code): code is FindingCode => code in findingKinds);
const every = codes.flatMap((code) =>
  findingKinds[code].severities.map((severity): Finding => ({ code, severity, where: "x", message: "x" })),
);

type Answers = Readonly<Record<Question, CheckState>>;

/** What the table says of one finding where all else is in order. */
function due({ code, severity }: Finding): Answers {
  const { fails, opens } = findingKinds[code];
  const answer = (question: Question) => {
    if (severity === "error" && fails.includes(question)) return "fail";
    return severity === "note" && opens.includes(question) ? "unchecked" : "pass";
  };
  return {
    hashes: answer("hashes"),
    chain: answer("chain"),
    signature: answer("signature"),
    tokens: answer("tokens"),
  };
}

function ours(finding: Finding): Answers {
  const alone = (question: Question): CheckState => decidedBy([finding], question) ?? "pass";
  const seals = { signature: alone("signature"), tokens: alone("tokens") };
  return { hashes: alone("hashes"), chain: alone("chain"), ...sealStates([finding], seals) };
}

describe("every code decides the same four answers", () => {
  it("here as in the table", () => {
    expect(every.length).toBeGreaterThan(140);
    expect(every.map((finding) => [finding, ours(finding)])).toEqual(
      every.map((finding) => [finding, due(finding)]),
    );
  });

  it.skipIf(!hasPython)("and in the second opinion, which knows no code besides", () => {
    const stray = { code: "file-odd", severity: "error", where: "x" };
    const asked = [...every.map((finding) => ({ findings: [finding] })), { findings: [stray] }];
    const run = spawnSync("python3", ["-B", many], {
      input: asked.map((one) => `${JSON.stringify(one)}\n`).join(""),
      encoding: "utf8",
    });
    const told = run.stdout
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(told).toEqual(every.map(due));
    expect(run.stderr).toContain("KeyError: 'file-odd'");
  });
});

type Step =
  | "names"
  | "version"
  | "tagmanifests"
  | "manifests"
  | "complete"
  | "entries"
  | "inclusion"
  | "checkpoints"
  | "list"
  | "tokens"
  | "signature"
  | "witnesses"
  | "against"
  | "files"
  | "annex";

/** The answers that a step of verify.sh is about. */
const answersOf: Readonly<Record<Step, readonly Question[]>> = {
  names: ["hashes"],
  version: ["hashes"],
  tagmanifests: ["hashes"],
  manifests: ["hashes"],
  complete: ["hashes"],
  // Ids that stand twice, and captures that are not there, are looked for beside the lines.
  entries: ["chain", "hashes"],
  // A proof that belongs to no entry is a file too many.
  inclusion: ["chain", "hashes"],
  checkpoints: ["signature", "chain", "tokens"],
  list: ["chain"],
  tokens: ["tokens", "chain"],
  signature: ["signature"],
  witnesses: ["signature"],
  against: ["signature"],
  files: ["hashes"],
  annex: ["hashes"],
};

/**
 * Where verify.sh fails on what has this code: at one of these steps at least, or at the names or version, behind which it
 * reads nothing. A code that is not here it does not know.
 */
const stepsOf: Partial<Readonly<Record<FindingCode, readonly Step[]>>> = {
  "log-not-json": ["entries"],
  "log-not-canonical": ["entries"],
  "log-empty": ["entries", "inclusion", "checkpoints", "list", "signature", "files"],
  "capture-unknown": ["entries"],
  "entry-foreign": ["entries", "tokens", "files"],
  "entry-missing": ["list"],
  "export-begun-missing": ["list", "entries"],
  "export-begun-wrong": ["list"],
  "inclusion-missing": ["inclusion"],
  "inclusion-wrong": ["inclusion", "checkpoints"],
  "checkpoint-malformed": ["checkpoints", "list"],
  "checkpoint-missing": ["checkpoints", "signature"],
  "checkpoint-origin": ["checkpoints", "signature"],
  "signed-differs": ["checkpoints"],
  "signature-missing": ["signature"],
  "signature-malformed": ["signature"],
  "signature-wrong": ["signature", "checkpoints"],
  "signature-key": ["signature"],
  "key-not-endorsed": ["signature"],
  "key-not-trusted": ["signature"],
  "witness-wrong": ["witnesses"],
  "history-rewritten": ["against"],
  "other-log": ["against"],
  "token-missing": ["tokens"],
  "token-changed": ["tokens"],
  "token-malformed": ["tokens"],
  "token-imprint": ["tokens", "checkpoints"],
  "token-untrusted": ["tokens"],
  "proof-malformed": ["tokens"],
  "proof-imprint": ["tokens", "checkpoints"],
  "package-unreadable": ["tagmanifests", "complete"],
  "package-version": ["version"],
  "package-path": ["names"],
  "bag-malformed": ["complete", "manifests", "version", "files"],
  "manifest-missing": ["tagmanifests", "manifests", "complete", "files"],
  "file-unlisted": ["complete"],
  "file-missing": ["manifests", "complete", "files"],
  "file-changed": ["tagmanifests", "manifests", "files"],
  "file-unlogged": ["files", "complete"],
  "capture-missing": ["entries", "files"],
  "record-not-canonical": ["files"],
  "annex-missing": ["annex"],
  "annex-changed": ["annex"],
  stray: ["complete"],
  "proof-stray": ["complete", "inclusion"],
};

describe("verify.sh, which knows no codes,", () => {
  const scenarios = readVectors<DamageScenario>("damage").filter(({ target }) => target === "package");
  const errorsOf = ({ expect: found }: DamageScenario) =>
    codes.filter((code) => found.some((one) => one.code === code && one.severity === "error"));

  it("says no in a step that is about an answer which the code fails", () => {
    const known = codes.filter((code) => code in stepsOf);
    expect(known.length).toBe(Object.keys(stepsOf).length);
    for (const code of known) {
      const about = (stepsOf[code] ?? []).flatMap((step) => answersOf[step]);
      expect([code, about]).toEqual([code, expect.arrayContaining([...findingKinds[code].fails])]);
      expect([code, scenarios.some((scenario) => errorsOf(scenario).includes(code))]).toEqual([code, true]);
    }
  });

  it("fails where a code of a package says so, and nowhere else", () => {
    expect(scenarios.length).toBeGreaterThan(80);
    for (const scenario of scenarios) {
      const { name, verify_sh: failed = [] } = scenario;
      const errors = errorsOf(scenario);
      const stops = failed.includes("names") || failed.includes("version");
      const isMet = (code: FindingCode) => failed.some((step) => stepsOf[code]?.some((one) => one === step));
      const unmet = errors.filter((code) => code in stepsOf && !stops && !isMet(code));
      expect([name, unmet]).toEqual([name, []]);
      const explained: readonly string[] = errors.flatMap((code) => stepsOf[code] ?? []);
      expect([name, failed.filter((step) => !explained.includes(step))]).toEqual([name, []]);
    }
  });
});
