import { lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type WithCaveats, withPackageCaveats } from "../../src/verify/caveats.js";
import { type PackageRequest, verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import {
  captureA,
  type MadePackage,
  makeAuthority,
  makePackage,
  type PackageFiles,
  secretOf,
  writeFolder,
} from "./packages.js";
import { temporaryFolder, testWorld } from "./vaults.js";

export const video = `data/${captureA}/original/track-1.mp4`;
export const record = `data/${captureA}/record.json`;

export const nothingChecked = "unchecked unchecked unchecked unchecked";

type Brought = Partial<Omit<PackageRequest, "path">>;

type Checked = Promise<WithCaveats<PackageReport>>;

/** A package that an authority stamped, one of another log, and that authority beside another one. */
export function stampedPackages() {
  const [authority, other] = [makeAuthority("First"), makeAuthority("Other")];
  afterAll(() => {
    authority.remove();
    other.remove();
  });
  const { stamp } = authority;
  const elsewhere = { secret: secretOf(9), vaultId: "f".repeat(32) };
  return { authority, other, clean: makePackage({ stamp }), foreign: makePackage({ ...elsewhere, stamp }) };
}

/** Where the tests of one file write packages and check them: a folder that is gone after the last of them. */
export function packagePlaces() {
  const scratch = temporaryFolder();
  afterAll(() => scratch.remove());
  let count = 0;

  /** An empty folder with a neighbour that no check may touch. */
  function freshPlace(): string {
    count += 1;
    const place = join(scratch.path, `place-${count}`);
    mkdirSync(join(place, "outside"), { recursive: true });
    writeFileSync(join(place, "outside", "secret.txt"), "not part of any package\n");
    return place;
  }

  /** A copy of a package, changed and written as a folder, and what is found in it. */
  async function damaged(
    made: MadePackage,
    change: (files: PackageFiles) => unknown,
    brought: Brought = {},
  ): Checked {
    const files = new Map(made.files);
    change(files);
    const place = freshPlace();
    writeFolder(files, join(place, "package"));
    return checkIn(place, "package", brought);
  }

  /** A package written as a folder, changed there, and what is found in it. */
  async function damagedOnDisk(
    made: MadePackage,
    change: (folder: string, outside: string) => unknown,
  ): Checked {
    const place = freshPlace();
    const folder = writeFolder(made.files, join(place, "package"));
    change(folder, join(place, "outside"));
    return checkIn(place, "package");
  }

  async function checkTar(bytes: Buffer): Checked {
    const place = freshPlace();
    writeFileSync(join(place, "package.tar"), bytes);
    return checkIn(place, "package.tar");
  }

  return { path: scratch.path, freshPlace, damaged, damagedOnDisk, checkTar };
}

/** Checks what lies in a place and asserts that nothing in it was written, made or removed by the check. */
export async function checkIn(place: string, name: string, brought: Brought = {}): Checked {
  const before = snapshot(place);
  const request = { against: null, signers: null, tsaCa: null, quick: false, ...brought };
  try {
    const report = await verifyPackage({ path: join(place, name), ...request }, testWorld());
    return withPackageCaveats(report, request);
  } finally {
    expect(snapshot(place)).toBe(before);
  }
}

function snapshot(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, encoding: "latin1" })
    .map((name) => {
      const path = Buffer.from(`${folder}/${name}`, "latin1");
      const state = lstatSync(path);
      const link = state.isSymbolicLink() ? readlinkSync(path) : "";
      return `${name} ${state.mode} ${state.size} ${state.mtimeMs} ${state.ctimeMs} ${state.ino} ${link}`;
    })
    .sort();
  return lines.join("\n");
}

/** `code where` of every error, sorted. */
export function errorsIn(report: PackageReport): string[] {
  expect(report.ok).toBe(!report.findings.some(({ severity }) => severity === "error"));
  return report.findings
    .filter(({ severity }) => severity === "error")
    .map(({ code, where }) => `${code} ${where}`)
    .sort();
}

export function statesOf({ hashes, chain, signature, tokens }: PackageReport): string {
  return `${hashes} ${chain} ${signature} ${tokens}`;
}

export function flip(files: PackageFiles, path: string, at = 5): void {
  const bytes = Buffer.from(files.get(path) ?? "");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  files.set(path, bytes);
}
