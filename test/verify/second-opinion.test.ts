import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lineHash } from "../../src/audit/entry.js";
import type { DamageScenario } from "../support/damage.js";
import {
  captureA,
  captureC,
  makePackage,
  putCheckpoint,
  putEntries,
  rebag,
  writeFolder,
} from "../support/packages.js";
import { hasPython, python } from "../support/second-opinion.js";
import { readVectors, vectorPath } from "../support/vectors.js";
import {
  judge,
  judgeByHand,
  opinion,
  ours,
  references,
  scratch,
  script,
  secondOpinion,
  stepsOf,
  untouched,
} from "../trials/damage-verdicts.js";

/*
 * A verifier in Python, written from schemas/FORMAT.md without a look at this one, and this one must find the same. Where
 * there is no Python on this machine, that half is skipped; the expectations of the scenarios hold all the same.
 */

describe.skipIf(!hasPython)(
  "vectors, read by Python (python3 of at least 3.9 with sqlite3 is needed)",
  () => {
    const kinds = [
      "canonical-json",
      "captures",
      "chains",
      "checkpoints",
      "entries",
      "merkle",
      "proofs",
      "signatures",
      "signers",
      "tokens",
    ];
    const found = new Map<string, unknown>();
    beforeAll(() => {
      const { stdout, stderr } = python("vectors.py", kinds.map(vectorPath));
      expect(stderr).toBe("");
      for (const line of stdout.trim().split("\n")) {
        const one: { readonly vector: string; readonly found: unknown } = JSON.parse(line);
        found.set(one.vector, one.found);
      }
    });

    it.each(kinds)("the second opinion makes of %s what the vectors expect", (kind) => {
      const vectors = readVectors<Record<string, unknown>>(kind);
      expect([...found.keys()].filter((one) => one.startsWith(`${kind}/`))).toHaveLength(vectors.length);
      for (const { name, ...vector } of vectors) {
        expect(found.get(`${kind}/${name}`), name).toEqual(expected(vector));
      }
    });
  },
);

/** What a vector expects: `expect`, or the parts of it that stand beside what is given. */
function expected(vector: Record<string, unknown>): unknown {
  if (vector.kind === "roots") return vector.roots;
  if (vector.kind !== "every-size") return vector.expect;
  const { roots, inclusion_proofs_sha256, consistency_proofs_sha256 } = vector;
  return { roots, inclusion_proofs_sha256, consistency_proofs_sha256 };
}

/** Every third code that a scenario ends in. */
const someCodes = new Set(
  [...new Set(readVectors<DamageScenario>("damage").flatMap((one) => one.expect.map(({ code }) => code)))]
    .sort()
    .filter((_, at) => at % 3 === 0),
);

/** What a scenario holds a verifier to: its codes, and for vault or package its answers and what the checker brings. */
function claimsOf({ target, expect: wanted, answers, trust = {} }: DamageScenario): readonly string[] {
  const asked = [...Object.entries(answers), ...Object.keys(trust)];
  const codes = wanted.map(({ code }) => code).filter((code) => someCodes.has(code));
  return [...codes, ...asked.map((one) => `${target} ${one}`)];
}

/** What it holds verify.sh to: the steps that fail, and the step of the procedure that notices. */
function stepsByHandOf({ target, verify_sh: steps = [], caught_by: by }: DamageScenario): readonly string[] {
  return target === "package" ? [...steps, steps.length === 0 ? `only said by ${by}` : `by ${by}`] : [];
}

/** Scenarios which, with those in `some`, claim all that any does: each time the one that brings most. */
function covering(
  claims: (scenario: DamageScenario) => readonly string[],
  all: readonly DamageScenario[],
  some: Iterable<DamageScenario> = [],
): ReadonlySet<DamageScenario> {
  const chosen = new Set(some);
  const known = new Set([...chosen].flatMap(claims));
  const brings = (scenario: DamageScenario) =>
    new Set(claims(scenario).filter((one) => !known.has(one))).size;
  for (;;) {
    const best = all.reduce((one, other) => (brings(other) > brings(one) ? other : one));
    if (brings(best) === 0) return chosen;
    chosen.add(best);
    for (const claim of claims(best)) known.add(claim);
  }
}

