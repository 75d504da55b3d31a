import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * A folder that `make` fills, made once for a whole run of the tests and not to be written to: whoever comes first makes
 * it, and who makes it at the same time throws the second one away. isolation.ts makes and removes what is around it.
 */
export function madeOnce(name: string, make: (folder: string) => void): string {
  const around = process.env.HOLDFAST_TEST_CLIPS;
  if (around === undefined) throw new Error("isolation.ts has made no folder for clips");
  const made = join(around, name);
  if (existsSync(made)) return made;
  const own = mkdtempSync(join(around, "making-"));
  make(own);
  try {
    renameSync(own, made);
  } catch (error) {
    if (!existsSync(made)) throw error;
    rmSync(own, { recursive: true });
  }
  return made;
}
