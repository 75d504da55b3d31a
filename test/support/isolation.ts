import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folders: readonly string[] = [];

/**
 * Keys that tests make lie in a folder of their own, and no authority is ever asked unless a test says so. Clips that
 * several files of tests need are made once, in another folder.
 */
export function setup(): void {
  const [config = "", clips = ""] = ["config", "clips"].map((name) =>
    mkdtempSync(join(tmpdir(), `holdfast-${name}-`)),
  );
  folders = [config, clips];
  process.env.XDG_CONFIG_HOME = config;
  process.env.HOLDFAST_TEST_MACHINES = config;
  process.env.HOLDFAST_TEST_CLIPS = clips;
  process.env.HOLDFAST_OFFLINE = "1";
}

export function teardown(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
