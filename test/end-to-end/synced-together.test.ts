import { mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SyncedWork, syncedAside } from "../../src/vault/durable.js";
import { type DiskCall, withWatchedDisk } from "../support/faulty-disk.js";
import { temporaryFolder } from "../support/vaults.js";
import { copyOf, makeCommands, runIn } from "../trials/faulted-commands.js";

const folder = temporaryFolder();
const calls: { readonly name: string; readonly paths: readonly string[] }[] = [];
let folderOfRun = "";

/** A path as it is in every run: without the folder of the run, ids and what chance named. */
function plain(path: string): string {
  return path
    .replace(`${folderOfRun}/`, "")
    .replace(/\d{8}-[0-9A-Z]{8}/g, "ID")
    .replace(/work-import-\w{6}/, "work")
    .replace(/objects\/[0-9a-f]{2}/, "objects/XX")
    .replace(/keys\/[0-9a-f]{32}/, "keys/K");
}

beforeAll(async () => {
  const command = (await makeCommands(folder.path)).find(({ name }) => name === "import");
  if (command === undefined) throw new Error("no command import");
  folderOfRun = copyOf(command.from, join(folder.path, "watched"));
  const onCall = ({ name, paths }: DiskCall) => void calls.push({ name, paths: paths.map(plain) });
  const told = await withWatchedDisk(folderOfRun, onCall, () =>
    runIn(folderOfRun, command.argv(folderOfRun)),
  );
  expect(told.status, told.stderr).toBe(0);
});
afterAll(() => folder.remove());

/** Place of the first such call from `from` on; fails where there is none. */
function at(name: RegExp, path: RegExp, from: number): number {
  const place = calls.findIndex(
    (call, index) => index >= from && name.test(call.name) && path.test(call.paths.at(-1) ?? ""),
  );
  expect(place, `${name} of ${path} from call ${from} on`).toBeGreaterThan(-1);
  return place;
}

/** What was called so from `from` to `end`, in order. */
function pathsOf(name: RegExp, from: number, end: number): readonly string[] {
  return calls.slice(from, end).flatMap((call) => (name.test(call.name) ? call.paths.slice(-1) : []));
}

/** Where the commits of the first capture begin and end: its attempt, its two intents, its two entries. */
function milestones() {
  const begun = at(/^mkdir/, /^vault\/staging\/work\/ID$/, 0);
  const captured = at(/^SQL INSERT INTO intent/, /vault\.db$/, begun);
  const logged = at(/^SQL INSERT INTO entry/, /vault\.db$/, captured);
  const derived = at(/^SQL INSERT INTO intent/, /vault\.db$/, logged);
  const ended = at(/^SQL INSERT INTO entry/, /vault\.db$/, derived);
  return { begun, captured, logged, derived, ended };
}

const isInventory = (path: string) => /inventory\.json(\.sha512)?$/.test(path);

describe("one capture with its derivation", () => {
  it("syncs every file and folder that it stages, and none of them on the main thread", () => {
    const { begun, captured, logged, derived } = milestones();
    for (const [from, end] of [
      [begun, captured],
      [logged, derived],
    ] as const) {
      const aside = pathsOf(/^sync$/, from, end);
      expect(aside.length).toBeGreaterThan(9);
      expect(aside.filter((path) => !path.startsWith("vault/staging/work/ID"))).toEqual([]);
      expect(new Set(aside).size).toBe(aside.length);
      const here = pathsOf(/^fsyncSync$/, from, end);
      expect(here.filter((path) => path.startsWith("vault/staging/work/ID"))).toEqual([]);
    }
    expect(pathsOf(/^sync$/, begun, captured)).toEqual(
      expect.arrayContaining(
        ["object/v1/content/original/track-1.wav", "object/v1/content/record.json", "annex/annex.json"].map(
          (path) => `vault/staging/work/ID/commit/${path}`,
        ),
      ),
    );
    expect(pathsOf(/^sync$/, logged, derived)).toContain(
      "vault/staging/work/ID/commit/version/content/derived/derivation.json",
    );
  });

  it("has all files of a version on disk before its inventory states them, and that before the journal does", () => {
    const { begun, captured, logged, derived } = milestones();
    for (const [from, end] of [
      [begun, captured],
      [logged, derived],
    ] as const) {
      const stated = at(/^writeFileSync$/, /commit\/.*inventory\.json$/, from);
      expect(stated).toBeLessThan(end);
      const before = pathsOf(/^sync$/, from, stated);
      const after = pathsOf(/^sync$/, stated, end);
      expect(before.filter(isInventory)).toEqual([]);
      expect(after.filter((path) => /\/(content|annex)\/.*\.\w+$/.test(path))).toEqual([]);
      expect(after.filter(isInventory)).toHaveLength(4);
      const written = pathsOf(/^writeFileSync$/, stated, end).filter((path) => /\/commit\//.test(path));
      expect(after).toEqual(expect.arrayContaining([...written]));
      expect(after).toContain("vault/staging/work/ID/commit");
      expect(after).toContain("vault/staging/work/ID");
    }
  });

  it("waits on the main thread only for what its two commits do one after the other", () => {
    const { begun, ended } = milestones();
    const over = at(/^SQL COMMIT/, /vault\.db$/, ended);
    const remembered = expect.stringMatching(/^config\/.*\/written$/);
    expect(pathsOf(/^fsyncSync$/, begun, over)).toEqual([
      ...[remembered, "vault/private", "vault/objects", "vault/objects/XX", remembered],
      ...[remembered, ...new Array<string>(3).fill("vault/objects/XX/ID"), remembered],
    ]);
  });
});

describe("syncs off the main thread", () => {
  const workOf = (files: readonly string[]): SyncedWork<string> =>
    (function* () {
      yield { files, folders: [] };
      return "done";
    })();

  it("are under way together, so that the file system can join them", { timeout: 20_000 }, async () => {
    const files = ["one", "two"].map((name) => join(folder.path, name));
    for (const path of files) writeFileSync(path, path);
    let begun = 0;
    let bothBegun = () => undefined as unknown;
    const both = new Promise((resolve) => {
      bothBegun = () => resolve(null);
    });
    await withSync(
      async (sync) => {
        begun += 1;
        if (begun === files.length) bothBegun();
        await both;
        await sync();
      },
      async () => expect(await syncedAside(workOf(files))).toBe("done"),
    );
  });

  it("end before an error of one of them is thrown, and the work goes no further", async () => {
    const files = ["three", "four"].map((name) => join(folder.path, name));
    for (const path of files) writeFileSync(path, path);
    const missing = join(folder.path, "missing");
    let underWay = 0;
    await withSync(
      async (sync) => {
        underWay += 1;
        await sync();
        underWay -= 1;
      },
      async () => {
        await expect(syncedAside(workOf([missing, ...files]))).rejects.toMatchObject({ code: "ENOENT" });
        expect(underWay).toBe(0);
      },
    );
  });
});

/** Runs `work` while each sync of a file that is open as a handle is `by`, which is given the real one. */
async function withSync(by: (sync: () => Promise<void>) => Promise<void>, work: () => Promise<void>) {
  mkdirSync(folder.path, { recursive: true });
  const handle = await open(folder.path, "r");
  await handle.close();
  const prototype = Object.getPrototypeOf(handle) as { sync(): Promise<void> };
  const { sync } = prototype;
  prototype.sync = function () {
    return by(() => sync.call(this));
  };
  try {
    await work();
  } finally {
    prototype.sync = sync;
  }
}
