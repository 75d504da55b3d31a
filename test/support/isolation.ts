import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Keys that tests make lie in a folder of their own, and no authority is ever asked unless a test says so. */
export default function isolate(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
  process.env.XDG_CONFIG_HOME = folder;
  process.env.HOLDFAST_OFFLINE = "1";
  return () => rmSync(folder, { recursive: true, force: true });
}
