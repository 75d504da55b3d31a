import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | null = null;

/** Keys that tests make lie in a folder of their own, and no authority is ever asked unless a test says so. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
  process.env.XDG_CONFIG_HOME = folder;
  process.env.HOLDFAST_OFFLINE = "1";
}

export function teardown(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}
