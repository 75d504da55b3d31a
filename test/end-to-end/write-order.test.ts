import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportPackage } from "../../src/handover/export.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { closeVault } from "../../src/vault/vault.js";
import { type DiskCall, withWatchedDisk } from "../support/faulty-disk.js";
import { captureText, deriveText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
const to = join(folder.path, "package");
const seal = { proxy: null, allowPrivate: false, force: false };
const world = testWorld();
let derived: readonly DiskCall[];
let sealed: readonly DiskCall[];
let exported: readonly DiskCall[];

/** Every call of some work that changes the disk, in order. */
async function callsOf(work: () => unknown): Promise<readonly DiskCall[]> {
  const calls: DiskCall[] = [];
  const onCall = (call: DiskCall) => void calls.push(call);
  await withWatchedDisk(folder.path, onCall, async () => void (await work()));
  return calls;
}

beforeAll(async () => {
  const vault = await openTestVault(root, world);
  const { record } = captureText(vault, "ordered");
  derived = await callsOf(() => deriveText(vault, record, "derived"));
  sealed = await callsOf(() => sealHead(vault, world, seal));
  closeVault(vault);
  const request = { vault: root, ids: [record.capture], to, withAnnex: false, withAnnotations: false };
  exported = await callsOf(() => exportPackage({ ...request, recipients: [], wacz: null, seal }, world));
});
afterAll(() => folder.remove());

/** Place of the first call from `from` on with this name, one of whose paths fits; fails where there is none. */
function at(calls: readonly DiskCall[], name: RegExp, path: RegExp, from = 0): number {
  const place = calls.findIndex(
    (call, index) => index >= from && name.test(call.name) && call.paths.some((one) => path.test(one)),
  );
  expect(place, `${name} of ${path} from call ${from} on`).toBeGreaterThan(-1);
  return place;
}

/** Files that were written before call `end` and never synced between their last write and it. */
function unsynced(calls: readonly DiskCall[], below: string, end: number): readonly string[] {
  const open = new Set<string>();
  for (const { name, paths } of calls.slice(0, end)) {
    for (const path of paths.filter((one) => one.startsWith(below))) {
      if (/^(openSync|open|write|writeSync|writeFileSync)$/.test(name)) open.add(path);
      if (/^(fsyncSync|fsync|sync)$/.test(name)) open.delete(path);
    }
  }
  return [...open];
}

describe("the order of writes", () => {
  it("of a derivation: files, journal, version, its folder, inventory and sidecar, their folder, and only then the entry", () => {
    const journalled = at(derived, /^SQL INSERT INTO intent/, /vault\.db$/);
    expect(
      unsynced(derived, join(root, "staging"), journalled).filter((path) => /commit\/version/.test(path)),
    ).toEqual([]);
    const versionSynced = at(derived, /fsync/, /staging\/[^/]+\/commit\/version$/);
    expect(versionSynced).toBeLessThan(journalled);
    const moved = at(derived, /^rename/, /objects\/.*\/v2$/, journalled);
    const synced = at(derived, /fsync/, /objects\/[0-9a-f]{2}\/[^/]+$/, moved);
    const inventory = at(derived, /^rename/, /objects\/.*\/inventory\.json$/, synced);
    expect(unsynced(derived, join(root, "objects"), inventory)).toEqual([]);
    const sidecar = at(derived, /^rename/, /objects\/.*\/inventory\.json\.sha512$/, inventory);
    const placed = at(derived, /fsync/, /objects\/[0-9a-f]{2}\/[^/]+$/, sidecar);
    const entry = at(derived, /^SQL INSERT INTO entry/, /vault\.db$/);
    expect(entry).toBeGreaterThan(placed);
    const over = at(derived, /^SQL COMMIT/, /vault\.db$/, entry);
    expect(at(derived, /^rm/, /staging\/[^/]+$/)).toBeGreaterThan(over);
  });

  it("of a checkpoint: segment, then checkpoint, then signature, each synced, renamed and its folder synced before the next", () => {
    let from = 0;
    for (const name of [/\.jsonl$/, /\.checkpoint$/, /\.checkpoint\.sig$/]) {
      const moved = at(sealed, /^rename/, name, from);
      const [staged = ""] = sealed[moved]?.paths ?? [];
      expect(unsynced(sealed, staged, moved)).toEqual([]);
      from = at(sealed, /fsync/, /vault\/log$/, moved);
      const next = sealed.findIndex(({ name: call }, index) => index > moved && /^(rename|open)/.test(call));
      if (next !== -1) expect(next).toBeGreaterThan(from);
    }
  });

  it("of a package: all of it on disk before it has its name, its name on disk before the log states it", () => {
    const named = exported.findIndex(({ name, paths }) => /^rename/.test(name) && paths[1] === to);
    expect(named).toBeGreaterThan(-1);
    const growing = exported[named]?.paths[0] ?? "";
    expect(
      exported.filter(({ paths }) => paths.some((path) => path.startsWith(`${growing}/`))).length,
    ).toBeGreaterThan(20);
    expect(unsynced(exported, growing, named)).toEqual([]);
    expect(at(exported, /fsync/, new RegExp(`${growing}$`))).toBeLessThan(named);
    const synced = at(exported, /fsync/, new RegExp(`${folder.path}$`), named);
    expect(at(exported, /^SQL INSERT INTO entry/, /vault\.db$/, named)).toBeGreaterThan(synced);
  });
});
