import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a test that forgets to name a folder would write. */
const places = [join(import.meta.dirname, "../.."), join(import.meta.dirname, "..")];

let folder: string | null = null;
let before: readonly string[] = [];

/**
 * Everything that tests write lies below one folder of the run. Keys that they make lie in a folder of their own, and no
 * authority is ever asked unless a test says so. Clips that several files of tests need are made once, in another folder.
 */
export function setup(): void {
  before = places.flatMap(namesIn);
  const made = mkdtempSync(join(placeForFolders(), "holdfast-run-"));
  folder = made;
  const [temporary = "", config = "", clips = ""] = ["tmp", "config", "clips"].map((name) =>
    join(made, name),
  );
  for (const path of [temporary, config, clips]) mkdirSync(path);
  // Some tests check as nobody what lies below it, by programs that write temporary files of their own.
  chmodSync(made, 0o711);
  chmodSync(temporary, 0o1777);
  process.env.TMPDIR = temporary;
  process.env.XDG_CONFIG_HOME = config;
  process.env.HOLDFAST_TEST_MACHINES = config;
  process.env.HOLDFAST_TEST_CLIPS = clips;
  process.env.HOLDFAST_OFFLINE = "1";
  // A browser takes as long as ten captures: test/capture/page.test.ts is about pages, without this.
  process.env.HOLDFAST_NO_PAGE = "1";
  // Most tests are not about where a vault comes from: test/cli/which-vault.test.ts is, without this.
  process.env.HOLDFAST_NEW_VAULT = "1";
}

export function teardown(): void {
  if (folder !== null) {
    // Some tests make folders that may not be written to.
    execFileSync("chmod", ["-R", "u+w", folder]);
    rmSync(folder, { recursive: true, force: true });
  }
  const left = places.flatMap(namesIn).filter((name) => !before.includes(name));
  if (left.length === 0) return;
  process.exitCode = 1;
  throw new Error(`the tests left behind: ${left.join(", ")}`);
}

function namesIn(place: string): readonly string[] {
  return readdirSync(place).map((name) => join(place, name));
}

/** In memory where the system has room there: thousands of small vaults are made, and a sync of them costs nothing there. */
function placeForFolders(): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= 4 * 1024 ** 3 ? memory : tmpdir();
}