// Each answer and step once, and every third code: the others, and what else leads to them, are the soak's.
describe("damage", () => {
  const all = readVectors<DamageScenario>("damage");
  const byHand = covering(stepsByHandOf, all);
  const sample = covering(claimsOf, all, byHand);

  it.each(all.filter((one) => sample.has(one)))("$comment ($name)", async (scenario) => {
    await judge(scenario);
    if (byHand.has(scenario)) judgeByHand(scenario);
  });
});

describe.skipIf(!hasPython)("a package in a tar, read by Python", () => {
  it("is judged like the folder, and a tar that breaks off is refused", () => {
    const { root } = references.package;
    const file = join(scratch.path, "package.tar");
    spawnSync("tar", [
      "-C",
      scratch.path,
      "--format=ustar",
      "-cf",
      file,
      root.slice(scratch.path.length + 1),
    ]);
    expect(opinion(JSON.parse(python("verify.py", [file]).stdout))).toEqual(untouched.get("package"));
    spawnSync("truncate", ["-s", "-20000", file]);
    expect(JSON.parse(python("verify.py", [file]).stdout)).toMatchObject({
      ok: false,
      hashes: "unchecked",
      findings: [{ code: "package-unreadable", where: "package" }],
    });
  });
});

/** A package whose maker has the key and logged what `order` makes of the entries: A, B, A derived, no package, C, A derived again. */
function loggedOtherwise(order: (lines: readonly string[]) => readonly (string | undefined)[]): string {
  const made = makePackage();
  const lines: string[] = [];
  for (const line of order(made.log.lines)) {
    const prev = lines.length === 0 ? "0".repeat(64) : lineHash(lines.at(-1) ?? "");
    lines.push(
      (line ?? "").replace(
        /"prev":"[0-9a-f]{64}","seq":[0-9]+,/,
        `"prev":"${prev}","seq":${lines.length + 1},`,
      ),
    );
  }
  const files = new Map([...made.files].filter(([path]) => !/^proof\/\d/.test(path)));
  const log = { ...made.log, lines };
  const seqs = lines.flatMap((line, at) => (/fixity-check|BBBBBBBB/.test(line) ? [] : [at + 1]));
  putEntries(files, log, seqs);
  putCheckpoint(files, log, lines.length, seqs);
  rebag(files);
  const root = join(scratch.path, "logged-otherwise");
  execFileSync("rm", ["-rf", root]);
  return writeFolder(files, root);
}

describe("ids and versions that its maker signed twice, or before their capture, in a package", () => {
  it.each([
    ["nothing", (lines: readonly string[]) => lines, [], []],
    [
      "a capture again, word for word",
      (lines: readonly string[]) => [...lines, lines[1]],
      ["id-repeated entry:8"],
      ["entries"],
    ],
    [
      "another capture under its id",
      (lines: readonly string[]) => [...lines, lines[5]?.replaceAll(captureC, captureA)],
      [
        "id-repeated entry:8",
        `file-changed data/${captureA}/original/track-1.mp4`,
        `file-changed data/${captureA}/record.json`,
        "log-object entry:8",
      ],
      ["entries", "files"],
    ],
    [
      "a derivation before its capture",
      (lines: readonly string[]) => [0, 3, 1, 2, 4, 5, 6].map((at) => lines[at]),
      ["capture-unknown entry:2"],
      ["entries"],
    ],
    [
      "a derivation again, word for word",
      (lines: readonly string[]) => [...lines, lines[6]],
      ["version-repeated entry:8"],
      ["entries"],
    ],
  ])("all three verifiers find %s", async (_, order, errors, steps) => {
    const root = loggedOtherwise(order);
    const found = await ours(root, "package", {});
    const wrong = found.findings.filter((line) => line.startsWith("error"));
    expect(wrong).toEqual(errors.map((line) => `error ${line}`).sort());
    expect(found.answers.hashes).toBe(errors.length === 0 ? "pass" : "fail");
    expect(found.answers.signature).toBe("unchecked");
    if (secondOpinion !== null) {
      expect(opinion(JSON.parse((await secondOpinion.ask([root])).stdout))).toEqual(found);
    }
    // What it makes of a package with nothing wrong is among the claims about the script.
    if (errors.length === 0) return;
    const { stdout } = spawnSync("sh", [script, root], { encoding: "utf8" });
    expect(stepsOf(stdout, /^FAIL +(\S+)/gm)).toEqual(steps);
  });
});
