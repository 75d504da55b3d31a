import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import type { Figures, Round } from "../soak/rounds.js";
import { digestOfTree, type PackageFiles, rebag, tarMembers, tarOf } from "../support/packages.js";
import { testWorld } from "../support/vaults.js";

/**
 * Changes a byte of one file of the package, cuts it, removes it or exchanges it for another; half of the time the manifests are
 * made anew. The check finds it, or nothing but the manifests vouches for what was changed.
 */
export async function damageMember(round: Round, clean: PackageFiles, folder: string): Promise<Figures> {
  const { random } = round;
  const below = (bound: number) => Math.floor(random() * bound);
  const files = new Map(clean);
  const what = damage(files, below);
  const isSame = digestOfTree(files) === digestOfTree(clean);
  const rebagged = below(2) === 0;
  if (rebagged) rebag(files);
  const report = await check(tarOf(tarMembers(files)), folder);
  // Pages, and a token that no entry can name (FORMAT.md §10, §17).
  const unvouched = /data\/(index\.html|ro-crate)|allowed_signers|^2 proof\/000007\/first\.tsr/.test(what);
  const mayPass = isSame || (rebagged && unvouched);
  if (!mayPass) expect([round.seed, what, rebagged, report.ok]).toEqual([round.seed, what, rebagged, false]);
  return { packages: 1, "that may pass": mayPass ? 1 : 0 };
}

/** Flips up to four bits of a package in a tar, which is also cut one time in five: findings or a refusal, and no crash. */
export async function damageTar({ random }: Round, clean: PackageFiles, folder: string): Promise<Figures> {
  const below = (bound: number) => Math.floor(random() * bound);
  const whole = tarOf(tarMembers(clean));
  const bytes = Buffer.from(whole.subarray(0, below(5) === 0 ? below(whole.length) : whole.length));
  for (let left = 1 + below(4); left > 0; left -= 1) {
    const at = below(Math.max(1, bytes.length));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
  }
  const report = await check(bytes, folder);
  expect(Array.isArray(report.findings)).toBe(true);
  return { tars: 1 };
}

function damage(files: PackageFiles, below: (bound: number) => number): string {
  const paths = [...files.keys()].filter((path) => /^(data|proof)\//.test(path));
  const path = paths[below(paths.length)] ?? "";
  const bytes = Buffer.from(files.get(path) ?? "");
  const other = paths[below(paths.length)] ?? "";
  const at = below(bytes.length);
  const kind = below(4);
  if (kind === 0) {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    files.set(path, bytes);
  } else if (kind === 1) files.set(path, Buffer.from(bytes.subarray(0, at)));
  else if (kind === 2) files.delete(path);
  else {
    files.set(path, files.get(other) ?? bytes);
    files.set(other, bytes);
  }
  return `${kind} ${path} ${other}`;
}

async function check(bytes: Buffer, folder: string): Promise<PackageReport> {
  const path = join(folder, "random.tar");
  writeFileSync(path, bytes);
  const request = { path, against: null, signers: null, tsaCa: null, quick: false };
  const report = await verifyPackage(request, testWorld());
  expect(readFileSync(path).equals(bytes)).toBe(true);
  return report;
}
