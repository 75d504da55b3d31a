import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A temporary folder in memory where the system has such a place: for what makes many vaults and is not about the disk
 * itself, because there a sync costs nothing. `remove` removes it.
 */
export function memoryFolder(): { readonly path: string; remove(): void } {
  const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = mkdtempSync(join(place, "holdfast-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
