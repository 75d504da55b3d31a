import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it } from "vitest";
import { writeOut } from "../../src/handover/publication-destination.js";
import { temporaryFolder } from "../support/vaults.js";

const files = createRequire(import.meta.url)("node:fs") as typeof import("node:fs");
const { linkSync, renameSync } = files;

/** Has every link refused with this code; with none they are made again. */
function refuseLinks(code: string): void {
  files.linkSync = code === "" ? linkSync : () => refuse(code);
  syncBuiltinESMExports();
}

function refuse(code: string): never {
  throw Object.assign(new Error("not on this disk"), { code });
}

const scratch = temporaryFolder();
afterAll(() => scratch.remove());

let count = 0;
let folder = "";
let stored = "";
beforeEach(() => {
  const place = temporaryFolder();
  folder = place.path;
  count += 1;
  stored = join(scratch.path, `stored-${count}`);
  writeFileSync(stored, "the copy");
  chmodSync(stored, 0o444);
  return () => place.remove();
});
afterEach(() => {
  files.renameSync = renameSync;
  refuseLinks("");
});

it.each([
  ["on a disk like any other", ""],
  ["on a memory stick, which has no second names for files", "EPERM"],
])("a copy is written %s, whole, writable for its owner, and over nothing", async (_title, code) => {
  refuseLinks(code);
  const to = join(folder, "copy.mp4");
  writeFileSync(join(folder, ".copy.mp4.unfinished"), "left by a kill");
  await writeOut(stored, to);
  expect(readFileSync(to, "utf8")).toBe("the copy");
  expect(statSync(to).mode & 0o777).toBe(0o644);
  await expect(writeOut(stored, to)).rejects.toMatchObject({ code: "usage" });
  expect(readdirSync(folder)).toEqual(["copy.mp4"]);
});

it("where the disk refuses, nothing is left", async () => {
  refuseLinks("EIO");
  await expect(writeOut(stored, join(folder, "copy.mp4"))).rejects.toMatchObject({ code: "EIO" });
  expect(readdirSync(folder)).toEqual([]);
});

it("where the disk breaks between the name and the copy, nothing is left either", async () => {
  files.renameSync = () => refuse("EIO");
  refuseLinks("EPERM");
  await expect(writeOut(stored, join(folder, "copy.mp4"))).rejects.toMatchObject({ code: "EIO" });
  expect(readdirSync(folder)).toEqual([]);
});
