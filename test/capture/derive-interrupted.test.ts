import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { deriveAndLog } from "../../src/capture/derive.js";
import { closeWorkshop, openWorkshop } from "../../src/capture/workshop.js";
import { readIntents } from "../../src/vault/journal.js";
import { captureText, deriveText, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

it("a derivation whose commit has begun is left whole for the next writer, which finishes it", async () => {
  const world = testWorld();
  const needs = { vault: join(folder.path, "vault"), fetching: null };
  const workshop = await openWorkshop(needs, world);
  const { record } = captureText(workshop.vault, "derived in part");
  const failing = (step: string) => {
    if (step === "journalled") throw new Error("the disk is gone");
  };
  expect(() => deriveText(workshop.vault, record, "one", failing)).toThrow(/disk is gone/);
  const staging = join(workshop.vault.layout.staging, record.capture);
  await deriveAndLog(workshop, world, record.capture, false);
  expect(existsSync(join(staging, "commit/version/inventory.json"))).toBe(true);
  expect(readIntents(workshop.vault)).toHaveLength(1);
  await closeWorkshop(workshop, world);

  const next = await openWorkshop(needs, world);
  expect(readIntents(next.vault)).toEqual([]);
  const row = next.vault.database.prepare("SELECT derivation FROM capture").get();
  expect(row).toEqual({ derivation: "done" });
  await closeWorkshop(next, world);
});
