import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { deriveAndLog } from "../../src/capture/derive.js";
import { closeResources, openResources } from "../../src/capture/resources.js";
import { readIntents } from "../../src/vault/journal.js";
import { inTurn } from "../../src/vault/turn.js";
import { captureText, deriveText, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

it("a derivation whose commit has begun is left whole for the next writer, which finishes it", async () => {
  const world = testWorld();
  const needs = {
    vault: join(folder.path, "vault"),
    command: "derive",
    capturing: true,
    fetching: null,
  } as const;
  const resources = await openResources(needs, world);
  const { vault } = resources;
  const { record } = await inTurn(vault, () => captureText(vault, "derived in part"));
  const failing = (step: string) => {
    if (step === "journalled") throw new Error("the disk is gone");
  };
  await expect(inTurn(vault, () => deriveText(vault, record, "one", failing))).rejects.toThrow(
    /disk is gone/,
  );
  const staging = join(resources.vault.layout.staging, record.capture);
  await deriveAndLog(resources, world, record.capture, false);
  expect(existsSync(join(staging, "commit/version/inventory.json"))).toBe(true);
  expect(readIntents(resources.vault)).toHaveLength(1);
  await closeResources(resources, world);

  const next = await openResources(needs, world);
  expect(readIntents(next.vault)).toEqual([]);
  const row = next.vault.database.prepare("SELECT derivation FROM capture").get();
  expect(row).toEqual({ derivation: "done" });
  await closeResources(next, world);
});
