import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";
import { quickScenarios } from "../trials/mutant-scenarios.js";
import { type MutantBench, openBench, tryMutant } from "../trials/mutants.js";

const folder = temporaryFolder();
let bench: MutantBench;

beforeAll(async () => {
  bench = await openBench(join(folder.path, "build"), await quickScenarios(join(folder.path, "scenarios")));
});
afterAll(() => folder.remove());

/** What the build says, what a mistaken build says instead, and the damage that must tell the two apart. */
const mistakes: readonly (readonly [what: string, file: string, from: string, to: string, by: string])[] = [
  [
    "does not compare links",
    "audit/entry.js",
    "if (entry.prev !== expected.prev)",
    "if (false)",
    "entry changed",
  ],
  [
    "does not compare inventories",
    "audit/object.js",
    "if (sha512(text) !== version.inventorySha512)",
    "if (false)",
    "inventory changed",
  ],
  [
    "does not compare annexes",
    "audit/annex.js",
    "if (annex.sha256 !== expectedSha256)",
    "if (false)",
    "annex changed",
  ],
  ["does not compare segments", "vault/check/segments.js", "found.equals(wanted)", "true", "segment changed"],
  ["does not compare the index", "vault/check/vault.js", "...snapshot.indexFindings,", "", "index changed"],
  [
    "calls a planted file a note",
    "vault/check/vault-files.js",
    'severity: "error", where: path, message: strayMessage',
    'severity: "note", where: path, message: strayMessage',
    "planted in the vault",
  ],
  [
    "does not compare roots",
    "audit/signed-checkpoint.js",
    "!sameBytes(root, stated.root)",
    "false",
    "checkpoint of another root",
  ],
  [
    "does not see that a log is too short",
    "audit/signed-checkpoint.js",
    "stated.size > facts.entries",
    "false",
    "last entry cut",
  ],
  [
    "believes every signature",
    "audit/sshsig.js",
    "if (!isSignedBy(point, signed, parts.raw))",
    "if (false)",
    "signature swapped",
  ],
  [
    "asks a database with another schema",
    "vault/check/opened.js",
    "if (foreign.length === 0)",
    "if (true)",
    "schema changed",
  ],
  [
    "believes every proof",
    "audit/inclusion.js",
    "return holds ? null",
    "return true ? null",
    "package proof changed",
  ],
  [
    "mixes up leaves and nodes",
    "audit/merkle.js",
    "new Uint8Array(65).fill(1)",
    "new Uint8Array(65).fill(0)",
    "package untouched",
  ],
  [
    "does not compare manifests",
    "audit/bag.js",
    "file[algorithm] !== digest",
    "false",
    "package manifest changed",
  ],
  [
    "does not compare files with entries",
    "audit/package.js",
    "if (now.sha256 === sha256)",
    "if (true)",
    "package video changed",
  ],
];

describe("a verifier with a mistake in it", () => {
  it.each(mistakes)("that %s is caught", async (what, file, from, to, by) => {
    const at = readFileSync(join(bench.dist, file), "utf8").indexOf(from);
    expect([file, at > 0]).toEqual([file, true]);
    const scenarios = bench.scenarios.map(({ name }, index) => [name, index] as const);
    const index = scenarios.find(([name]) => name === by)?.[1] ?? -1;
    const alone = {
      ...bench,
      scenarios: bench.scenarios.slice(index, index + 1),
      expected: bench.expected.slice(index, index + 1),
    };
    expect(await tryMutant(alone, { file, what, at, from, to })).toEqual({ killedBy: by });
  });

  it("and one without a mistake is not: the reports are the same each time", async () => {
    const nothing = { file: "audit/entry.js", what: "nothing", at: 0, from: "", to: "\n" };
    const some = { ...bench, scenarios: bench.scenarios.slice(0, 4), expected: bench.expected.slice(0, 4) };
    expect(await tryMutant(some, nothing)).toEqual({ survived: true });
  });
});
