import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
} from "../../../src/core/package/merkle-proofs.js";
import { openEmptyDatabase } from "../../../src/vault/database-for-writing.js";
import {
  addLeaf,
  consistencyProofOf,
  inclusionProofOf,
  peaksOf,
  rootOf,
} from "../../../src/vault/index/merkle-nodes.js";
import { closeVault } from "../../../src/vault/vault.js";
import { audit, captureText, openTestVault, temporaryFolder } from "../../support/vaults.js";

const size = 21;
const lines = Array.from({ length: size }, (_, at) => `line ${at + 1}`);
const leaves = lines.map(leafHash);
let database: Database.Database;

beforeAll(() => {
  database = openEmptyDatabase();
  for (const [at, line] of lines.entries()) addLeaf(database, at + 1, line);
});
afterAll(() => database.close());

describe("the stored tree", () => {
  it("has at most two nodes for each line", () => {
    expect(database.prepare("SELECT count(*) FROM merkle_node").pluck().get()).toBeLessThan(2 * size);
  });

  it("gives the root of every size, as it is worked out from all lines", () => {
    for (let n = 0; n <= size; n += 1) expect(rootOf(database, n)).toEqual(merkleRoot(leaves.slice(0, n)));
  });

  it("gives every inclusion proof of every size, as it is worked out from all lines", () => {
    for (let n = 1; n <= size; n += 1) {
      for (let index = 0; index < n; index += 1) {
        expect(inclusionProofOf(database, index, n)).toEqual(inclusionProof(leaves.slice(0, n), index));
      }
    }
  });

  it("gives every consistency proof, as it is worked out from all lines", () => {
    for (let n = 0; n <= size; n += 1) {
      for (let older = 0; older <= n; older += 1) {
        expect(consistencyProofOf(database, older, n)).toEqual(consistencyProof(leaves.slice(0, n), older));
      }
    }
  });

  it("refuses what is not in the log", () => {
    expect(() => inclusionProofOf(database, 5, 5)).toThrow(RangeError);
    expect(() => inclusionProofOf(database, 0.5, 5)).toThrow(RangeError);
    expect(() => consistencyProofOf(database, 6, 5)).toThrow(RangeError);
    expect(() => rootOf(database, size + 1)).toThrow(/is missing/);
    expect(peaksOf(database, 0)).toEqual([]);
  });
});

describe("an audit", () => {
  it.each([
    ["changed", "UPDATE merkle_node SET hash = zeroblob(32) WHERE level = 0 AND number = 1"],
    ["removed", "DELETE FROM merkle_node WHERE level = 1 AND number = 0"],
    ["put in", "INSERT INTO merkle_node VALUES (7, 0, zeroblob(32))"],
  ])("finds that a node of the tree was %s", async (_what, statement) => {
    const folder = temporaryFolder();
    const vault = await openTestVault(join(folder.path, "v"));
    captureText(vault, "first");
    vault.database.exec(statement);
    closeVault(vault);
    const { findings } = await audit(join(folder.path, "v"));
    expect(findings.filter(({ code }) => code === "index-differs").map(({ where }) => where)).toEqual([
      "vault.db/merkle_node",
    ]);
    folder.remove();
  });
});
