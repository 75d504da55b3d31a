import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { closeVault } from "../../src/vault/vault.js";
import { withVaultCaveats } from "../../src/verify/caveats.js";
import { verifyVault } from "../../src/verify/vault.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
const seal = { proxy: null, allowPrivate: false, force: false };
/** Entries of the log at each of which the vault was closed and its database copied away. */
const states = [2, 92, 101, 102] as const;

/** A vault of 102 entries, sealed first at 2 and last at 102. */
beforeAll(async () => {
  const world = testWorld();
  let capture = "";
  let size = 1;
  for (const state of states) {
    const vault = await openTestVault(original, world);
    if (capture === "") capture = captureText(vault, "first").record.capture;
    for (size = Math.max(2, size); size < state; size += 1) {
      logAnnotation(vault, capture, { note: `number ${size}` }, fromCommandLine);
    }
    if (state === 2 || state === 102) await sealHead(vault, world, seal);
    closeVault(vault);
    copyFileSync(join(original, "vault.db"), join(folder.path, `${state}.db`));
  }
});
afterAll(() => folder.remove());

function rolledBackTo(state: number): string {
  const root = copyVault(original, join(folder.path, `copy-${state}-${Math.random()}`));
  copyFileSync(join(folder.path, `${state}.db`), join(root, "vault.db"));
  return root;
}

async function check(root: string, against: string | null = null) {
  const brought = { against, signers: null, tsaCa: null };
  const request = { vault: root, ids: [], quick: false, brought, index: indexCheck };
  return withVaultCaveats(await verifyVault(request, testWorld()), brought);
}

describe("a vault.db put back to an older copy", () => {
  it.each([1, 10, 100])(
    "of %i entries less is reported by a check, and no writer goes on from it",
    async (less) => {
      const root = rolledBackTo(102 - less);
      const before = readFileSync(join(root, "vault.db"));
      const { ok, signature, findings } = await check(root);
      expect([ok, signature]).toEqual([false, "fail"]);
      expect(findings).toContainEqual(
        expect.objectContaining({ code: "checkpoint-beyond-log", where: "log/000102.checkpoint" }),
      );
      await expect(openTestVault(root)).rejects.toMatchObject({
        code: "not-as-recorded",
        message: expect.stringContaining(`vault.db has ${102 - less} entries, but log/ already holds 102`),
        hint: expect.stringContaining("older copy"),
      });
      expect(readFileSync(join(root, "vault.db")).equals(before)).toBe(true);
    },
  );

  it("together with all that is newer in log/ shows nothing by itself; the check says so, and a later checkpoint shows it", async () => {
    const root = rolledBackTo(2);
    const newest = readFileSync(join(root, "log/000102.checkpoint"), "utf8");
    for (const name of readdirSync(join(root, "log"))) {
      if (/^000(003|102)/.test(name)) rmSync(join(root, "log", name));
    }
    const alone = await check(root);
    expect([alone.ok, alone.signature]).toEqual([true, "pass"]);
    expect(alone.limits.join(" ")).toContain("Without one, a rollback cannot be excluded.");
    const held = await check(root, newest);
    expect(held.findings).toContainEqual(
      expect.objectContaining({ code: "history-truncated", severity: "error" }),
    );
    expect(held.limits.join(" ")).not.toContain("a rollback cannot be excluded");
  });
});
