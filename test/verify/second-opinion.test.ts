import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lineHash } from "../../src/audit/entry.js";
import type { Finding } from "../../src/audit/finding.js";
import type { FindingCode } from "../../src/audit/finding-codes.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { verifyPackage } from "../../src/verify/package.js";
import { verifyVault } from "../../src/verify/vault.js";
import { applyDamage, type DamageScenario, fill } from "../support/damage.js";
import { makeReferences, type Reference } from "../support/damage-references.js";
import {
  captureA,
  captureC,
  makePackage,
  putCheckpoint,
  putEntries,
  rebag,
  writeFolder,
} from "../support/packages.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";
import { readVectors, vectorPath } from "../support/vectors.js";

/*
 * A verifier in Python, written from schemas/FORMAT.md without a look at this one, and this one must find the same. Where
 * there is no Python on this machine, that half is skipped; the expectations of the scenarios hold all the same.
 */

const hasPython =
  spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
const folder = join(import.meta.dirname, "../second-opinion");
const script = join(import.meta.dirname, "../../schemas/package/verify.sh");
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

function python(name: string, argv: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync("python3", ["-B", join(folder, name), ...argv], { encoding: "utf8", maxBuffer: 1 << 26 });
}

type Answer = Pick<SpawnSyncReturns<string>, "status" | "stdout" | "stderr">;

/** verify.py in one process for all its command lines: to start it takes longer than most of what it checks. */
function openPython(): {
  readonly ask: (argv: readonly string[]) => Promise<Answer>;
  end(): Promise<unknown>;
} {
  const child = spawn("python3", ["-B", join(folder, "many.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (argv) => {
      child.stdin.write(`${JSON.stringify(argv)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("verify.py has ended");
      return JSON.parse(value);
    },
    end: () => {
      child.stdin.end();
      return once(child, "exit");
    },
  };
}

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
    it.each(kinds)("the second opinion makes of %s what the vectors expect", (kind) => {
      const { stdout, stderr } = python("vectors.py", [vectorPath(kind)]);
      expect(stderr).toBe("");
      const found = new Map(
        stdout
          .trim()
          .split("\n")
          .map((line): { vector: string; found: unknown } => JSON.parse(line))
          .map((one) => [one.vector, one.found]),
      );
      const vectors = readVectors<Record<string, unknown>>(kind);
      expect(found.size).toBe(vectors.length);
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

interface Opinion {
  readonly findings: readonly string[];
  readonly answers: Readonly<Record<string, string>>;
}

/** One line for each finding, so that a difference can be read. */
function opinion(report: {
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

const scratch = temporaryFolder();
let references: Readonly<Record<"vault" | "package", Reference>>;
const untouched = new Map<string, Opinion>();
const secondOpinion = hasPython ? openPython() : null;
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

async function ours(root: string, target: "vault" | "package", texts: Texts): Promise<Opinion> {
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
function stepsOf(said: string, pattern: RegExp): readonly string[] {
  return [...said.matchAll(pattern)].map(([, step = ""]) => step);
}

describe("damage", () => {
  const scenarios = readVectors<DamageScenario>("damage");

  it.each(scenarios)("$comment ($name)", async (scenario) => {
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
    if (target === "package") {
      const { stdout, status } = spawnSync("sh", [script, ...argv, root], { encoding: "utf8" });
      expect(stepsOf(stdout, /^FAIL +(\S+)/gm)).toEqual(scenario.verify_sh);
      expect(status === 1).toBe(scenario.verify_sh?.length !== 0);
      // An older checkpoint that nothing here fits fails nothing, but verify.sh says so.
      const noticed = stepsOf(stdout, /^(?:FAIL +|UNCHECKED +(?=against))(\S+)/gm);
      const named = scenario.caught_by.match(/\d+/g) ?? [];
      expect(noticed.flatMap((step) => stepsByHand[step])).toEqual(expect.arrayContaining(named));
      expect(named.join(" and ") || "nothing").toBe(scenario.caught_by);
      expect(named.length > 0 || scenario.verify_sh?.length === 0).toBe(true);
    }
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
    expect(found.answers.signature).toBe("pass");
    if (secondOpinion !== null) {
      expect(opinion(JSON.parse((await secondOpinion.ask([root])).stdout))).toEqual(found);
    }
    const { stdout } = spawnSync("sh", [script, root], { encoding: "utf8" });
    expect(stepsOf(stdout, /^FAIL +(\S+)/gm)).toEqual(steps);
  });
});
