import { randomBytes } from "node:crypto";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { openOrMake } from "../../src/seal/open-vault.js";
import { holdfast } from "../support/cli.js";
import { carryToNewMachine, goToMachineOf } from "../support/machines.js";
import { captureText, temporaryFolder, testWorld } from "../support/vaults.js";

let folder = temporaryFolder();
let vault = "";
const at = (name: string) => join(folder.path, name);

/** Stores a made-up capture and signs the log, as any command that writes. */
async function take(text: string): Promise<string> {
  const world = { ...testWorld(), now: () => new Date(), random: (size: number) => randomBytes(size) };
  const opened = await openOrMake(vault, world);
  const { record } = captureText(opened, text);
  await closeAfterWriting(opened, world, { proxy: null, allowPrivate: false, force: false });
  return record.capture;
}

/** A writer was killed before its checkpoint, and `vault.db` lost what its `-wal` held. */
function setBack(): void {
  for (const end of ["-wal", "-shm"]) rmSync(join(vault, `vault.db${end}`), { force: true });
  cpSync(at("older.db"), join(vault, "vault.db"));
  for (const name of ["000003.checkpoint", "000003.checkpoint.sig", "000003-000003.jsonl"])
    rmSync(join(vault, "log", name));
}

beforeEach(async () => {
  folder = temporaryFolder();
  vault = at("vault");
  goToMachineOf(vault);
  await take("first");
  cpSync(join(vault, "vault.db"), at("older.db"));
  await take("second");
});
afterEach(() => folder.remove());

const numbers = () =>
  holdfast(["list", "--json", "--vault", vault]).then(({ lines }) => lines.map(({ entry }) => entry).sort());

describe("a log that was set back over stored objects", () => {
  it("is noticed on the machine that wrote it, and nothing is added to it", async () => {
    setBack();
    const { status, stderr } = await holdfast(["checkpoint", "--vault", vault]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/entry 3 and all after it are missing/)]);
    expect(stderr).toMatch(/hint: .*run 'holdfast rebuild --vault \S+'/);
    expect(await numbers()).toEqual([2]);
  });

  it("is noticed on a machine that knows nothing of it, before anything is logged, a changed setting among it", async () => {
    setBack();
    carryToNewMachine(vault);
    const settings = join(vault, "holdfast.json");
    const text = readFileSync(settings, "utf8");
    for (const written of [text, `${text}\n`]) {
      writeFileSync(settings, written);
      const { status, stderr } = await holdfast(["checkpoint", "--vault", vault]);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /vault\.db ends with entry 2 of \S+, and does not name 1 newer stored object: objects\/..\/\S+\n.*run 'holdfast rebuild --vault \S+'/,
      );
    }
    await expect(take("third")).rejects.toThrow(/newer stored object/);
    expect(await numbers()).toEqual([2]);
  });

  it("goes on after rebuild, which names what the log no longer has", async () => {
    setBack();
    carryToNewMachine(vault);
    renameSync(join(vault, "vault.db"), at("set-back.db"));
    const rebuilt = await holdfast(["rebuild", "--vault", vault]);
    expect(rebuilt.stdout).toMatch(/no entry names objects\//);
    expect(rebuilt.stdout).toMatch(/move its folder out of the vault, then holdfast import/);
    await take("third");
    expect(await numbers()).toEqual([2, 4]);
  });

  it("is told from one whose objects a person was told of, in a copy with new times too", async () => {
    setBack();
    carryToNewMachine(vault);
    await holdfast(["checkpoint", "--accept-rollback", "--vault", vault]);
    cpSync(vault, at("copy"), { recursive: true });
    vault = at("copy");
    await take("third");
    expect(await numbers()).toHaveLength(2);
  });

  it("goes on where a person accepts it", async () => {
    setBack();
    carryToNewMachine(vault);
    const accepted = await holdfast(["checkpoint", "--accept-rollback", "--vault", vault]);
    expect(accepted.stderr).toMatch(/does not name 1 newer stored object/);
    await take("third");
    expect(await numbers()).toHaveLength(2);
  });
});

describe("a vault without its folder of objects", () => {
  it("is not called set back, and no bug", async () => {
    rmSync(join(vault, "objects"), { recursive: true });
    const { status } = await holdfast(["checkpoint", "--vault", vault]);
    expect(status).not.toBe(70);
  });
});

describe("a log that names everything that is stored", () => {
  it("is gone on with where every file is newer than it, as in a copy", async () => {
    cpSync(vault, at("copy"), { recursive: true });
    vault = at("copy");
    carryToNewMachine(vault);
    await take("third");
    expect(await numbers()).toHaveLength(3);
  });
});
