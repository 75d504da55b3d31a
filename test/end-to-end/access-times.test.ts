import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { allowedSignersOf, makePackage, tarMembers, tarOf, writeFolder } from "../support/packages.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
/** Older than everything else about a file: then every file system that notes accesses notes the next one. */
const longAgo = new Date("2001-02-03T04:05:06Z");

/** Whether the files of this system have an access time that somebody who only reads leaves changed. */
function accessIsNoted(): boolean {
  const path = at("probe");
  writeFileSync(path, "text");
  utimesSync(path, longAgo, statSync(path).mtime);
  readFileSync(path);
  return process.platform === "linux" && statSync(path).atimeMs !== longAgo.getTime();
}

function filesIn(below: string): readonly string[] {
  if (lstatSync(below).isFile()) return [below];
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The files that a check of these places leaves with another access time. */
async function touchedBy(words: readonly string[], places: readonly string[]): Promise<readonly string[]> {
  const files = places.flatMap(filesIn);
  for (const path of files) utimesSync(path, longAgo, statSync(path).mtime);
  const { status, stdout, stderr } = await holdfast(["verify", "--json", ...words]);
  expect([0, 1, 4], stderr).toContain(status);
  // Something was checked, or nothing would have been opened.
  expect(stdout).toContain('"hashes"');
  return files.filter((path) => statSync(path).atimeMs !== longAgo.getTime());
}

const made = makePackage();

beforeAll(async () => {
  const vault = await openTestVault(at("vault"));
  captureText(vault, "one");
  await closeAfterWriting(vault, testWorld(), { proxy: null, allowPrivate: false, force: false });
  closeVault(vault);
  mkdirSync(at("brought"));
  writeFileSync(at("brought", "signers"), allowedSignersOf(made.log));
  writeFolder(made.files, at("package"));
  writeFileSync(at("package.tar"), tarOf(tarMembers(made.files)));
});
afterAll(() => folder.remove());

describe.skipIf(!accessIsNoted())("a check by the owner of the files", () => {
  it("leaves the access time of every file of a vault as it was", async () => {
    expect(await touchedBy(["--vault", at("vault")], [at("vault")])).toEqual([]);
    expect(await touchedBy(["--quick", "--vault", at("vault")], [at("vault")])).toEqual([]);
  });

  it("and of every file of a package, as a folder and as a tar file, and of what the checker brings along", async () => {
    const brought = ["--signers", at("brought", "signers")];
    for (const place of [at("package"), at("package.tar")])
      expect(await touchedBy([...brought, place], [place, at("brought")])).toEqual([]);
  });
});
