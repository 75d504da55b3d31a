import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type MutantBench, tryMutant } from "./mutants.js";

/** A mistake that somebody could make, and the damage that must tell the build with it from the one without. */
export interface Mistake {
  /** What the mistaken build does. */
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The scenario that notices. */
  readonly by: string;
}

export const mistakes: readonly Mistake[] = [
  {
    what: "does not compare links",
    file: "audit/entry.js",
    from: "if (prev !== expected.prev)",
    to: "if (false)",
    by: "entry changed",
  },
  {
    what: "does not compare inventories",
    file: "audit/object.js",
    from: "if (sha512(text) !== version.inventorySha512)",
    to: "if (false)",
    by: "inventory changed",
  },
  {
    what: "does not compare annexes",
    file: "audit/annex.js",
    from: "if (annex.sha256 !== expectedSha256)",
    to: "if (false)",
    by: "annex changed",
  },
  {
    what: "does not compare segments",
    file: "vault/check/segments.js",
    from: "found.equals(wanted)",
    to: "true",
    by: "segment changed",
  },
  {
    what: "does not compare the index",
    file: "vault/check/vault.js",
    from: "...snapshot.indexFindings,",
    to: "",
    by: "index changed",
  },
  {
    what: "calls a planted file a note",
    file: "vault/check/vault-files.js",
    from: 'kind === "foreign" ? "note" : "error"',
    to: '"note"',
    by: "planted in the vault",
  },
  {
    what: "does not compare roots",
    file: "audit/signed-checkpoint.js",
    from: "!sameBytes(root, stated.root)",
    to: "false",
    by: "checkpoint of another root",
  },
  {
    what: "does not see that a log is too short",
    file: "audit/signed-checkpoint.js",
    from: "stated.size > facts.entries",
    to: "false",
    by: "last entry cut",
  },
  {
    what: "believes every signature",
    file: "audit/sshsig.js",
    from: "if (!isSignedBy(point, signed, parts.raw))",
    to: "if (false)",
    by: "signature swapped",
  },
  {
    what: "asks a database with another schema",
    file: "vault/check/opened.js",
    from: "if (foreign.length === 0)",
    to: "if (true)",
    by: "schema changed",
  },
  {
    what: "believes every proof",
    file: "audit/inclusion.js",
    from: "return holds ? null",
    to: "return true ? null",
    by: "package proof changed",
  },
  {
    what: "mixes up leaves and nodes",
    file: "audit/merkle.js",
    from: "new Uint8Array(65).fill(1)",
    to: "new Uint8Array(65).fill(0)",
    by: "package untouched",
  },
  {
    what: "does not compare manifests",
    file: "audit/bag.js",
    from: "file[algorithm] !== digest",
    to: "false",
    by: "package manifest changed",
  },
  {
    what: "does not compare files with entries",
    file: "audit/package.js",
    from: "now.sha256 === sha256 ? []",
    to: "true ? []",
    by: "package video changed",
  },
];

/** Throws unless the build with this mistake is told apart by the damage that is to tell it. */
export async function catchMistake(bench: MutantBench, { what, file, from, to, by }: Mistake): Promise<void> {
  const at = readFileSync(join(bench.dist, file), "utf8").indexOf(from);
  expect([file, at > 0]).toEqual([file, true]);
  const index = bench.scenarios.findIndex(({ name }) => name === by);
  const alone = {
    ...bench,
    scenarios: bench.scenarios.slice(index, index + 1),
    expected: bench.expected.slice(index, index + 1),
  };
  expect(await tryMutant(alone, { file, what, at, from, to })).toEqual({ killedBy: by });
}
