import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealHead } from "../../src/seal/checkpoint.js";
import { closeVault } from "../../src/vault/vault.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

/*
 * A colleague on the same machine, who may read a vault and nothing more. To become somebody else takes the rights of
 * root; without them these tests are skipped.
 */

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const program = fileURLToPath(new URL("../../bin/holdfast.js", import.meta.url));

const canBecome = process.getuid?.() === 0 && spawnSync("runuser", ["-u", "nobody", "true"]).status === 0;

beforeAll(async () => {
  const opened = await openTestVault(vault);
  captureText(opened, "what a colleague may see");
  await sealHead(opened, testWorld(), { proxy: null, allowPrivate: false, force: false });
  closeVault(opened);
  execFileSync("chmod", ["-R", "a+rX", vault]);
  chmodSync(folder.path, 0o755);
  chmodSync(join(vault, "staging"), 0o700);
});
afterAll(() => folder.remove());

/** What the program says to nobody in particular, who has no home folder. */
function asColleague(...words: readonly string[]) {
  const argv = ["-u", "nobody", "--", process.execPath, program, ...words, "--vault", vault];
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", TMPDIR: process.env.TMPDIR };
  const { status, stdout, stderr } = spawnSync("runuser", argv, { encoding: "utf8", env });
  return { status, said: stdout + stderr };
}

const within = (path: string) =>
  readdirSync(join(vault, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const fileIn = (path: string, end: string) => within(path).find((one) => one.endsWith(end)) ?? "";

describe.skipIf(!canBecome)(
  "a colleague who may read a vault, but not its folder for unfinished work",
  () => {
    it("can check all of it", () => {
      const { status, said } = asColleague("verify");
      expect(said).toMatch(/^OK: /m);
      expect(status).toBe(0);
    });

    it.each([["list"], ["find", "video"], ["verify", "--quick"]])("%s %s works", (...words) => {
      expect(asColleague(...words)).toMatchObject({ status: 0 });
    });

    it.each([
      ["the database", () => join(vault, "vault.db")],
      ["the settings", () => join(vault, "holdfast.json")],
      ["the log", () => join(vault, "log")],
      ["the objects", () => join(vault, "objects")],
      ["the private annexes", () => join(vault, "private")],
      ["an original", () => fileIn("objects", "original/track-1.mp4")],
      ["a record", () => fileIn("objects", "record.json")],
      ["a signature", () => fileIn("log", ".sig")],
      ["an annex", () => fileIn("private", "annex.json")],
      ["the vault itself", () => vault],
    ])("is told that %s could not be read, status 4, and accused of nothing", (_, place) => {
      const path = place();
      const { mode } = statSync(path);
      chmodSync(path, 0);
      try {
        const { status, said } = asColleague("verify");
        expect(said).toMatch(/unread|could not be read/);
        expect(said).not.toMatch(/not as recorded|error/i);
        expect(status, said).toBe(4);
      } finally {
        chmodSync(path, mode);
      }
    });
  },
);

it.skipIf(!canBecome)("nothing was written for these checks", () => {
  expect(within("staging").filter((path) => !path.endsWith("writer.lock"))).toEqual([]);
  rmSync(join(vault, "staging"), { recursive: true });
  expect(asColleague("verify")).toMatchObject({ status: 0, said: expect.stringContaining("staging") });
});
