import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyDamage, type DamageScenario, type DamageStep } from "../support/damage.js";
import { makeReferences } from "../support/damage-references.js";
import {
  edit,
  makePackage,
  type PackageFiles,
  rebag,
  secretOf,
  tarMembers,
  tarOf,
} from "../support/packages.js";
import { readVectors, vectorPath } from "../support/vectors.js";
import { makeDamagedVault } from "./damaged-vault.js";
import type { Scenario } from "./mutants.js";

const nothing = { against: null, signers: null, tsaCa: null };

/** Every scenario of `test/vectors/damage/` on disk, and before them the vectors that need no disk. */
export async function vectorScenarios(folder: string): Promise<readonly Scenario[]> {
  const references = await makeReferences(join(folder, "references"));
  const scenarios = readVectors<DamageScenario>("damage");
  const core: Scenario = { name: "vectors", kind: "vectors", path: vectorPath(""), brought: nothing };
  const damaged = scenarios.map(({ name, target, steps, trust = {} }) => {
    const { root, names, others, texts } = references[target];
    const path = join(folder, name.replace(/\.json$/, ""));
    cpSync(root, path, { recursive: true, preserveTimestamps: true });
    applyDamage(path, steps, names, others);
    const text = (key: string | undefined) => (key === undefined ? null : (texts[key] ?? null));
    const brought = { against: text(trust.against), signers: text(trust.signers), tsaCa: text(trust.tsa_ca) };
    return { name, kind: target, path, brought };
  });
  return [core, ...damaged];
}

/** A few that are made in no time: a vault without time-stamps, and packages in tar files. */
export async function quickScenarios(folder: string): Promise<readonly Scenario[]> {
  const made = await makeDamagedVault(folder);
  const first = (end: string) => [...made.files.keys()].find((path) => path.endsWith(end)) ?? "";
  const vaults: Readonly<Record<string, readonly DamageStep[]>> = {
    untouched: [],
    "video changed": [{ op: "flip", path: first("original/track-1.mp4"), at: 3 }],
    "video missing": [{ op: "remove", path: first("original/track-1.mp4") }],
    "inventory changed": [{ op: "append", path: first("v2/inventory.json"), text: " " }],
    planted: [
      {
        op: "write",
        path: `${first("v1/inventory.json").replace(/inventory\.json$/, "")}planted.txt`,
        text: "x",
      },
    ],
    "annex changed": [{ op: "append", path: first("annex.json"), text: " " }],
    "entry changed": [
      {
        op: "sql",
        statements: ['UPDATE entry SET line = replace(line, \'"at":"2026\', \'"at":"2027\') WHERE seq = 2'],
      },
    ],
    "entry removed": [{ op: "sql", statements: ["DELETE FROM entry WHERE seq = 3"] }],
    "column changed": [{ op: "sql", statements: ["UPDATE entry SET hash = 'x' WHERE seq = 6"] }],
    "planted in the vault": [{ op: "write", path: "objects/planted.txt", text: "x" }],
    "last entry cut": [
      { op: "sql", statements: ["DELETE FROM merkle_node", "DELETE FROM entry WHERE seq = 6"] },
    ],
    "index changed": [{ op: "sql", statements: ["UPDATE capture SET title = 'another'"] }],
    "schema changed": [{ op: "sql", statements: ["CREATE TABLE planted (a)"] }],
    "journal beside it": [{ op: "write", path: "vault.db-journal", text: "x" }],
    "segment changed": [{ op: "flip", path: "log/000001-000005.jsonl", at: 9 }],
    "checkpoint of another root": [{ op: "other-root", path: "log/000005.checkpoint" }],
    "signature swapped": [{ op: "copy", path: "log/000005.checkpoint.sig", to: "log/000006.checkpoint.sig" }],
  };
  const inVaults = Object.entries(vaults).map(([name, steps]): Scenario => {
    const path = join(folder, name.replaceAll(" ", "-"));
    cpSync(made.root, path, { recursive: true, preserveTimestamps: true });
    applyDamage(path, steps, {});
    return { name, kind: "vault", path, brought: nothing };
  });
  rmSync(made.root, { recursive: true });
  return [...inVaults, ...quickPackages(folder)];
}

function quickPackages(folder: string): readonly Scenario[] {
  const clean = makePackage();
  const other = makePackage({ secret: secretOf(9) });
  const damages: Readonly<Record<string, (files: PackageFiles) => void>> = {
    "package untouched": () => undefined,
    "package video changed": (files) => change(files, "original/track-1.mp4"),
    "package manifest changed": (files) => change(files, "data/index.html"),
    "package entry edited": (files) => edit(files, "proof/entries.jsonl", "video.example", "other.example"),
    "package proof changed": (files) => changeLastHash(files, "proof/000007/2.proof"),
    "package name": (files) => files.set("data/CON", Buffer.from("x")),
    "package signature of another": (files) => {
      const path = "proof/000007/checkpoint.sig";
      files.set(path, other.files.get(path) ?? Buffer.alloc(0));
    },
  };
  return Object.entries(damages).map(([name, damage]) => {
    const files = new Map(clean.files);
    damage(files);
    if (name !== "package manifest changed") rebag(files);
    const path = join(folder, `${name.replaceAll(" ", "-")}.tar`);
    writeFileSync(path, tarOf(tarMembers(files)));
    return { name, kind: "package", path, brought: nothing };
  });
}

function change(files: PackageFiles, end: string): void {
  const [path = "", bytes = Buffer.alloc(0)] = [...files].find(([name]) => name.endsWith(end)) ?? [];
  const changed = Buffer.from(bytes);
  changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
  files.set(path, changed);
}

/** Another hash in the last line of a proof. One letter of it changed might be no digit, which is refused before any proof is followed. */
function changeLastHash(files: PackageFiles, path: string): void {
  const lines = String(files.get(path)).trimEnd().split("\n");
  const hash = Buffer.from(lines.pop() ?? "", "hex");
  hash[0] = (hash[0] ?? 0) ^ 1;
  files.set(path, Buffer.from(`${[...lines, hash.toString("hex")].join("\n")}\n`));
}
